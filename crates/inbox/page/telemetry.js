// Logs, metrics and release health.

import { list } from './api.js';
import { badge, el, text } from './dom.js';
import { asked } from './filters.js';
import { fields, oneLine } from './payload.js';
import { redraw } from './redraw.js';
import { ago, exact } from './time.js';

/** How many are listed. */
const LISTED = 300;

/** The latest log records; `?trace=` narrows them to one trace. */
export function logs() {
  const trace = asked('trace');
  const title = trace ? `Logs of trace ${trace}` : 'Logs';
  const none = `No log record${trace ? ' of this trace' : ''} is held. Services send warnings and above.`;
  return table(title, 'logs', ['When', 'Level', 'Message'], none, (it) => [
    when(it.timestamp), badge(it.level), [it.body, attributes(it)]]);
}

/** The latest metric samples. */
export function metrics() {
  return table('Metrics', 'metrics', ['When', 'Metric', 'Value'], 'No metric is held.', (it) => [
    when(it.timestamp), [it.name, ' ', el('span', { class: 'quiet' }, it.type), attributes(it)], measured(it)]);
}

/** Release health: how the sessions, one per request, ended. */
export function sessions() {
  const none = 'No session is held. Services send theirs once a minute, and when they stop.';
  return table('Sessions', 'sessions', ['Release', 'Exited', 'Errored', 'Crashed', 'Abnormal'], none, (it) => [
    it.release, it.exited, it.errored, it.crashed, it.abnormal]);
}

function table(title, name, columns, none, cells) {
  const content = el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': title });
  const view = el('div', {}, el('h1', {}, title), content);
  const head = el('thead', {}, el('tr', {}, columns.map((it) => el('th', { scope: 'col' }, it))));
  const row = (it) => el('tr', {}, cells(it).map((cell) => el('td', {}, cell)));
  const trace = asked('trace');
  document.title = `${title} · Inbox`;
  view.refresh = async () => {
    const all = await list(name, { trace, limit: LISTED });
    redraw(content, all.length
      ? el('table', {}, head.cloneNode(true), el('tbody', {}, all.map(row)))
      : el('p', { class: 'empty' }, none));
  };
  return view;
}

function measured({ value, unit }) {
  return `${text(value ?? '')} ${unit ?? ''}`;
}

function when(time) {
  return el('span', { class: 'when' }, exact(time).slice(11, 23), el('br'), el('span', { class: 'quiet' }, ago(time)));
}

/** What is known besides, and the trace. The SDK's own attributes are left out: every record has the same. */
function attributes(item) {
  const own = fields(item.attributes).filter(([name]) => !name.startsWith('sentry.'));
  const plain = own.map(([name, it]) => [name, it?.value ?? it]);
  return [el('code', {}, oneLine(plain)), traceOf(item)];
}

function traceOf({ trace_id: id }) {
  if (!id) return null;
  return el('a', { href: `/transactions?trace=${encodeURIComponent(id)}` }, `trace ${String(id).slice(0, 8)}`);
}
