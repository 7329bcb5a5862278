// Narrowing a list by choices and words. The address keeps what was chosen, so that it can be passed on.

import { el } from './dom.js';

/**
 * A bar with a choice for each of `choices` (property → what is shown where nothing is chosen) and a field for words.
 * Calls `changed` after each change. Its method `offer` tells it what there is to choose from.
 */
export function filters(choices, hint, changed) {
  const keep = (name) => (event) => {
    const url = new URL(location.href);
    if (event.target.value) url.searchParams.set(name, event.target.value);
    else url.searchParams.delete(name);
    history.replaceState(history.state, '', url);
    changed();
  };
  const choice = (name) => [name, el('select', { 'aria-label': name, onchange: keep(name) })];
  const selects = Object.keys(choices).map(choice);
  const labels = { placeholder: hint, 'aria-label': hint };
  const words = el('input', { type: 'search', ...labels, value: asked('q'), oninput: keep('q') });
  const bar = el('form', { class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault() },
    selects.map(([, select]) => select), words);
  bar.offer = (items) => {
    bar.hidden = !items.length;
    for (const [name, select] of selects) fill(select, choices[name], items.map((it) => it[name]), asked(name));
  };
  return bar;
}

/** Whether an item is what was chosen, and all words are found in these texts. */
export function fits(item, choices, texts) {
  const all = texts.join(' ').toLowerCase();
  return Object.keys(choices).every((name) => !asked(name) || item[name] === asked(name))
    && asked('q').toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/** A parameter of the address. */
export function asked(name) {
  return new URLSearchParams(location.search).get(name) ?? '';
}

/** Only where it changes something: an open choice would close. */
function fill(select, any, there, chosen) {
  const wanted = ['', ...new Set([...there, chosen].filter(Boolean))].sort();
  if (String(wanted) === String([...select.options].map((it) => it.value))) return;
  select.replaceChildren(...wanted.map((it) => el('option', { value: it, selected: it === chosen }, it || any)));
}
