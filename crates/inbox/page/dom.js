// Elements. Whatever an event contains becomes text, never markup.

/**
 * What can be put into an element. Values that a client sent are nothing of this: `shown` makes elements of them.
 *
 * @typedef {Node | string | number | null | undefined | false | Child[]} Child
 */

/**
 * An element: `el('a', { href: '/', class: 'quiet' }, 'text', child, null)`. Functions listen: `{ onclick: f }`.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ [name: string]: any }} attributes
 * @param {Child[]} children Lists are flattened; what is not there is left out.
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...nodes(children));
  return element;
}

/**
 * @param {Child} child
 * @returns {(Node | string)[]}
 */
function nodes(child) {
  if (Array.isArray(child)) return child.flatMap(nodes);
  if (child === null || child === undefined || child === false || child === '') return [];
  return [typeof child === 'number' ? String(child) : child];
}

/**
 * An element that this function brings up to date.
 *
 * @param {HTMLElement} element
 * @param {() => void | Promise<void>} refresh
 * @returns {View}
 */
export function live(element, refresh) {
  return Object.assign(element, { refresh });
}

/**
 * What a line of a list shows of a text that may be long.
 *
 * @param {string | null} words
 */
export function clipped(words) {
  return words && words.length > 300 ? `${words.slice(0, 300)}…` : words;
}

/**
 * A heading and what is below it; nothing where there is nothing.
 *
 * @param {string} title
 * @param {Child[]} children
 */
export function section(title, ...children) {
  const content = nodes(children);
  return content.length ? el('section', {}, el('h2', {}, title), content) : null;
}

/**
 * Names and what they mean. Those without anything are left out.
 *
 * @param {[string, Child][]} entries
 */
export function pairs(entries) {
  const rows = entries.filter(([, value]) => nodes(value).length);
  return rows.length ? el('dl', {}, rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
}

/**
 * A level or a status as a small label.
 *
 * @param {string} word
 * @param {string} kind
 */
export function badge(word, kind = word) {
  return el('span', { class: `badge ${kind.replace(/[^\w-]/g, '')}` }, clipped(word));
}

/**
 * The parts of a fingerprint.
 *
 * @param {string[]} fingerprint
 */
export function parts(fingerprint) {
  return el('span', {}, fingerprint.map((it) => el('code', { class: 'part' }, clipped(it) || '(empty)')));
}

/**
 * Two lines at the right of a row, the upper one the more important.
 *
 * @param {Child} upper
 * @param {Child} lower
 */
export function figures(upper, lower) {
  return el('div', { class: 'number' }, upper, el('br'), el('span', { class: 'quiet' }, lower));
}

/** How many elements one click can ask for. */
const MANY = 5000;

/**
 * As many elements as can be looked at, and buttons for some more and for many: a client can send any number.
 *
 * @template Item
 * @param {HTMLElement} list
 * @param {Item[]} items
 * @param {(item: Item, index: number) => Child} drawn
 * @param {number} step
 */
export function limited(list, items, drawn, step = 100) {
  let count = 0;
  const add = (/** @type {number} */ more) => {
    const next = items.slice(count, count + more);
    list.append(...nodes(next.map((item, index) => drawn(item, count + index))));
    count += next.length;
    const left = items.length - count;
    some.textContent = `Show ${Math.min(step, left).toLocaleString('en')} more`;
    some.hidden = left <= step;
    most.textContent = left > MANY ? `Show ${MANY.toLocaleString('en')} more` : `Show all (${left.toLocaleString('en')} left)`;
    rest.hidden = left === 0;
  };
  const some = el('button', { type: 'button', onclick: () => add(step) });
  const most = el('button', { type: 'button', onclick: () => add(MANY) });
  const rest = el('p', {}, some, ' ', most);
  add(step);
  return items.length > step ? el('div', {}, list, rest) : list;
}
