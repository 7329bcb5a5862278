// Numbers over time, drawn by uPlot.

import { el } from './dom.js';
import { exact } from './time.js';
import uPlot from './vendor/uPlot.esm.js';

/** Pixels. */
const HEIGHT = 150;

/** Colours of lines, by the names of the style sheet. */
const COLOURS = ['--link', '--error', '--ok', '--warning', '--info', '--fatal'];

/** Ways of drawing that tell lines apart without their colours. */
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {(number | null)[]} values One for each part of time.
 * @property {string} [colour] A name of the style sheet.
 */

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {number} from Seconds since 1970.
 * @property {number} step Seconds.
 * @property {Line[]} lines
 * @property {(value: number) => string} written
 * @property {boolean} [bars] Counts are bars, measurements lines.
 */

/**
 * A chart with its latest numbers in words. A screen reader hears the words.
 *
 * @param {Chart} chart
 */
export function chart({ title, from, step, lines, written, bars = false }) {
  const place = el('div', { class: 'plot', 'aria-hidden': 'true' });
  const words = lines.map((line) => `${line.label}: ${summary(line, written, bars)}`);
  const legend = el('figcaption', {}, el('strong', {}, title), ' ',
    lines.map((line, index) => {
      const mark = el('span', { class: 'mark' });
      mark.style.background = `var(${coloured(line, index)})`;
      return el('span', { class: 'legend' }, mark, words[index]);
    }));
  const figure = el('figure', { class: 'chart' }, legend, place);
  const times = (lines[0]?.values ?? []).map((_, index) => from + step * index);
  const data = /** @type {import('./vendor/uPlot.esm.js').AlignedData} */ ([times, ...lines.map((it) => it.values)]);
  const draw = () => new uPlot(options(figure, place.clientWidth || 300, { lines, written, bars, step }), data, place);
  // It needs to know how wide it is: drawn when it is on the page, and again when that changes.
  /** @type {uPlot | null} */
  let plot = null;
  let width = 0;
  const fit = () => {
    if (!place.clientWidth || place.clientWidth === width) return;
    width = place.clientWidth;
    if (plot) plot.setSize({ width, height: HEIGHT });
    else plot = draw();
  };
  // Not within the observation: drawing changes sizes itself.
  const sized = new ResizeObserver(() => requestAnimationFrame(fit));
  sized.observe(place);
  return figure;
}

/**
 * @param {HTMLElement} figure
 * @param {number} width
 * @param {Pick<Chart, 'lines' | 'written' | 'bars' | 'step'>} chart
 * @returns {import('./vendor/uPlot.esm.js').Options}
 */
function options(figure, width, { lines, written, bars, step }) {
  const axis = { stroke: () => colour(figure, '--quiet'), grid: { stroke: () => colour(figure, '--line'), width: 1 },
    ticks: { stroke: () => colour(figure, '--line'), width: 1 }, font: '12px system-ui' };
  return {
    width, height: HEIGHT, legend: { show: false },
    cursor: { y: false, points: { show: !bars } },
    scales: { x: { time: true, range: (_, least, most) => [least, most + (bars ? step : 0)] }, y: { range: (_, __, most) => [0, most || 1] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((it) => tick(it, (ticks[1] ?? it) - (ticks[0] ?? it) || step)) }, { ...axis, size: 70, values: (_, ticks) => ticks.map((it) => written(it)) }],
    series: [{}, ...lines.map((line, index) => ({
      label: line.label,
      stroke: () => colour(figure, coloured(line, index)),
      fill: bars ? () => colour(figure, coloured(line, index)) : undefined,
      width: bars ? 0 : 2,
      dash: bars ? undefined : DASHES[index % DASHES.length],
      points: { show: !bars && line.values.filter((it) => it !== null).length < 3 },
      paths: bars ? uPlot.paths.bars?.({ size: [0.8, 40], align: 1 }) : undefined,
      spanGaps: true,
    }))],
    hooks: { setCursor: [(plot) => pointed(figure, plot, lines, written)] },
  };
}

/** @param {Line} line @param {number} index */
function coloured(line, index) {
  return line.colour ?? COLOURS[index % COLOURS.length] ?? '--ink';
}

/**
 * In UTC, as all times of the page.
 *
 * @param {number} seconds
 * @param {number} between Two ticks.
 */
function tick(seconds, between) {
  const time = new Date(seconds * 1000).toISOString();
  return between >= 86_400 ? time.slice(5, 10) : time.slice(11, between < 60 ? 19 : 16);
}

/**
 * What is below the pointer, in words.
 *
 * @param {HTMLElement} figure
 * @param {uPlot} plot
 * @param {Line[]} lines
 * @param {(value: number) => string} written
 */
function pointed(figure, plot, lines, written) {
  const at = plot.cursor.idx;
  if (at === null || at === undefined) return;
  const values = lines.map((line) => `${line.label} ${line.values[at] === null ? '–' : written(Number(line.values[at]))}`);
  figure.title = `${exact(plot.data[0][at]).slice(11, 19)}: ${values.join(', ')}`;
}

/** @param {Line} line @param {(value: number) => string} written @param {boolean} bars */
function summary({ values }, written, bars) {
  const known = values.filter((it) => it !== null);
  const last = known.at(-1);
  if (last === undefined) return 'nothing';
  const most = known.reduce((one, other) => Math.max(one, other), -Infinity);
  if (bars) return `${written(known.reduce((sum, it) => sum + it, 0))} in all`;
  return `${written(last)} now, ${written(most)} at most`;
}

/**
 * A colour of the style sheet, as a canvas takes it.
 *
 * @param {HTMLElement} figure
 * @param {string} name
 */
function colour(figure, name) {
  const probe = el('span');
  probe.style.color = `var(${name})`;
  figure.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
