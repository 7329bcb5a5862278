// Choosing a range of time, on a strip that shows when something ran and what it took.

import { el } from './dom.js';
import { duration, exact } from './time.js';

/** Steps of the two sliders. */
const STEPS = 1000;

/**
 * Three strips over all that is held, and two sliders below them for the begin and the end of the range.
 *
 * @param {Api.Profile} profile
 * @param {(chosen: { from: string | null, to: string | null }) => void} choose
 */
export function range({ timeline, from, to }, choose) {
  const whole = timeline.to - timeline.from;
  const place = (/** @type {number} */ at) => Math.min(1, Math.max(0, whole ? (at - timeline.from) / whole : 0));
  const at = (/** @type {HTMLInputElement} */ slider) => timeline.from + (whole * Number(slider.value)) / STEPS;
  const slider = (/** @type {string} */ label, /** @type {number} */ value) => el('input', {
    type: 'range', min: 0, max: STEPS, value: Math.round(STEPS * place(value)), 'aria-label': label, 'aria-valuetext': exact(value),
    oninput: () => describe(), onchange: () => chosen(),
  });
  const [begin, end] = [slider('From', from), slider('To', to)];
  const words = el('span', { class: 'quiet' });
  const describe = () => {
    const [one, other] = [at(begin), at(end)];
    begin.setAttribute('aria-valuetext', exact(one));
    end.setAttribute('aria-valuetext', exact(other));
    words.textContent = `${exact(one).slice(11, 19)} to ${exact(other).slice(11, 19)}, ${duration(Math.abs(other - one) * 1000)}`;
  };
  const chosen = () => {
    const [one, other] = [at(begin), at(end)].sort((one, other) => one - other);
    choose({ from: String(one), to: String(other) });
  };
  describe();
  const lastSeconds = (/** @type {number} */ seconds) => el('button', {
    type: 'button', onclick: () => choose({ from: String(Math.max(timeline.from, timeline.to - seconds)), to: String(timeline.to) }),
  }, `Last ${seconds} s`);
  return el('section', { class: 'range' },
    strip('Ran', timeline.busy_ms, place(from), place(to), (it) => duration(it)),
    strip('CPU', timeline.cpu_percent, place(from), place(to), (it) => `${it.toFixed(0)} %`),
    strip('Memory', timeline.memory_mb, place(from), place(to), (it) => `${it.toFixed(1)} MiB`),
    el('div', { class: 'sliders' }, begin, end),
    el('p', {}, lastSeconds(10), ' ', lastSeconds(60), ' ',
      el('button', { type: 'button', onclick: () => choose({ from: null, to: null }) }, 'All'), ' ', words));
}

/**
 * A bar for each part of the time, as high as its value; nothing where nothing was measured.
 *
 * @param {string} name
 * @param {(number | null)[]} values
 * @param {number} from Of the range, 0 to 1.
 * @param {number} to
 * @param {(value: number) => string} written
 */
function strip(name, values, from, to, written) {
  const highest = Math.max(0, ...values.map((it) => it ?? 0));
  if (!highest) return null;
  const bars = values.map((value, index) => {
    const within = (index + 1) / values.length > from && index / values.length <= to;
    const bar = el('span', { class: within ? 'within' : '' });
    bar.style.height = `${(100 * (value ?? 0)) / highest}%`;
    return bar;
  });
  return el('div', { class: 'strip' }, el('span', { class: 'quiet' }, name),
    el('div', { class: 'bars', role: 'img', 'aria-label': `${name} over time, up to ${written(highest)}` }, bars),
    el('span', { class: 'quiet number' }, written(highest)));
}
