// Elements. Whatever an event contains becomes text, never markup.

/** An element: `el('a', { href: '/', class: 'quiet' }, 'text', child, null)`. Functions listen: `{ onclick: f }`. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(there).map(text));
  return element;
}

function there(value) {
  return value !== null && value !== undefined && value !== '';
}

/** A JSON value as a reader wants it: words plain, the rest as JSON. */
export function text(value) {
  return value instanceof Node || typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a line of a list shows of a text that may be long. */
export function clipped(words) {
  return words?.length > 300 ? `${words.slice(0, 300)}…` : words;
}

/** A heading and what is below it; nothing where there is nothing. */
export function section(title, ...children) {
  const content = children.flat(Infinity).filter(there);
  return content.length ? el('section', {}, el('h2', {}, title), content) : null;
}

/** Names and values; values may be elements. Empty ones are left out. */
export function pairs(entries) {
  const rows = entries.filter(([, value]) => there(value));
  const row = ([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value));
  return rows.length ? el('dl', {}, rows.map(row)) : null;
}

/** A level or a status as a small label. */
export function badge(word, kind = word) {
  return el('span', { class: `badge ${String(kind).replace(/[^\w-]/g, '')}` }, word);
}

/** The parts of a fingerprint. */
export function parts(fingerprint) {
  return el('span', {}, fingerprint.map((it) => el('code', { class: 'part' }, it || '(empty)')));
}

/** Two lines at the right of a row, the upper one the more important. */
export function figures(upper, lower) {
  return el('div', { class: 'number' }, upper, el('br'), el('span', { class: 'quiet' }, lower));
}
