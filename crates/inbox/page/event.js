// One event, whole: what broke, where, for whom, and what led to it.

import { get } from './api.js';
import { badge, clipped, el, limited, live, pairs, parts, section } from './dom.js';
import { editorSettings } from './editor.js';
import { evidence, origin } from './evidence.js';
import { exceptions, how } from './exceptions.js';
import { feedback } from './feedback.js';
import { stacktrace } from './frames.js';
import { markdown } from './markdown.js';
import { fields, name, named, object, string, strings, values } from './payload.js';
import { copyButton, raw } from './raw.js';
import { shown } from './shown.js';
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
  const { summary, issue, attachments, feedback: said, dsc } = details;
  const event = named(details.event);
  const trace = sameTrace(summary.trace_id, summary.event_id);
  document.title = `${summary.title} · Inbox`;
  const content = el('div', { class: 'event' },
    neighbours(details),
    head(event, summary),
    said.length ? section('What users said', said.map(feedback)) : null,
    facts(event, summary, issue),
    exceptions(event.exception),
    section('Stack', stacktrace(event.stacktrace)),
    threads(values(event.threads)),
    evidence(event, trace),
    attached(attachments),
    section('Sampling context of the trace', pairs(fields(dsc).map(([field, it]) => [field, shown(it)]))),
    editorSettings(() => location.reload()),
    raw(details.event, `events/${summary.event_id}/json`, `event-${summary.event_id}.json`));
  return live(content, trace.refresh);
}

/** @param {Api.Payload} event @param {Api.EventSummary} summary */
function head(event, summary) {
  const message = summary.type ? summary.value : null;
  return el('div', {},
    el('h1', {}, badge(summary.level), ' ', shown(summary.type ?? summary.value ?? summary.title)),
    message ? el('p', { class: 'message' }, shown(wholeMessage(event, message))) : null,
    how(event.exception));
}

/**
 * Lists clip a message; the exception has it whole.
 *
 * @param {Api.Payload} event
 * @param {string} message
 */
function wholeMessage(event, message) {
  const start = message.replace(/…$/, '');
  return values(event.exception).map((it) => string(it.value)).find((it) => it?.startsWith(start)) ?? message;
}

/** @param {Api.Payload} event @param {Api.EventSummary} summary @param {Api.Issue | null} issue */
function facts(event, summary, issue) {
  const log = object(event.logentry);
  const at = event.timestamp ?? summary.received_at;
  const some = (/** @type {unknown} */ value) => (value === null || value === undefined || value === '' ? null : shown(value));
  return pairs([
    ['When', el('span', {}, exact(at), ', ', ago(at))],
    ['Transaction', some(event.transaction)],
    [summary.service ? 'Service' : 'Project', summary.service ?? summary.project],
    ['Scenario', summary.scenario],
    ...origin(event),
    ['Logger', some(event.logger)],
    ['Culprit', some(event.culprit)],
    ['Template', log.message === summary.value ? null : some(log.message)],
    ['Parameters', some(log.params)],
    ['Checksum', some(event.checksum)],
    ['Fingerprint', parts(Array.isArray(event.fingerprint) ? strings(event.fingerprint) : ['{{ default }}'])],
    ['Issue', issue ? el('a', { href: `/issues/${issue.id}` }, parts(issue.fingerprint)) : null],
    ['Trace', summary.trace_id ? el('a', { href: `/traces/${encodeURIComponent(summary.trace_id)}` }, summary.trace_id) : null],
    ['Event', el('a', { href: `/events/${summary.event_id}` }, summary.event_id)],
    ['Profile', event.release ? el('a', { href: `/profiles?event=${summary.event_id}` }, 'The 10 s before it') : null],
  ]);
}

/** @param {Api.Payload[]} all */
function threads(all) {
  return all.length ? limited(el('div'), all, thread, 20) : null;
}

/** @param {Api.Payload} thread */
function thread({ id, name: title, crashed, current, stacktrace: trace }) {
  const role = crashed ? ', which crashed' : current ? ', which reported' : '';
  const known = [title, id].map(name).filter(Boolean).join(' · ');
  return section(`Thread ${known.slice(0, 200)}${role}`, stacktrace(trace));
}

/**
 * Links to the events of the same issue before and after it, and what can be done with this one.
 *
 * @param {Api.EventDetails} details
 */
function neighbours({ event, summary, issue, previous, next }) {
  const link = (/** @type {string | null} */ id, /** @type {string} */ words) =>
    (id ? [el('a', { href: `/events/${id}` }, words), ' '] : [el('span', { class: 'quiet' }, words), ' ']);
  return el('div', { class: 'neighbours' },
    el('span', {}, issue ? [el('a', { href: `/issues/${issue.id}` }, 'Issue'), ' · '] : null,
      link(previous, '← Previous'), ' · ', link(next, 'Next →')),
    copyButton(() => markdown(event, summary, `${location.origin}/events/${summary.event_id}`), 'Copy as Markdown'),
    el('a', { href: `/api/events/${summary.event_id}/json`, download: `event-${summary.event_id}.json` }, 'Download JSON'));
}

/**
 * Files that came with it; images are shown.
 *
 * @param {Api.Attachment[]} all
 */
export function attached(all) {
  return section('Attachments', all.length ? el('ul', { class: 'lines' }, all.map(attachment)) : null);
}

/** @param {Api.Attachment} attachment */
function attachment({ id, filename, bytes: size, content_type: type, attachment_type: role, image }) {
  const address = `/api/attachments/${id}`;
  return el('li', {}, el('a', { href: address, download: filename.slice(0, 200) }, clipped(filename) || 'unnamed'), ' ',
    el('span', { class: 'quiet' }, clipped([bytes(size), type, role].filter(Boolean).join(' · '))),
    image ? el('div', {}, el('img', { class: 'attachment', src: address, alt: `The image ${filename.slice(0, 200)}`, loading: 'lazy' })) : null);
}
