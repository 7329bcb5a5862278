// The list of issues.

import { hints } from './additions.js';
import { list } from './api.js';
import { badge, clipped, el, figures, live } from './dom.js';
import { event } from './event.js';
import { filters, fits } from './filters.js';
import { issue } from './issue.js';
import { redraw } from './redraw.js';
import { ago, many } from './time.js';

const CHOICES = { level: 'Every level', service: 'Every service' };

/** @type {Tab} */
export default {
  name: 'Issues',
  path: '/issues',
  views: [[/^\/(?:issues)?$/, issues], [/^\/issues\/([^/]+)$/, issue], [/^\/events\/([^/]+)$/, event]],
};

/** All issues, the one that happened last first, narrowed by level, service and words. */
function issues() {
  const content = el('div');
  /** @type {Api.Issue[]} */
  let held = [];
  document.title = 'Issues · Inbox';
  const draw = () => redraw(content, held.length ? rows(held.filter(wanted)) : empty());
  const bar = filters(CHOICES, 'Type, message, transaction, scenario …', draw);
  const view = el('div', {}, el('h1', { class: 'unseen' }, 'Issues'), bar, content);
  return live(view, async () => {
    held = await list('issues', {});
    bar.offer(held);
    draw();
  });
}

/** @param {Api.Issue} issue */
function wanted(issue) {
  const { title, culprit, scenario, service, release, fingerprint } = issue;
  return fits(issue, CHOICES, [title, culprit, scenario, service, release, ...fingerprint]);
}

/** @param {Api.Issue[]} shown */
function rows(shown) {
  if (shown.length) return el('ul', { class: 'rows' }, shown.map(row));
  return el('p', { class: 'empty' }, 'No issue fits the filter. ', el('a', { href: '/' }, 'Show all'));
}

/** @param {Api.Issue} issue */
function row(issue) {
  return el('li', { class: `row ${issue.level}`, 'data-key': issue.id },
    el('div', { class: 'what' },
      el('a', { href: `/issues/${issue.id}` }, clipped(issue.type ?? issue.value ?? issue.title)),
      ' ', el('span', { class: 'quiet' }, issue.culprit ?? ''),
      el('p', {}, issue.type ? clipped(issue.value) : ''),
      el('p', { class: 'quiet' },
        badge(issue.level), ' ', handled(issue), ` ${issue.scenario ?? issue.service ?? ''}`)),
    figures(many(issue.count, 'event'), many(issue.users, 'user')),
    figures(ago(issue.last_seen), ['first ', ago(issue.first_seen)]));
}

/** @param {Api.Issue} issue */
function handled(issue) {
  if (issue.handled === null) return null;
  return issue.handled ? badge('handled') : badge('unhandled');
}

function empty() {
  const commands = hints().events;
  return el('div', { class: 'empty' },
    el('h2', {}, 'Nothing has failed yet'),
    commands.length ? el('p', {}, 'Break something; its event appears here within a second:') : null,
    commands.map((it) => el('pre', { tabindex: '0' }, it)),
    el('p', { class: 'quiet' }, 'A service of your own sends here with any Sentry SDK and this DSN:'),
    el('pre', { tabindex: '0' }, `SENTRY_DSN=${location.protocol}//inbox@${location.host}/1`));
}
