// Narrowing a list by choices and words. The address keeps what was chosen, so that it can be passed on.

import { el } from './dom.js';

/**
 * A bar with a choice for each of `choices` (property → what is shown where nothing is chosen) and a field for words.
 * Calls `changed` after each change. Its method `offer` sets what there is to choose from.
 *
 * @template {string} Choice
 * @param {Record<Choice, string>} choices
 * @param {string} hint
 * @param {() => void} changed
 */
export function filters(choices, hint, changed) {
  /** @param {string} name */
  const keep = (name) => (/** @type {InputEvent & { target: HTMLInputElement | HTMLSelectElement }} */ event) => {
    const url = new URL(location.href);
    if (event.target.value) url.searchParams.set(name, event.target.value);
    else url.searchParams.delete(name);
    history.replaceState(history.state, '', url);
    changed();
  };
  const names = /** @type {Choice[]} */ (Object.keys(choices));
  const selects = names.map((name) => ({ name, select: el('select', { 'aria-label': name, onchange: keep(name) }) }));
  const labels = { placeholder: hint, 'aria-label': hint };
  const words = el('input', { type: 'search', ...labels, value: asked('q'), oninput: keep('q') });
  const bar = el('form', { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    selects.map(({ select }) => select), words);
  /** @param {Record<Choice, string | null>[]} items */
  const offer = (items) => {
    bar.hidden = !items.length;
    for (const { name, select } of selects) fill(select, choices[name], items.map((it) => it[name]), asked(name));
  };
  return Object.assign(bar, { offer });
}

/**
 * Whether an item is what was chosen, and all words are found in these texts.
 *
 * @template {string} Choice
 * @param {NoInfer<Record<Choice, string | null>>} item
 * @param {Record<Choice, string>} choices
 * @param {(string | null)[]} texts
 */
export function fits(item, choices, texts) {
  const all = texts.join(' ').toLowerCase();
  const names = /** @type {Choice[]} */ (Object.keys(choices));
  return names.every((name) => !asked(name) || item[name] === asked(name))
    && asked('q').toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/**
 * A parameter of the address.
 *
 * @param {string} name
 */
export function asked(name) {
  return new URLSearchParams(location.search).get(name) ?? '';
}

/**
 * Only where it changes something: an open choice would close.
 *
 * @param {HTMLSelectElement} select
 * @param {string} any What is shown where nothing is chosen.
 * @param {(string | null)[]} there
 * @param {string} chosen
 */
function fill(select, any, there, chosen) {
  const wanted = ['', ...new Set([...there, chosen].filter((it) => it !== null && it !== ''))].sort();
  if (String(wanted) === String([...select.options].map((it) => it.value))) return;
  select.replaceChildren(...wanted.map((it) => el('option', { value: it, selected: it === chosen }, it || any)));
}
