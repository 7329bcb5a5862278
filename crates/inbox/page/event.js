// One event, whole: what broke, where, for whom, and what led to it.

import { get } from './api.js';
import { badge, duration, el, millis, pairs, redraw, section, text } from './dom.js';
import { stacktrace } from './frames.js';

/** The view of one event. Events do not change: later refreshes do nothing. */
export function event(id) {
  const view = el('article');
  let drawn = false;
  view.refresh = async () => {
    if (drawn) return;
    const content = await whole(id);
    drawn = true;
    redraw(view, content);
  };
  return view;
}

/** Everything about an event, for whichever view shows it. */
export async function whole(id) {
  const { event, summary, issue, attachments, dsc } = await get(`events/${encodeURIComponent(id)}`);
  document.title = `${summary.title} · Inbox`;
  return el('div', { class: 'event' },
    head(event, summary),
    facts(event, summary, issue),
    (event.exception?.values ?? []).toReversed().map((it, index) => exception(it, index)),
    (event.threads?.values ?? []).map((it) => section(`Thread ${it.name ?? it.id ?? ''}`, stacktrace(it.stacktrace))),
    section('Breadcrumbs', breadcrumbs(event)),
    section('Tags', pairs(Object.entries(event.tags ?? {}))),
    contexts(event.contexts ?? {}),
    section('Request', request(event.request)),
    section('Extra', pairs(Object.entries(event.extra ?? {}))),
    section('Attachments', pairs(attachments.map((it) => [it.filename, `${it.bytes} bytes`]))),
    section('Sampling context of the trace', dsc && pairs(Object.entries(dsc))),
    raw(event));
}

function head(event, summary) {
  const mechanism = outermost(event)?.mechanism;
  const handled = mechanism?.handled;
  return el('div', {},
    el('h1', {}, badge(summary.level), ' ', summary.type ?? 'Message'),
    el('p', { class: 'value' }, summary.value ?? summary.title),
    mechanism && el('p', {}, handled === false ? badge('unhandled') : badge('handled'), ` mechanism ${mechanism.type}`, mechanism.meta ? ` ${text(mechanism.meta)}` : ''));
}

function outermost(event) {
  return event.exception?.values?.at(-1);
}

function facts(event, summary, issue) {
  const trace = event.contexts?.trace?.trace_id;
  const user = event.user ?? {};
  return pairs([
    ['When', new Date(millis(event.timestamp)).toISOString()],
    ['Where', event.transaction],
    ['User', [user.id, user.username, user.email, user.ip_address].filter(Boolean).join(' · ')],
    ['Service', [summary.service, event.release, event.environment, event.server_name].filter(Boolean).join(' · ')],
    ['Scenario', summary.scenario],
    ['Fingerprint', parts(event.fingerprint ?? ['{{ default }}'])],
    ['Issue', issue && el('a', { href: `/issues/${issue.id}` }, parts(issue.fingerprint))],
    ['Trace', trace && el('a', { href: `/transactions?trace=${encodeURIComponent(trace)}` }, trace)],
    ['Event', el('a', { href: `/events/${summary.event_id}` }, summary.event_id)],
  ]);
}

function parts(fingerprint) {
  return el('span', {}, fingerprint.map((it) => el('code', { class: 'part' }, it)));
}

/** The outermost first, as it was met; what caused it below. */
function exception(exception, index) {
  const title = index ? `Caused by ${exception.type}` : exception.type;
  return section(title, el('p', { class: 'value' }, exception.value ?? ''), stacktrace(exception.stacktrace) ?? el('p', { class: 'quiet' }, 'No stack of its own.'));
}

function breadcrumbs(event) {
  const all = event.breadcrumbs?.values ?? [];
  const at = millis(event.timestamp);
  const row = (it) => el('li', { class: `crumb ${it.level ?? 'info'}` },
    el('span', { class: 'offset', title: new Date(millis(it.timestamp)).toISOString() }, `−${duration(Math.max(0, at - millis(it.timestamp)))}`),
    el('span', { class: 'category' }, it.category ?? it.type ?? ''),
    el('span', {}, it.level && it.level !== 'info' ? badge(it.level) : null, ' ', it.message ?? '', it.data ? el('code', {}, list(it.data)) : null));
  return all.length ? el('ol', { class: 'crumbs' }, all.map(row)) : null;
}

function list(data) {
  return Object.entries(data).map(([name, value]) => `${name}=${text(value)}`).join('  ');
}

/** What the scenario itself knows comes first; what every event has, after it. */
const GENERAL = ['runtime', 'app', 'device', 'os', 'request', 'trace'];

function contexts(contexts) {
  const rank = ([name]) => GENERAL.indexOf(name);
  const sorted = Object.entries(contexts).sort((one, other) => rank(one) - rank(other));
  const block = ([name, fields]) => el('div', { class: rank([name]) < 0 ? 'context own' : 'context' }, el('h3', {}, name), pairs(Object.entries(fields ?? {}).filter(([key]) => key !== 'type')));
  return section('Contexts', sorted.length ? el('div', { class: 'contexts' }, sorted.map(block)) : null);
}

function request(request) {
  if (!request) return null;
  const body = request.data && el('pre', {}, typeof request.data === 'string' ? request.data : JSON.stringify(request.data, null, 2));
  return [el('p', {}, el('code', {}, `${request.method ?? ''} ${request.url ?? ''}${request.query_string ? `?${request.query_string}` : ''}`)), pairs(Object.entries(request.headers ?? {})), body];
}

/** Written out only when it is opened: it is long. */
function raw(event) {
  const json = JSON.stringify(event, null, 2);
  const pre = el('pre', { tabindex: '0' });
  const copy = el('button', { type: 'button', onclick: () => navigator.clipboard.writeText(json).then(() => { copy.textContent = 'Copied'; }) }, 'Copy');
  return el('section', {}, el('details', { ontoggle: () => { pre.textContent = json; } }, el('summary', {}, 'JSON as it was received'), copy, pre));
}
