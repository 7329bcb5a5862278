// What came of a run: the answer, the events as they arrive, and each part of the promise.

import { el } from './dom.js';
import { inWords } from './shown.js';
import { duration, many } from './time.js';

/** Longest value that is shown of a difference, characters. */
const LONGEST = 300;

/**
 * @param {Stage.State} state @param {Stage.Catalogue} catalogue @param {Stage.Run} run
 */
export function outcome(state, catalogue, run) {
  return el('div', { 'data-key': run.id, class: 'stage-run', 'data-phase': run.phase },
    el('p', {}, answered(run), arrivals(run), waiting(run)),
    run.parts.length ? el('p', { class: 'parts' }, run.parts.map(part)) : null,
    run.error ? el('p', { class: 'fault' }, `No verdict: ${run.error}`) : null,
    run.mismatches.length ? differences(run.mismatches) : null,
    run.phase === 'late' ? late() : null,
    links(state, catalogue, run));
}

/** @param {Stage.Run} run */
function answered({ answer }) {
  if (!answer) return 'Called, waiting for the answer …';
  if (answer.status === null) return `No answer: ${answer.body}`;
  return el('span', { title: answer.body }, el('strong', {}, String(answer.status)), ` in ${duration(answer.elapsed_ms)}`);
}

/** @param {Stage.Run} run */
function arrivals({ events }) {
  return events.map((event) => [' · ', el('a', { href: `/events/${event.event_id}`, title: event.title },
    `event ${event.event_id.slice(0, 8)}`), ` arrived after ${duration(event.after_ms)}`]);
}

/** @param {Stage.Run} run */
function waiting({ answer, phase, events, promised, transaction }) {
  if (!answer || phase === 'judged' || phase === 'done') return events.length || !answer ? null : ' · no event';
  const missing = promised - events.length;
  if (missing > 0) return ` · waiting for ${missing === 1 ? 'the event' : `${missing} events`}`;
  return transaction ? null : ' · waiting for the transaction';
}

/** @param {{ name: string, kept: boolean }} part */
function part({ name, kept }) {
  return el('span', { class: `part-of ${kept ? 'kept' : 'broken'}`, 'data-key': name },
    el('span', { 'aria-hidden': 'true' }, kept ? '✓' : '✗'), el('span', { class: 'unseen' }, kept ? 'kept: ' : 'broken: '), ` ${name}`);
}

/** @param {Stage.Mismatch[]} mismatches */
export function differences(mismatches) {
  const cell = (/** @type {unknown} */ value) => {
    const words = value === null ? 'nothing' : inWords(value);
    return el('td', { title: words }, words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words);
  };
  return el('div', { class: 'wide' }, el('table', { class: 'differences' },
    el('thead', {}, el('tr', {}, ['Field', 'Expected', 'Received'].map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, mismatches.map(({ field, promised, got }) =>
      el('tr', {}, el('td', {}, el('code', {}, field)), cell(promised), cell(got))))));
}

function late() {
  return el('p', { class: 'fault' }, 'Not everything arrived within 5 s; it is still waited for. Is the machine busy, ',
    'does SENTRY_DSN of the service name this inbox, and does ', el('a', { href: '/api/refusals' }, 'the list of refusals'),
    ' name a reason?');
}

/** @param {Stage.State} state @param {Stage.Catalogue} catalogue @param {Stage.Run} run */
function links(state, catalogue, run) {
  const [event] = run.events;
  const sentry = event && state.sentry ? state.sentry.replace('{event}', event.event_id) : null;
  const shown = [
    event ? el('a', { href: `/issues/${event.issue_id}` }, 'Issue') : null,
    run.transaction ? el('a', { href: `/transactions/${run.transaction}` }, 'Trace') : null,
    run.transaction && catalogue.profiled ? el('a', { href: `/profiles?transaction=${run.transaction}` }, 'Profile') : null,
    sentry ? el('a', { href: sentry, target: '_blank', rel: 'noopener' }, 'Sentry ↗') : null,
  ].filter(Boolean);
  return shown.length ? el('p', { class: 'links' }, shown) : null;
}

/** @param {Stage.Burst} burst */
export function counted(burst) {
  const counter = (/** @type {string} */ name, /** @type {number} */ count, /** @type {number} */ of) => el('div', { 'data-key': name },
    el('span', {}, `${name} `, el('strong', {}, `${count}/${of}`)),
    el('progress', { max: Math.max(of, 1), value: of ? count : 1, 'aria-label': name }));
  const statuses = Object.entries(burst.statuses).map(([status, count]) =>
    `${count} × ${status === '0' ? 'no answer' : status === '429' ? '429 (as many as may run at once were running)' : status}`);
  return el('div', { 'data-key': burst.id, class: 'burst', 'data-done': String(burst.done) },
    counter('sent', burst.sent, burst.times),
    counter('answered', burst.answered, burst.times),
    counter('arrived', burst.arrived, burst.expected),
    el('p', { class: 'quiet' }, [statuses.join(', '), burst.done ? ` in ${duration(burst.elapsed_ms)}, all arrived: ` : null,
      burst.done ? (burst.arrived >= burst.expected ? 'yes' : `no, ${many(burst.expected - burst.arrived, 'event')} missing`) : null]),
    burst.issue_id ? el('p', { class: 'links' }, el('a', { href: `/issues/${burst.issue_id}` }, 'Issue')) : null);
}
