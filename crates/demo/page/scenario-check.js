// "Break everything": how far the check is, and what it found.

import { get } from './api.js';
import { el } from './dom.js';
import { differences } from './scenario-verdict.js';
import { duration } from './time.js';

/** What the check that began then found. @type {{ of: number, report: Stage.Report | null }} */
let found = { of: 0, report: null };

/** @param {Stage.Check | null} check */
export function checked(check) {
  if (!check) return null;
  if (check.running) return progress(check);
  if (check.error) return el('p', { class: 'fault', 'data-key': 'failed' }, `The check could not run: ${check.error}`);
  if (found.of !== check.started_at) fetchReport(check.started_at);
  const report = found.of === check.started_at ? found.report : null;
  return el('section', { 'data-key': 'report', class: 'report' },
    el('h2', {}, summary(check)),
    report ? table(report) : el('p', {}, 'Loading what it found …'));
}

/** @param {number} of */
async function fetchReport(of) {
  found = { of, report: null };
  try {
    found = { of, report: (await get('stage/check')).report };
  } catch {
    // Asked for again with the next state.
    found = { of: 0, report: null };
  }
}

/** @param {Stage.Check} check */
function summary({ kept }) {
  const [good, broken] = kept ?? [0, 0];
  return broken ? `✗ ${broken} of ${good + broken} promises are broken` : `✓ All ${good} promises are kept`;
}

/** @param {Stage.Check} check */
function progress({ step }) {
  const [done, of] = step.done ?? [null, null];
  return el('section', { 'data-key': 'progress', class: 'report' },
    el('h2', {}, 'Every scenario is fired, and its events are compared with its promise'),
    el('progress', { max: of ?? 1, value: done, 'aria-label': 'Progress of the check' }),
    el('p', {}, done === null ? step.text : `${done}/${of} ${step.text}`));
}

/** @param {Stage.Report} report */
function table(report) {
  const heads = ['', 'Scenario', 'Answer', 'Took', 'Events'].map((name) => el('th', { scope: 'col' }, name));
  return el('details', { open: true }, el('summary', {}, `What it found, in ${duration(report.elapsed_ms)}`),
    el('div', { class: 'wide', tabindex: '0' }, el('table', {},
      el('thead', {}, el('tr', {}, heads)),
      el('tbody', {}, report.scenarios.map(row)))),
    report.skipped.map((it) => el('p', {}, `– ${it.id} was skipped: ${it.reason}`)),
    report.services.map((it) => el('p', {}, mark(it.recovered), ` ${it.service} ${it.recovered ? 'is as before' : 'has not recovered'}`,
      it.mismatches.length ? differences(it.mismatches) : null)));
}

/** @param {Stage.Report['scenarios'][number]} scenario */
function row(scenario) {
  return el('tr', {},
    el('td', {}, mark(scenario.kept)),
    el('td', {}, scenario.id, scenario.mismatches.length ? differences(scenario.mismatches) : null),
    el('td', {}, scenario.status === null ? 'none' : String(scenario.status)),
    el('td', {}, duration(scenario.elapsed_ms)),
    el('td', {}, scenario.events.length ? scenario.events.map((it) =>
      el('a', { href: `/events/${it.event_id}` }, `${it.level} ${it.type ?? 'message'} `)) : 'none'));
}

/** @param {boolean} good */
function mark(good) {
  return el('span', { class: good ? 'kept' : 'broken' }, good ? '✓' : '✗', el('span', { class: 'unseen' }, good ? ' kept' : ' broken'));
}
