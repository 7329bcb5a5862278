// Stack traces: the innermost frame first, ours open with their source, those of libraries folded.

import { el } from './dom.js';
import { fields, values } from './payload.js';
import { many } from './time.js';

/** How many of our frames are open at first; a recursion has hundreds. */
const OPEN = 4;

/** A stack trace; nothing where there are no frames. */
export function stacktrace(trace) {
  const frames = values(trace?.frames).toReversed();
  if (!frames.length) return null;
  let ours = 0;
  const drawn = runs(frames).map((run) => {
    if (!run[0].in_app) return libraries(run);
    ours += 1;
    return [frame(run[0], ours <= OPEN), again(run.length - 1)];
  });
  return el('ol', { class: 'frames' }, drawn);
}

/** Neighbours that belong together: library frames, and calls of one line by itself. */
function runs(frames) {
  const runs = [];
  for (const frame of frames) {
    const last = runs.at(-1)?.[0];
    const together = last && (last.in_app ? frame.in_app && place(frame) === place(last) : !frame.in_app);
    if (together) runs.at(-1).push(frame);
    else runs.push([frame]);
  }
  return runs;
}

function place(frame) {
  return `${frame.function} ${frame.filename ?? ''}:${frame.lineno ?? ''}`;
}

function again(times) {
  return times ? el('li', { class: 'again' }, `the same frame ${many(times, 'more time')}`) : null;
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
