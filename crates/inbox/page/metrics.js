// Metrics, and the services, over time.

import { get, list } from './api.js';
import { chart } from './chart.js';
import { el, live, section } from './dom.js';
import { asked, keep } from './address.js';
import { about, key, latestFirst, when } from './logs.js';
import { name as named } from './payload.js';
import { rangeChoice, seconds } from './range-choice.js';
import { redraw } from './redraw.js';
import { shown } from './shown.js';
import { bytes, duration } from './time.js';

/** @type {Tab} */
export default { name: 'Metrics', path: '/metrics', views: [[/^\/metrics$/, metrics]] };

/** How many samples are listed. */
const LISTED = 100;

/** Most charts of services. */
const SERVICES = 12;

/** Requests, errors, memory and CPU of each service; one metric by an attribute; the latest samples. */
function metrics() {
  document.title = 'Metrics · Inbox';
  const [services, choice, series, samples] = [el('div'), el('div'), el('div'), el('div')];
  const update = async () => {
    const [charts, { metrics: names }, latest] = await Promise.all([
      /** @type {Promise<Api.Charts>} */ (get(`charts?seconds=${seconds()}`)),
      /** @type {Promise<Api.MetricNames>} */ (get('metrics/names')),
      list('metrics', { limit: LISTED })]);
    replaced(services, charts, () => charts.services.slice(0, SERVICES).map((it) => service(it, charts)));
    const chosen = names.find((it) => it.name === asked('name')) ?? names[0];
    redraw(choice, names.length ? choices(names, chosen, update) : null);
    if (chosen) {
      const question = new URLSearchParams({ name: chosen.name, by: asked('by'), seconds: seconds() });
      const held = /** @type {Api.MetricSeries} */ (await get(`metrics/series?${question}`));
      replaced(series, held, () => [overTime(held, chosen)]);
    }
    redraw(samples, table(latest.sort(latestFirst)));
  };
  const range = el('form', { class: 'filters', onsubmit: (/** @type {Event} */ it) => it.preventDefault() }, rangeChoice(update));
  return live(el('div', {}, el('h1', {}, 'Metrics'), range, services, choice, series, samples), update);
}

/** @type {WeakMap<HTMLElement, string>} */
const DRAWN = new WeakMap();

/**
 * Draws charts anew where their numbers changed.
 *
 * @param {HTMLElement} place
 * @param {{ from: number, step: number }} numbers
 * @param {() => (HTMLElement | null)[]} draw
 */
export function replaced(place, numbers, draw) {
  // The range ends now: without its begin, the same numbers are the same.
  const state = JSON.stringify({ ...numbers, from: Math.floor(numbers.from / numbers.step) });
  if (DRAWN.get(place) === state) return;
  DRAWN.set(place, state);
  place.replaceChildren(...draw().filter((it) => it !== null));
}

/** @param {Api.Charts['services'][number]} service @param {Api.Charts} charts */
function service({ service, requests, failed, errors, p95_ms, memory_mb, cpu_percent }, { from, step }) {
  const count = (/** @type {number} */ it) => it.toLocaleString('en');
  const some = (/** @type {(number | null)[]} */ values) => values.some((it) => it !== null && it > 0);
  return section(/^\d+$/.test(service) ? `project ${service}` : service.slice(0, 100), el('div', { class: 'charts' },
    some(requests) ? chart({ title: 'Requests', from, step, bars: true, written: count,
      lines: [{ label: 'all', values: requests, colour: '--bar' }, { label: 'failed', values: failed, colour: '--error' }] }) : null,
    some(errors) ? chart({ title: 'Events', from, step, bars: true, written: count, lines: [{ label: 'events', values: errors, colour: '--error' }] }) : null,
    some(p95_ms) ? chart({ title: 'Slowest of twenty (p95)', from, step, written: (it) => duration(it), lines: [{ label: 'p95', values: p95_ms }] }) : null,
    some(memory_mb) ? chart({ title: 'Memory', from, step, written: (it) => bytes(it * 1024 * 1024), lines: [{ label: 'memory', values: memory_mb }] }) : null,
    some(cpu_percent) ? chart({ title: 'CPU', from, step, written: (it) => `${Number(it.toPrecision(3))} %`, lines: [{ label: 'of one core', values: cpu_percent }] }) : null));
}

/**
 * @param {Api.MetricNames['metrics']} names
 * @param {Api.MetricNames['metrics'][number] | undefined} chosen
 * @param {() => void} changed
 */
function choices(names, chosen, changed) {
  const kept = (/** @type {string} */ name) => (/** @type {Event & { target: HTMLSelectElement }} */ { target }) => {
    // Another metric has other attributes.
    keep(name === 'name' ? { name: target.value, by: null } : { [name]: target.value });
    changed();
  };
  return el('section', {}, el('h2', {}, 'A metric over time'), el('form', { class: 'filters' },
    el('select', { 'aria-label': 'Metric', onchange: kept('name') },
      names.map((it) => el('option', { value: it.name, selected: it.name === chosen?.name }, it.name.slice(0, 200)))),
    el('select', { 'aria-label': 'By attribute', onchange: kept('by') }, el('option', { value: '' }, 'In one line'),
      (chosen?.attributes ?? []).map((it) => el('option', { value: it, selected: it === asked('by') }, `By ${it}`)))));
}

/** @param {Api.MetricSeries} held @param {Api.MetricNames['metrics'][number]} metric */
function overTime({ name, from, step, series, omitted }, { type, unit }) {
  const counter = type === 'counter';
  const value = (/** @type {Api.MetricSeries['series'][number]['points'][number]} */ point) => {
    if (!point) return counter ? 0 : null;
    return counter ? point.sum : type === 'gauge' ? point.last : point.sum / point.count;
  };
  const written = (/** @type {number} */ it) => `${Number(it.toPrecision(6)).toLocaleString('en')} ${unit ?? ''}`.trim();
  const lines = series.map((it) => ({ label: (it.value ?? 'value').slice(0, 60), values: it.points.map(value) }));
  const what = counter ? 'sum' : type === 'gauge' ? 'latest value' : 'mean';
  return el('div', {}, chart({ title: `${name.slice(0, 100)} (${what})`, from, step, lines, written, bars: counter && lines.length === 1 }),
    omitted ? el('p', { class: 'quiet' }, `${omitted} more values of the attribute are left out.`) : null);
}

/** @param {Api.Payload[]} samples */
function table(samples) {
  if (!samples.length) return el('p', { class: 'empty' }, 'No metric is held.');
  const head = el('thead', {}, el('tr', {}, ['When', 'Metric', 'Value'].map((it) => el('th', { scope: 'col' }, it))));
  const row = (/** @type {Api.Payload} */ it) => el('tr', { 'data-key': key(it) },
    el('td', {}, when(it.timestamp)),
    el('td', {}, shown(it.name), ' ', el('span', { class: 'quiet' }, named(it.type) ?? ''), about(it)),
    el('td', {}, measured(it)));
  return el('section', {}, el('h2', {}, 'The latest samples'),
    el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Samples' }, el('table', {}, head, el('tbody', {}, samples.map(row)))));
}

/** @param {Api.Payload} metric */
function measured({ value, unit }) {
  // Beyond six digits a measurement is noise.
  const amount = typeof value === 'number' ? Number(value.toPrecision(6)) : shown(value);
  return [amount, ' ', named(unit) ?? ''];
}
