// The exceptions of an event: a chain of causes, or a tree where one groups others.

import { badge, el, limited, pairs } from './dom.js';
import { stacktrace } from './frames.js';
import { fields, name, number, object, oneLine, string, values } from './payload.js';
import { shown } from './shown.js';

/**
 * An exception and what it was caused by or consists of.
 *
 * @typedef {{ exception: Api.Payload, below: Cause[] }} Cause
 */

/** How many are drawn before the reader asks for more. */
const DRAWN = 20;

/**
 * The outermost first, as it was met; what caused it below. The heading of the event names the first one already.
 *
 * @param {unknown} field
 */
export function exceptions(field) {
  const roots = tree(values(field));
  const all = roots.flatMap((root, index) => lines(root, index ? 'Reported with it:' : '', 0));
  if (!all.length) return null;
  return el('section', {}, el('h2', {}, 'Stack'), limited(el('ol', { class: 'causes' }), all, drawn, DRAWN));
}

/**
 * The mechanism of the outermost exception: how the error was met, and what that mechanism knows of it.
 *
 * @param {unknown} field
 */
export function how(field) {
  const outermost = tree(values(field))[0]?.exception;
  if (!outermost || outermost.mechanism === undefined || outermost.mechanism === null) return null;
  const { type, handled, description, data, meta } = object(outermost.mechanism);
  // Where the SDK does not say, nothing is claimed.
  const marked = typeof handled === 'boolean' ? badge(handled ? 'handled' : 'unhandled') : null;
  const facts = [...fields(data), ...fields(meta)];
  return el('div', {},
    el('p', {}, marked, ` ${string(type) ?? 'unnamed'} mechanism `, description ? shown(description) : null),
    pairs(facts.map(([name, it]) => [name, shown(oneLine(fields(it)) || it)])));
}

/**
 * SDKs list the innermost cause first. Those that send groups name each exception's parent.
 *
 * @param {Api.Payload[]} list
 * @returns {Cause[]}
 */
export function tree(list) {
  const all = list.toReversed().map((exception) => ({ exception, below: /** @type {Cause[]} */ ([]) }));
  const id = (/** @type {Cause} */ { exception }) => number(object(exception.mechanism).exception_id);
  const parent = (/** @type {Cause} */ { exception }) => number(object(exception.mechanism).parent_id);
  if (!all.some((it) => parent(it) !== null)) return chained(all);
  /** @type {Map<number | null, Cause>} */
  const known = new Map();
  for (const it of all) if (id(it) !== null && !known.has(id(it))) known.set(id(it), it);
  const roots = all.filter((it) => !isBelow(it, known, parent));
  for (const it of all) if (!roots.includes(it)) known.get(parent(it))?.below.push(it);
  return roots;
}

/**
 * Whether its parents lead to one that has none: some claim to be below each other.
 *
 * @param {Cause} cause
 * @param {Map<number | null, Cause>} known
 * @param {(cause: Cause) => number | null} parent
 */
function isBelow(cause, known, parent) {
  const passed = new Set();
  /** @type {Cause | undefined} */
  let above = cause;
  while (above && parent(above) !== null && known.has(parent(above))) {
    if (passed.has(above)) return false;
    passed.add(above);
    above = known.get(parent(above));
  }
  return above !== cause;
}

/** @param {Cause[]} all */
function chained(all) {
  for (const [index, it] of all.entries()) {
    const next = all[index + 1];
    if (next) it.below = [next];
  }
  return all.slice(0, 1);
}

/** @typedef {{ exception: Api.Payload, title: string, depth: number }} Line */

/**
 * Without recursion: a chain can be as long as an event.
 *
 * @param {Cause} root
 * @param {string} title
 * @param {number} depth
 * @returns {Line[]}
 */
function lines(root, title, depth) {
  /** @type {Line[]} */
  const all = [];
  const waiting = [{ cause: root, title, depth }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { exception, below } = next.cause;
    all.push({ exception, title: next.title, depth: next.depth });
    const group = object(exception.mechanism).is_exception_group === true || below.length > 1;
    const inside = next.depth + Number(group);
    waiting.push(...below.map((cause, index) => ({
      cause, depth: inside, title: group ? `${index + 1} of ${below.length} in it:` : 'Caused by',
    })).reverse());
  }
  return all;
}

/** @param {Line} line @param {number} index */
function drawn({ exception, title, depth }, index) {
  const { type, value, module, stacktrace: trace } = exception;
  const item = el('li', {},
    index ? el('h3', {}, title, ' ', el('span', { class: 'quiet' }, name(module) ? `${name(module)} ` : ''),
      shown(name(type) ?? 'an unnamed error')) : null,
    index && value !== undefined && value !== null ? el('p', { class: 'message' }, shown(value)) : null,
    stacktrace(trace) ?? el('p', { class: 'quiet' }, 'No stack of its own.'));
  item.style.marginLeft = `${Math.min(depth, 8)}rem`;
  return item;
}
