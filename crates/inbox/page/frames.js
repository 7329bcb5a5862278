// Stack traces: the innermost frame first, ours open with their source, those of libraries folded.

import { el } from './dom.js';
import { fields, values } from './payload.js';
import { many } from './time.js';

/** How many of our frames are open at first; a recursion has hundreds. */
const OPEN = 4;

/** Most neighbours that are looked at as one turn of a recursion. */
const TURN = 4;

/** A stack trace; nothing where there are no frames. */
export function stacktrace(trace) {
  const frames = values(trace?.frames).toReversed();
  if (!frames.length) return null;
  let ours = 0;
  const drawn = ({ turn, times }) => [
    turn.map((run) => (run[0].in_app ? frame(run[0], (ours += 1) <= OPEN) : libraries(run))),
    times > 1 ? again(turn.length, times - 1) : null,
  ];
  return el('ol', { class: 'frames' }, recursions(runs(frames)).map(drawn));
}

/** Library frames next to each other belong together; each of ours is on its own. */
function runs(frames) {
  const runs = [];
  for (const frame of frames) {
    if (!frame.in_app && runs.length && !runs.at(-1)[0].in_app) runs.at(-1).push(frame);
    else runs.push([frame]);
  }
  return runs;
}

/** Runs that come over and over again, such as a function and the closure through which it calls itself, reported once. */
function recursions(runs) {
  const places = runs.map((run) => run.map(place).join('\n'));
  const reported = [];
  for (let at = 0; at < runs.length;) {
    const [length, times] = recursion(places, at);
    reported.push({ turn: runs.slice(at, at + length), times });
    at += length * times;
  }
  return reported;
}

/** How long the shortest turn that is repeated from here on is, and how often it comes. */
function recursion(places, start) {
  for (let length = 1; length <= TURN; length += 1) {
    let end = start + length;
    while (end < places.length && places[end] === places[end - length]) end += 1;
    const times = Math.floor((end - start) / length);
    if (times > 1) return [length, times];
  }
  return [1, 1];
}

function place(frame) {
  return `${frame.function} ${frame.filename ?? ''}:${frame.lineno ?? ''}`;
}

function again(length, times) {
  return el('li', { class: 'again' }, `${length > 1 ? 'these' : 'the same'} again, ${many(times, 'more time')}`);
}

function libraries(run) {
  return el('li', { class: 'library' }, el('details', {},
    el('summary', {}, many(run.length, 'library frame')),
    el('ol', {}, run.map((it) => el('li', {}, name(it))))));
}

function frame(frame, open) {
  const known = [source(frame), variables(frame)].filter(Boolean);
  if (!known.length) return el('li', { class: 'ours' }, name(frame));
  return el('li', { class: 'ours' }, el('details', { open }, el('summary', {}, name(frame)), known));
}

function name(frame) {
  const file = frame.filename ?? frame.package ?? '';
  return el('span', { class: 'frame' },
    el('code', {}, frame.function ?? frame.instruction_addr ?? 'unknown'),
    ' ', el('span', { class: 'quiet' }, frame.lineno ? `${file}:${frame.lineno}` : file));
}

/** The lines around the failing one, numbered as in the file; nothing where the SDK did not have them. */
function source({ pre_context: before, context_line: failing, post_context: after, lineno, filename }) {
  if (typeof failing !== 'string') return null;
  const above = Array.isArray(before) ? before : [];
  const lines = [...above, failing, ...(Array.isArray(after) ? after : [])];
  const line = (text, index) => el('span', { class: index === above.length ? 'line failing' : 'line' },
    el('span', { class: 'lineno' }, lineno - above.length + index), text);
  const label = `Source of ${filename ?? 'the frame'}`;
  return el('pre', { class: 'source', tabindex: '0', 'aria-label': label }, lines.map(line));
}

function variables(frame) {
  const known = fields(frame.vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return known.length ? el('pre', { tabindex: '0', 'aria-label': 'Variables' }, known.join('\n')) : null;
}
