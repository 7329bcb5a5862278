// One event, whole: what broke, where, for whom, and what led to it.

import { get } from './api.js';
import { breadcrumbs } from './breadcrumbs.js';
import { contexts } from './contexts.js';
import { badge, el, live, pairs, parts, section } from './dom.js';
import { stacktrace } from './frames.js';
import { fields, object, oneLine, string, values } from './payload.js';
import { raw } from './raw.js';
import { request } from './request.js';
import { ago, bytes, exact } from './time.js';
import { sameTrace } from './trace.js';

/**
 * The view of one event. It does not change; what else belongs to its trace may still arrive.
 *
 * @param {string} id
 */
export function event(id) {
  const view = el('article');
  /** @type {View | null} */
  let content = null;
  return live(view, async () => {
    if (!content) {
      content = await whole(id);
      view.replaceChildren(content);
    }
    await content.refresh();
  });
}

/**
 * Everything about an event, for whichever view shows it.
 *
 * @param {string} id
 */
export async function whole(id) {
  const details = /** @type {Api.EventDetails} */ (await get(`events/${id}`));
  const { event, summary, issue, attachments, dsc } = details;
  const trace = sameTrace(summary.trace_id, summary.event_id);
  document.title = `${summary.title} · Inbox`;
  const content = el('div', { class: 'event' },
    head(event, summary),
    facts(event, summary, issue),
    values(event.exception).toReversed().map(exception),
    section('Stack', stacktrace(event.stacktrace)),
    values(event.threads).map(thread),
    section('Breadcrumbs', breadcrumbs(event)),
    trace,
    section('Tags', pairs(fields(event.tags))),
    contexts(event.contexts),
    section('Request', request(event.request)),
    section('Extra', pairs(fields(event.extra))),
    section('Attachments', pairs(attachments.map(attachment))),
    section('Sampling context of the trace', pairs(fields(dsc))),
    raw(event, `/api/events/${summary.event_id}`));
  return live(content, trace.refresh);
}

/** @param {Api.Payload} event @param {Api.EventSummary} summary */
function head(event, summary) {
  const mechanism = values(event.exception).at(-1)?.mechanism;
  return el('div', {},
    el('h1', {}, badge(summary.level), ' ', summary.type ?? summary.value),
    el('p', { class: 'value' }, summary.type ? summary.value : ''),
    mechanism ? how(object(mechanism)) : null);
}

/**
 * How the error was met, and what the mechanism knows of it.
 *
 * @param {Api.Payload} mechanism
 */
function how({ type, handled, description, data, meta }) {
  return el('div', {},
    el('p', {}, marked(handled), ` ${string(type) ?? 'unnamed'} mechanism `, description),
    pairs([...fields(data), ...fields(meta)].map(([name, it]) => [name, oneLine(fields(it)) || it])));
}

/**
 * Where the SDK does not say, nothing is claimed.
 *
 * @param {unknown} handled
 */
function marked(handled) {
  return typeof handled === 'boolean' ? badge(handled ? 'handled' : 'unhandled') : null;
}

/** @param {Api.Payload} event @param {Api.EventSummary} summary @param {Api.Issue | null} issue */
function facts(event, summary, issue) {
  const user = Object.fromEntries(fields(event.user));
  const [log, sdk] = [object(event.logentry), object(event.sdk)];
  const at = event.timestamp ?? summary.received_at;
  return pairs([
    ['When', el('span', {}, exact(at), ', ', ago(at))],
    ['Transaction', event.transaction],
    ['User', [user.id, user.username, user.name, user.email, user.ip_address].filter(Boolean).join(' · ')],
    ['Service', summary.service],
    ['Scenario', summary.scenario],
    ['Release', event.release],
    ['Environment', event.environment],
    ['Server', event.server_name],
    ['Logger', event.logger],
    ['Template', log.message === summary.value ? null : log.message],
    ['Parameters', log.params],
    ['Fingerprint', parts(Array.isArray(event.fingerprint) ? event.fingerprint : ['{{ default }}'])],
    ['Issue', issue ? el('a', { href: `/issues/${issue.id}` }, parts(issue.fingerprint)) : null],
    ['Trace', summary.trace_id ? el('a', { href: `/transactions?trace=${summary.trace_id}` }, summary.trace_id) : null],
    ['Event', el('a', { href: `/events/${summary.event_id}` }, summary.event_id)],
    ['Profile', event.release ? el('a', { href: `/profiles?event=${summary.event_id}` }, 'The 10 s before it') : null],
    ['SDK', [sdk.name, sdk.version].filter(Boolean).join(' ')],
  ]);
}

/**
 * The outermost first, as it was met, named by the head already; what caused it below.
 *
 * @param {Api.Payload} exception
 * @param {number} index
 */
function exception({ type, value, stacktrace: trace }, index) {
  const title = index ? `Caused by ${string(type) ?? 'an unnamed error'}` : 'Stack';
  return section(title,
    index ? el('p', { class: 'value' }, value ?? '') : null,
    stacktrace(trace) ?? el('p', { class: 'quiet' }, 'No stack of its own.'));
}

/** @param {Api.Payload} thread */
function thread({ id, name, crashed, current, stacktrace: trace }) {
  const role = crashed ? ', which crashed' : current ? ', which reported' : '';
  const known = [name, id].filter((it) => it !== undefined && it !== null);
  return section(`Thread ${known.join(' · ')}${role}`, stacktrace(trace));
}

/**
 * @param {Api.Attachment} attachment
 * @returns {[string, string]}
 */
function attachment({ filename, bytes: size, content_type, attachment_type }) {
  return [filename, [bytes(size), content_type, attachment_type].filter(Boolean).join(' · ')];
}
