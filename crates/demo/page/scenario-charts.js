// Small charts of a service's last five minutes. Its deaths, returns and deployments are lines in them.

import { get } from './api.js';
import { el } from './dom.js';
import { duration } from './time.js';

/** How much of the past is shown, seconds. */
const SHOWN = 300;

/** Size of a chart, in its own units. */
const WIDTH = 150;
const HEIGHT = 28;

/** @type {[keyof Stage.Point, string, (value: number) => string][]} */
const FIGURES = [
  ['requests_per_s', 'requests', (value) => `${round(value)}/s`],
  ['p95_ms', 'p95', (value) => duration(value)],
  ['errors_per_s', 'errors', (value) => `${round(value)}/s`],
  ['memory_mb', 'memory', (value) => `${Math.round(value)} MB`],
  ['cpu_percent', 'CPU', (value) => `${Math.round(value)} %`],
  ['threads', 'threads', String],
  ['open_files', 'open files', String],
];

/** The points of each service, oldest first. @type {Map<string, Stage.Point[]>} */
const known = new Map();
let after = 0;

/** Fetches what is new; whether anything is. */
export async function fetchPoints() {
  try {
    const { points } = await get(`stage/health?after=${after}`);
    for (const [name, more] of Object.entries(/** @type {{ [name: string]: Stage.Point[] }} */ (points))) {
      const oldest = Date.now() / 1000 - SHOWN;
      known.set(name, [...known.get(name) ?? [], ...more].filter(({ at }) => at > oldest));
      after = Math.max(after, more.at(-1)?.at ?? 0);
    }
    return true;
  } catch {
    return false;
  }
}

/** @param {Stage.Service} service */
export function chartsOf(service) {
  const points = known.get(service.name) ?? [];
  return el('dl', { class: 'stage-charts', 'data-key': 'charts' }, FIGURES.map((figure) => chart(points, service, figure)));
}

/**
 * @param {Stage.Point[]} points @param {Stage.Service} service
 * @param {[keyof Stage.Point, string, (value: number) => string]} figure
 */
function chart(points, { marks }, [field, name, shown]) {
  const values = points.filter((point) => point[field] !== null);
  const latest = values.at(-1);
  const now = points.at(-1)?.at ?? 0;
  const recent = latest && now - latest.at < 60 ? latest[field] : null;
  const top = Math.max(...values.map((point) => Number(point[field])), 1e-9);
  const x = (/** @type {number} */ at) => (WIDTH * (1 - (now - at) / SHOWN)).toFixed(1);
  const y = (/** @type {number} */ value) => (HEIGHT - 1 - (HEIGHT - 2) * (value / top)).toFixed(1);
  const line = values.map((point) => `${x(point.at)},${y(Number(point[field]))}`).join(' ');
  const events = marks.filter(({ at }) => now - at < SHOWN);
  const said = events.slice(-3).map(({ text }) => `; ${text}`).join('');
  const words = recent === null || recent === undefined ? '–' : shown(Number(recent));
  return el('div', { 'data-key': field },
    el('dt', {}, name), el('dd', {}, words),
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `${name} over five minutes, now ${words}, at most ${values.length ? shown(top) : 'nothing'}${said}` },
      svg('polyline', { points: line, class: field === 'errors_per_s' ? 'errors' : 'line' }),
      // A return comes within a second of what it follows, whose line would be below it.
      ...events.toSorted((one, other) => Number(other.kind === 'back') - Number(one.kind === 'back')).map(({ at, text, kind }) =>
        svg('line', { x1: x(at), x2: x(at), y1: 0, y2: HEIGHT, class: `stage-mark ${kind}` }, svg('title', {}, text)))));
}

/** @param {string} tag @param {{ [name: string]: unknown }} attributes @param {(Node | string)[]} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {number} value */
function round(value) {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
