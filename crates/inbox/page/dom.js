// Elements. Whatever an event contains becomes text, never markup.

/**
 * An element: `el('a', { href: '/', class: 'quiet' }, 'text', child, null)`. Functions listen: `{ onclick: f }`.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ [name: string]: any }} attributes
 * @param {unknown[]} children Lists are flattened; what is not there is left out.
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(there).map(content));
  return element;
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

/** @param {unknown} value */
function there(value) {
  return value !== null && value !== undefined && value !== '';
}

/** @param {unknown} value */
function content(value) {
  return value instanceof Node ? value : text(value);
}

/**
 * A JSON value as a reader wants it: words plain, the rest as JSON.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function text(value) {
  return typeof value === 'string' ? value : String(JSON.stringify(value));
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
 * @param {unknown[]} children
 */
export function section(title, ...children) {
  const content = children.flat(Infinity).filter(there);
  return content.length ? el('section', {}, el('h2', {}, title), content) : null;
}

/**
 * Names and values; values may be elements. Empty ones are left out.
 *
 * @param {[string, unknown][]} entries
 */
export function pairs(entries) {
  const rows = entries.filter(([, value]) => there(value));
  return rows.length ? el('dl', {}, rows.map(([name, value]) => pair(name, value))) : null;
}

/** @param {string} name @param {unknown} value */
function pair(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/**
 * A level or a status as a small label.
 *
 * @param {unknown} word
 */
export function badge(word, kind = word) {
  return el('span', { class: `badge ${String(kind).replace(/[^\w-]/g, '')}` }, word);
}

/**
 * The parts of a fingerprint.
 *
 * @param {unknown[]} fingerprint
 */
export function parts(fingerprint) {
  return el('span', {}, fingerprint.map((it) => el('code', { class: 'part' }, it || '(empty)')));
}

/**
 * Two lines at the right of a row, the upper one the more important.
 *
 * @param {unknown} upper
 * @param {unknown} lower
 */
export function figures(upper, lower) {
  return el('div', { class: 'number' }, upper, el('br'), el('span', { class: 'quiet' }, lower));
}
