// The functions that ran longest.

import { badge, el } from './dom.js';
import { redraw } from './redraw.js';
import { duration } from './time.js';

/** How many are listed. */
const LISTED = 25;

/**
 * A table of functions, by the time that each ran itself or together with what it called.
 *
 * @param {Api.ProfileFunction[]} functions
 * @param {number} busy Milliseconds in all.
 * @param {(name: string) => void} search Shows a function in the flame graph.
 */
export function hottest(functions, busy, search) {
  const content = el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Hottest functions' });
  const order = el('select', { 'aria-label': 'Order', onchange: () => draw() },
    el('option', { value: 'self_ms' }, 'Longest itself first'),
    el('option', { value: 'total_ms' }, 'Longest with callees first'));
  const own = el('input', { type: 'checkbox', onchange: () => draw() });
  const draw = () => {
    const by = order.value === 'total_ms' ? 'total_ms' : 'self_ms';
    const shown = functions.filter((it) => it[by] && (it.in_app || !own.checked)).sort((one, other) => other[by] - one[by]);
    redraw(content, el('table', {},
      el('thead', {}, el('tr', {}, ['Function', 'Self', 'Total'].map((it) => el('th', { scope: 'col' }, it)))),
      el('tbody', {}, shown.slice(0, LISTED).map((it) => row(it, busy, search)))));
  };
  draw();
  return el('section', {}, el('h2', {}, 'Hottest functions'),
    el('form', { class: 'filters' }, order, el('label', {}, own, ' Own code only')), content);
}

/** @param {Api.ProfileFunction} it @param {number} busy @param {(name: string) => void} search */
function row(it, busy, search) {
  const key = [it.function, it.module, it.file, it.in_app].join(' ');
  return el('tr', { 'data-key': key },
    el('td', {},
      el('button', { type: 'button', class: 'link', title: 'Show in the flame graph', onclick: () => search(it.function) },
        it.function),
      ' ', it.in_app ? badge('own code', 'own') : null, el('code', {}, it.file ?? it.module ?? '')),
    el('td', { class: 'when' }, time(it.self_ms, busy)),
    el('td', { class: 'when' }, time(it.total_ms, busy)));
}

/** @param {number} ms @param {number} busy */
function time(ms, busy) {
  return [duration(ms), el('br'), el('span', { class: 'quiet' }, `${(busy ? (100 * ms) / busy : 0).toFixed(1)} %`)];
}
