// Stack traces: the innermost frame first, ours open with their source, those of libraries folded.

import { el, many } from './dom.js';

/** How many of our frames are open at first; a recursion has hundreds. */
const OPEN = 4;

/** A stack trace; nothing where there are no frames. */
export function stacktrace(trace) {
  const frames = (trace?.frames ?? []).toReversed();
  if (!frames.length) return null;
  let ours = 0;
  return el('ol', { class: 'frames' }, runs(frames).map((run) => {
    if (!run[0].in_app) return libraries(run);
    ours += 1;
    return [frame(run[0], ours <= OPEN), run.length > 1 ? el('li', { class: 'again' }, `the same frame ${many(run.length - 1, 'more time')}`) : null];
  }));
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

function libraries(run) {
  return el('li', { class: 'library' }, el('details', {}, el('summary', {}, many(run.length, 'library frame')), el('ol', {}, run.map((it) => el('li', {}, name(it))))));
}

function frame(frame, open) {
  if (frame.context_line === undefined || frame.context_line === null) return el('li', { class: 'ours' }, name(frame));
  return el('li', { class: 'ours' }, el('details', { open }, el('summary', {}, name(frame)), source(frame)));
}

function name(frame) {
  const file = frame.filename ?? frame.package ?? '';
  return el('span', { class: 'frame' }, el('code', {}, frame.function ?? frame.instruction_addr ?? 'unknown'), ' ', el('span', { class: 'quiet' }, frame.lineno ? `${file}:${frame.lineno}` : file));
}

/** The lines around the failing one, numbered as in the file. */
function source(frame) {
  const before = frame.pre_context ?? [];
  const lines = [...before, frame.context_line, ...(frame.post_context ?? [])];
  const start = frame.lineno - before.length;
  const line = (text, index) => el('span', { class: index === before.length ? 'line failing' : 'line' }, el('span', { class: 'lineno' }, String(start + index)), text);
  return el('pre', { class: 'source', tabindex: '0' }, lines.map(line));
}
