// The list of issues, and one issue.

import { get } from './api.js';
import { ago, badge, el, many, redraw } from './dom.js';
import { whole } from './event.js';

const LEVELS = ['fatal', 'error', 'warning', 'info'];

/** All issues, newest first, narrowed by level, service and words; the address keeps the filter. */
export function issues() {
  const list = el('div', { 'aria-live': 'off' });
  let held = [];
  document.title = 'Inbox';
  const draw = () => redraw(list, held.length ? rows(held.filter(fits)) : empty());
  const filter = filters(() => held, draw);
  const view = el('div', {}, el('h1', { class: 'unseen' }, 'Issues'), filter, list);
  view.refresh = async () => {
    held = (await get('issues')).issues;
    filter.hidden = !held.length;
    filter.refresh();
    draw();
  };
  return view;
}

function asked(name) {
  return new URLSearchParams(location.search).get(name) ?? '';
}

function fits(issue) {
  const words = asked('q').toLowerCase();
  const all = [issue.title, issue.culprit, issue.scenario, issue.service, ...issue.fingerprint].join(' ').toLowerCase();
  return (!asked('level') || issue.level === asked('level')) && (!asked('service') || issue.service === asked('service')) && all.includes(words);
}

function filters(held, draw) {
  const change = (name) => (event) => {
    const url = new URL(location.href);
    if (event.target.value) url.searchParams.set(name, event.target.value);
    else url.searchParams.delete(name);
    history.replaceState(null, '', url);
    draw();
  };
  const choice = (name, label) => el('select', { 'aria-label': label, onchange: change(name) });
  const [level, service] = [choice('level', 'Level'), choice('service', 'Service')];
  const words = el('input', { type: 'search', placeholder: 'Type, message, transaction, scenario …', 'aria-label': 'Words', value: asked('q'), oninput: change('q') });
  const bar = el('form', { class: 'filters', onsubmit: (event) => event.preventDefault() }, level, service, words);
  bar.refresh = () => {
    fill(level, 'Every level', LEVELS, asked('level'));
    fill(service, 'Every service', [...new Set(held().map((it) => it.service).filter(Boolean))].sort(), asked('service'));
  };
  return bar;
}

/** Only where it changes something: an open choice would close. */
function fill(select, any, options, chosen) {
  const wanted = ['', ...new Set([...options, chosen].filter(Boolean))];
  if (String(wanted) === String([...select.options].map((it) => it.value))) return;
  select.replaceChildren(...wanted.map((it) => el('option', { value: it, selected: it === chosen }, it || any)));
}

function rows(shown) {
  if (!shown.length) return el('p', { class: 'empty' }, 'No issue fits the filter.');
  return el('ul', { class: 'rows' }, shown.map(row));
}

function row(issue) {
  return el('li', { class: `row ${issue.level}` },
    el('div', { class: 'what' },
      el('a', { href: `/issues/${issue.id}` }, issue.type ?? issue.value ?? issue.title),
      ' ', el('span', { class: 'quiet' }, issue.culprit ?? ''),
      el('p', {}, issue.type ? issue.value : ''),
      el('p', { class: 'quiet' }, badge(issue.level), issue.handled === false ? badge('unhandled') : null, ` ${issue.scenario ?? issue.service ?? ''}`)),
    el('div', { class: 'number' }, many(issue.count, 'event'), el('br'), el('span', { class: 'quiet' }, many(issue.users, 'user'))),
    el('div', { class: 'number' }, ago(issue.last_seen), el('br'), el('span', { class: 'quiet' }, 'first ', ago(issue.first_seen))));
}

function empty() {
  const call = (path) => el('pre', {}, `curl -i ${path}`);
  return el('div', { class: 'empty' },
    el('h2', {}, 'Nothing has failed yet'),
    el('p', {}, 'Break something; its event appears here at once:'),
    call('localhost:8082/debug/crash'), call('localhost:8084/api/debug/validation-error'), call('localhost:8083/debug/promise-rejection'),
    el('p', { class: 'quiet' }, 'The terminal that started the services says if they are on other ports. ',
      `Any Sentry SDK can send here: its DSN is ${location.protocol}//any-key@${location.host}/1`));
}

/** One issue: what its events have in common, the list of them, and the latest one whole. */
export function issue(id) {
  const [head, list, latest] = [el('div'), el('div'), el('div')];
  const view = el('article', {}, head, list, latest);
  let shown = null;
  view.refresh = async () => {
    const [about, { events }] = await Promise.all([get(`issues/${encodeURIComponent(id)}`), get(`events?issue=${encodeURIComponent(id)}&limit=50`)]);
    redraw(head, el('p', { class: 'path' }, el('a', { href: '/' }, 'Issues'), ` › ${many(about.count, 'event')}, ${many(about.users, 'user')}, first `, ago(about.first_seen), ', last ', ago(about.last_seen)));
    redraw(list, el('details', { open: events.length > 1 && list.querySelector('details')?.open !== false }, el('summary', {}, `The latest ${many(events.length, 'event')} held`), el('ul', { class: 'events' }, events.map(line))));
    if (about.last_event_id !== shown && events.length) redraw(latest, await whole(events[0].event_id));
    shown = about.last_event_id;
  };
  return view;
}

function line(event) {
  return el('li', {}, el('a', { href: `/events/${event.event_id}` }, event.event_id.slice(0, 8)), ' ', ago(event.received_at), ` ${event.value ?? event.title}`);
}
