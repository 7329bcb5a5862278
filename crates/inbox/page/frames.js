// Stack traces: the innermost frame first, ours open with their source, those of libraries folded.

import { el } from './dom.js';
import { fields, object, values } from './payload.js';
import { many } from './time.js';

/** How many of our frames are open at first; a recursion has hundreds. */
const OPEN = 4;

/** Most neighbours that are looked at as one turn of a recursion. */
const TURN = 4;

/**
 * A stack trace; nothing where there are no frames.
 *
 * @param {unknown} trace
 */
export function stacktrace(trace) {
  const frames = values(object(trace).frames).toReversed();
  if (!frames.length) return null;
  let ours = 0;
  const drawn = (/** @type {Recursion} */ { turn, times }) => [
    turn.map((run) => (run[0].in_app ? frame(run[0], (ours += 1) <= OPEN) : libraries(run))),
    times > 1 ? again(turn.length, times - 1) : null,
  ];
  return el('ol', { class: 'frames' }, recursions(runs(frames)).map(drawn));
}

/**
 * One of our frames, or library frames that are next to each other.
 *
 * @typedef {[Api.Payload, ...Api.Payload[]]} Run
 */

/**
 * Runs, and how often they come one after the other.
 *
 * @typedef {{ turn: Run[], times: number }} Recursion
 */

/**
 * Library frames next to each other belong together; each of ours is on its own.
 *
 * @param {Api.Payload[]} frames
 */
function runs(frames) {
  /** @type {Run[]} */
  const runs = [];
  for (const frame of frames) {
    const last = runs.at(-1);
    if (last && !frame.in_app && !last[0].in_app) last.push(frame);
    else runs.push([frame]);
  }
  return runs;
}

/**
 * Runs that come over and over again, such as a function and the closure through which it calls itself, once each.
 *
 * @param {Run[]} runs
 */
function recursions(runs) {
  const places = runs.map((run) => run.map(place).join('\n'));
  /** @type {Recursion[]} */
  const reported = [];
  for (let at = 0; at < runs.length;) {
    const { length, times } = recursion(places, at);
    reported.push({ turn: runs.slice(at, at + length), times });
    at += length * times;
  }
  return reported;
}

/**
 * How long the shortest turn that is repeated from here on is, and how often it comes.
 *
 * @param {string[]} places
 * @param {number} start
 */
function recursion(places, start) {
  for (let length = 1; length <= TURN; length += 1) {
    let end = start + length;
    while (end < places.length && places[end] === places[end - length]) end += 1;
    const times = Math.floor((end - start) / length);
    if (times > 1) return { length, times };
  }
  return { length: 1, times: 1 };
}

/** @param {Api.Payload} frame */
function place(frame) {
  return `${frame.function} ${frame.filename ?? ''}:${frame.lineno ?? ''}`;
}

/** @param {number} length @param {number} times */
function again(length, times) {
  return el('li', { class: 'again' }, `${length > 1 ? 'these' : 'the same'} again, ${many(times, 'more time')}`);
}

/** @param {Run} run */
function libraries(run) {
  return el('li', { class: 'library' }, el('details', {},
    el('summary', {}, many(run.length, 'library frame')),
    el('ol', {}, run.map((it) => el('li', {}, name(it))))));
}

/** @param {Api.Payload} frame @param {boolean} open */
function frame(frame, open) {
  const known = [source(frame), variables(frame)].filter(Boolean);
  if (!known.length) return el('li', { class: 'ours' }, name(frame));
  return el('li', { class: 'ours' }, el('details', { open }, el('summary', {}, name(frame)), known));
}

/** @param {Api.Payload} frame */
function name(frame) {
  const file = frame.filename ?? frame.package ?? '';
  return el('span', { class: 'frame' },
    el('code', {}, frame.function ?? frame.instruction_addr ?? 'unknown'),
    ' ', el('span', { class: 'quiet' }, frame.lineno ? `${file}:${frame.lineno}` : file));
}

/**
 * The lines around the failing one, numbered as in the file; nothing where the SDK did not have them.
 *
 * @param {Api.Payload} frame
 */
function source({ pre_context: before, context_line: failing, post_context: after, lineno, filename }) {
  if (typeof failing !== 'string') return null;
  const above = Array.isArray(before) ? before : [];
  const lines = [...above, failing, ...(Array.isArray(after) ? after : [])];
  const first = typeof lineno === 'number' ? lineno - above.length : null;
  /** @param {unknown} text @param {number} index */
  const line = (text, index) => el('span', { class: index === above.length ? 'line failing' : 'line' },
    el('span', { class: 'lineno' }, first === null ? '' : first + index), text);
  const label = `Source of ${filename ?? 'the frame'}`;
  return el('pre', { class: 'source', tabindex: '0', 'aria-label': label }, lines.map(line));
}

/** @param {Api.Payload} frame */
function variables(frame) {
  const known = fields(frame.vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return known.length ? el('pre', { tabindex: '0', 'aria-label': 'Variables' }, known.join('\n')) : null;
}
