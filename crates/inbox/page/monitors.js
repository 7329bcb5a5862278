// Jobs that check in, and whether they do.

import { list } from './api.js';
import { badge, clipped, el, live, pairs } from './dom.js';
import { fields, object } from './payload.js';
import { redraw } from './redraw.js';
import { allShown } from './shown.js';
import { ago, coming, duration, exact, many } from './time.js';

/** @type {Tab} */
export default { name: 'Monitors', path: '/monitors', views: [[/^\/monitors$/, monitors]] };

/** A colour for each state of a run; the words are there, too. */
const KINDS = new Map([['ok', 'ok'], ['in_progress', 'info'], ['error', 'error'], ['missed', 'warning'], ['timeout', 'warning']]);

/** The same for those of a job, over its runs, and their words. @type {{ [state in Api.Monitor['state']]: [string, string] }} */
const STATES = { active: ['info', 'no result yet'], ok: ['ok', 'ok'], error: ['error', 'failing'] };

/** Every job with its state and its last runs. */
function monitors() {
  document.title = 'Monitors · Inbox';
  const content = el('div');
  return live(el('div', {}, el('h1', {}, 'Monitors'), content), async () => {
    const all = await list('monitors', {});
    redraw(content, all.length ? el('ul', { class: 'rows' }, all.map(row))
      : el('p', { class: 'empty' }, 'No job has checked in. SDKs and plain HTTP requests can: ',
        el('code', {}, `${location.origin}/api/1/cron/NAME/inbox/?status=ok`)));
  });
}

/** @param {Api.Monitor} it */
function row(it) {
  const [kind, words] = STATES[it.state];
  return el('li', { class: `row ${kind}`, 'data-key': [it.project, it.slug, it.environment].join(' ') },
    el('div', { class: 'what' },
      el('strong', {}, clipped(it.slug)), ' ', badge(words, kind), ' ',
      it.failing_since === null ? null : [el('span', {}, 'since ', ago(it.failing_since)), ' '],
      el('span', { class: 'quiet' }, clipped([schedule(it.config), it.environment, `project ${it.project}`].filter(Boolean).join(' · '))),
      el('p', {}, 'Last run: ', label(it.status), el('span', { class: 'quiet' }, thresholds(it.config))),
      expected(it),
      timeline(it.check_ins),
      el('details', {}, el('summary', { class: 'quiet' }, 'Its last runs and its schedule'),
        el('ul', { class: 'lines' }, it.check_ins.map(run)), it.config ? pairs(allShown(fields(it.config))) : null)),
    el('div', { class: 'number' }, many(it.count, 'check-in')),
    el('div', { class: 'number' }, ago(it.last_seen)));
}

/**
 * When it is expected again, or why nobody knows.
 *
 * @param {Api.Monitor} it
 */
function expected({ next_check_in: next, missed_after: late, schedule_fault: fault }) {
  return [
    fault ? el('p', { class: 'wrong' }, `✗ ${fault}`) : null,
    next === null ? null : el('p', { class: 'quiet' }, 'Expected ', coming(next), late === null ? null : [', missed after ', el('span', { class: 'when' }, clock(late))]),
  ];
}

/** @param {number} time */
function clock(time) {
  const day = new Date().toISOString().slice(0, 10);
  const [date, at] = exact(time).split(' ');
  return `${date === day ? '' : `${date} `}${at?.slice(0, 8)} UTC`;
}

/** @param {string} status */
function label(status) {
  return badge(status.replace('_', ' '), KINDS.get(status) ?? 'unset');
}

/**
 * A mark for each run, the latest at the right.
 *
 * @param {Api.CheckIn[]} runs
 */
function timeline(runs) {
  const shown = runs.slice(0, 60).reverse();
  const failed = shown.filter((it) => it.status !== 'ok' && it.status !== 'in_progress').length;
  return el('div', { class: 'runs', role: 'img', 'aria-label': `${many(shown.length, 'run')}, ${failed} not ok` }, shown.map((it) => el('span', {
    class: `run ${KINDS.get(it.status) ?? ''}`, title: `${it.status} ${exact(it.started_at)} ${duration(it.duration === null ? null : it.duration * 1000)}` },
  it.status === 'ok' ? '' : it.status === 'in_progress' ? '…' : '✗')));
}

/** @param {Api.CheckIn} it */
function run(it) {
  return el('li', {}, label(it.status), ' ', ago(it.started_at), ' ', duration(it.duration === null ? null : it.duration * 1000), ' ',
    el('span', { class: 'quiet' }, clipped(it.release)), ' ',
    it.trace_id ? el('a', { href: `/traces/${encodeURIComponent(it.trace_id)}` }, `trace ${it.trace_id.slice(0, 8)}`) : null);
}

/**
 * How many runs in a row change the state, where that is more than one.
 *
 * @param {Api.Payload | null} config
 */
function thresholds(config) {
  const { failure_issue_threshold: failures, recovery_threshold: successes } = object(config);
  const words = [
    Number(failures) > 1 ? ` · failing after ${failures} failures in a row` : '',
    Number(successes) > 1 ? ` · ok again after ${successes} successes in a row` : '',
  ];
  return words.join('').slice(0, 200);
}

/** @param {Api.Payload | null} config */
function schedule(config) {
  const { type, value, unit } = object(object(config).schedule);
  if (type === 'crontab') return String(value);
  return type === 'interval' ? `every ${value} ${unit}` : '';
}
