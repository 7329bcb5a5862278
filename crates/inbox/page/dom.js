// Elements, times and numbers. Whatever an event contains becomes text, never markup.

/** An element: `el('a', { href: '/', class: 'quiet' }, 'text', child, null)`. Functions listen: `{ onclick: f }`. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

/** A heading and what is below it; nothing where there is nothing. */
export function section(title, ...children) {
  const content = children.flat(Infinity).filter(Boolean);
  return content.length ? el('section', {}, el('h2', {}, title), content) : null;
}

/** Names and values; values may be elements. Empty ones are left out. */
export function pairs(entries) {
  const there = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (!there.length) return null;
  return el('dl', {}, there.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, text(value)))));
}

/** A JSON value as a reader wants it: words plain, the rest as JSON. */
export function text(value) {
  if (value instanceof Node) return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Puts other children into a container; the link that had the focus keeps it. */
export function redraw(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (focused) container.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Seconds since 1970 or an RFC 3339 time, in milliseconds since 1970. */
export function millis(time) {
  return typeof time === 'number' ? time * 1000 : Date.parse(time);
}

/** How long ago; the exact time shows on hover. */
export function ago(time) {
  const at = new Date(millis(time));
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
  const [count, unit] =
    seconds < 60 ? [seconds, 's'] : seconds < 3600 ? [seconds / 60, 'min'] : seconds < 86400 ? [seconds / 3600, 'h'] : [seconds / 86400, 'd'];
  const words = seconds < 2 ? 'just now' : `${Math.floor(count)} ${unit} ago`;
  return el('time', { datetime: at.toISOString(), title: at.toISOString() }, words);
}

/** A duration: `0.52 ms`, `505 ms`, `3.20 s`. */
export function duration(ms) {
  if (ms === null || ms === undefined) return '';
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toPrecision(3)} ms`;
}

/** A level or a status as a small label. */
export function badge(word, kind = word) {
  return el('span', { class: `badge ${String(kind).replace(/[^\w-]/g, '')}` }, word);
}

/** `1 event`, `2 events`. */
export function many(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
