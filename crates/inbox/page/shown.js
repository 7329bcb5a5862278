// Values that a client sent, as a reader wants them. They have any type and any length.

import { el } from './dom.js';

/** Longer ones are clipped, characters. */
const CLIPPED = 1000;

/**
 * Words as they are, `null` as such, anything else as JSON; nothing where there is no value. Long ones show when asked for.
 *
 * @param {unknown} value
 * @returns {HTMLElement | string}
 */
export function shown(value) {
  if (value === undefined) return '';
  if (value === null) return el('span', { class: 'quiet' }, 'null');
  if (value === '') return el('span', { class: 'quiet' }, '(empty)');
  const text = inWords(value);
  return text.length > CLIPPED ? long(text) : el('span', { class: 'value' }, text);
}

/**
 * Names and values, as `pairs` wants them.
 *
 * @param {[string, unknown][]} entries
 * @returns {[string, HTMLElement | string][]}
 */
export function allShown(entries) {
  return entries.map(([name, value]) => [name.slice(0, CLIPPED), shown(value)]);
}

/**
 * A text that may be long, as a block of its own.
 *
 * @param {string} text
 * @param {string} label What it is.
 */
export function block(text, label) {
  return el('pre', { class: 'wrapped', tabindex: '0', 'aria-label': label }, text.length > CLIPPED ? long(text) : text);
}

/**
 * A value in one line: a string plain, the rest as JSON.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function inWords(value) {
  return typeof value === 'string' ? value : json(value, 1)
    // Only between values: within strings, line breaks are escaped.
    .replace(/([[{])\n\s*/g, '$1').replace(/\n\s*([\]}])/g, '$1').replace(/\n\s*/g, ' ');
}

/**
 * JSON with all digits of its numbers.
 *
 * @param {unknown} value
 * @param {number} indented
 */
export function json(value, indented) {
  try {
    return JSON.stringify(value, (_, it) => (typeof it === 'bigint' ? JSON.rawJSON(String(it)) : it), indented) ?? '';
  } catch (error) {
    // Written by recursion: a value can be nested more deeply than that goes.
    return `(nested too deeply to be shown: ${error instanceof Error ? error.message : error})`;
  }
}

/**
 * Its beginning, and a button for all of it.
 *
 * @param {string} text
 */
function long(text) {
  const all = () => {
    content.className = 'value all';
    content.tabIndex = 0;
    content.role = 'group';
    content.ariaLabel = 'The whole value';
    content.textContent = text;
    content.focus({ preventScroll: true });
    button.remove();
  };
  const content = el('span', { class: 'value' }, `${text.slice(0, CLIPPED).replace(/[\ud800-\udbff]$/, '')}…`);
  const button = el('button', { type: 'button', class: 'link', onclick: all },
    `Show all ${text.length.toLocaleString('en')} characters`);
  return el('span', { class: 'long' }, content, ' ', button);
}
