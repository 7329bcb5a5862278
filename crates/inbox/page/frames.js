// Stack traces: the innermost frame first, ours open with their source, those of libraries folded.

import { el, limited } from './dom.js';
import { editorLink } from './editor.js';
import { fields, name as named, number, object, string, values } from './payload.js';
import { block, inWords, shown } from './shown.js';
import { many } from './time.js';

/** How many of our frames are open at first; a recursion has hundreds. */
const OPEN = 4;

/** Most neighbours that are looked at as one turn of a recursion. */
const TURN = 4;

/** How many turns are drawn before the reader asks for more. */
const DRAWN = 100;

/** Most lines that are drawn above and below the failing one. */
const LINES = 50;

/**
 * A stack trace; nothing where there are no frames. Where none of them is ours, all are drawn as if they were.
 *
 * @param {unknown} trace
 */
export function stacktrace(trace) {
  const sent = values(object(trace).frames).toReversed();
  if (!sent.length) return null;
  const whole = !sent.some((it) => it.in_app === true);
  const frames = whole ? sent.map((it) => ({ ...it, in_app: true })) : sent;
  let ours = 0;
  const drawn = (/** @type {Recursion} */ { turn, times }) => [
    turn.map((run) => (run[0].in_app ? frame(run[0], 'ours', (ours += 1) <= OPEN) : libraries(run))),
    times > 1 ? again(turn.length, times - 1) : null,
  ];
  return limited(el('ol', { class: 'frames' }), recursions(runs(frames)), drawn, DRAWN);
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
  const { function: name, module, filename, abs_path: path, lineno, colno } = frame;
  return inWords([name, module, filename ?? path, lineno, colno]);
}

/** @param {number} length @param {number} times */
function again(length, times) {
  return el('li', { class: 'again' }, `${length > 1 ? 'these' : 'the same'} again, ${many(times, 'more time')}`);
}

/**
 * Drawn when they are opened: hundreds of them are rarely looked at.
 *
 * @param {Run} run
 */
function libraries(run) {
  const folded = el('details', { ontoggle: () => {
    if (folded.childElementCount === 1) folded.append(limited(el('ol'), run, (it) => frame(it, '', false), DRAWN));
  } }, el('summary', {}, many(run.length, 'library frame')));
  return el('li', { class: 'library' }, folded);
}

/** @param {Api.Payload} frame @param {string} kind @param {boolean} open */
function frame(frame, kind, open) {
  const known = [source(frame), variables(frame)].filter((it) => it !== null);
  if (!known.length) return el('li', { class: kind }, name(frame));
  return el('li', { class: kind }, el('details', { open }, el('summary', {}, name(frame)), known));
}

/** @param {Api.Payload} frame */
function name(frame) {
  const { module, filename, abs_path: path, package: library, lineno, colno } = frame;
  const called = string(frame.function) || string(frame.raw_function) || string(frame.symbol) || named(frame.instruction_addr);
  const within = string(module);
  const file = string(filename) || string(path) || string(library) || '';
  const at = [file, named(lineno), named(lineno) && named(colno)].filter(Boolean).join(':');
  const title = [string(path), named(frame.instruction_addr)].filter(Boolean).join(' · ').slice(0, 500);
  return el('span', { class: 'frame' },
    within && !called?.startsWith(within) ? [el('span', { class: 'quiet' }, shown(within)), ' '] : null,
    el('code', {}, shown(called ?? 'unknown')),
    ' ', el('span', { class: 'quiet', title }, shown(at || undefined)), ' ',
    editorLink(string(path) || string(filename), number(lineno), number(colno)));
}

/**
 * The lines around the failing one, numbered as in the file; nothing where the SDK did not have them.
 *
 * @param {Api.Payload} frame
 */
function source({ pre_context: before, context_line: failing, post_context: after, lineno, filename }) {
  if (typeof failing !== 'string') return null;
  const above = (Array.isArray(before) ? before : []).slice(-LINES);
  const lines = [...above, failing, ...(Array.isArray(after) ? after : []).slice(0, LINES)];
  const first = typeof lineno === 'number' ? lineno - above.length : null;
  // A blank line is no missing value.
  const blank = (/** @type {unknown} */ text) => text === '' || text === null || text === undefined;
  /** @param {unknown} text @param {number} index */
  const line = (text, index) => el('span', { class: index === above.length ? 'line failing' : 'line' },
    el('span', { class: 'lineno' }, first === null ? '' : first + index), blank(text) ? ' ' : shown(text));
  const label = `Source of ${(string(filename) ?? 'the frame').slice(0, 200)}`;
  return el('pre', { class: 'source', tabindex: '0', 'aria-label': label }, lines.map(line));
}

/** @param {Api.Payload} frame */
function variables(frame) {
  const known = fields(frame.vars).map(([name, value]) => `${name} = ${typeof value === 'string' ? JSON.stringify(value) : inWords(value)}`);
  return known.length ? block(known.join('\n'), 'Variables') : null;
}
