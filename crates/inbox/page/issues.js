// The list of issues.

import { hints } from './additions.js';
import { page } from './api.js';
import { badge, clipped, el, figures } from './dom.js';
import { event } from './event.js';
import { issue } from './issue.js';
import { listing } from './listing.js';
import { ago, many } from './time.js';

/** @type {Tab} */
export default {
  name: 'Issues',
  path: '/issues',
  views: [[/^\/(?:issues)?$/, issues], [/^\/issues\/([^/]+)$/, issue], [/^\/events\/([^/]+)$/, event]],
};

/** All issues, the one that happened last first. */
function issues() {
  return listing({
    title: 'Issues',
    hint: 'level:error is:unresolved release:1.* user.id:alice some text',
    choices: [{ name: 'sort', label: 'Order', options: [
      ['', 'Last seen'], ['first_seen', 'First seen'], ['count', 'Most events'], ['users', 'Most users']] }],
    ask: (narrowed) => page('issues', narrowed),
    key: (it) => it.id,
    row,
    empty,
  });
}

/** @param {Api.Issue} issue */
function row(issue) {
  return el('li', { class: `row ${issue.level} ${issue.status}` },
    el('div', { class: 'what' },
      el('a', { href: `/issues/${issue.id}` }, clipped(issue.type ?? issue.value ?? issue.title)),
      ' ', el('span', { class: 'quiet' }, clipped(issue.culprit ?? '')),
      el('p', {}, issue.type ? clipped(issue.value) : ''),
      el('p', { class: 'quiet' }, badge(issue.level), ' ', handled(issue), ' ', state(issue),
        ` ${issue.scenario ?? issue.service ?? `project ${issue.project}`}`)),
    figures(many(issue.count, 'event'), many(issue.users, 'user')),
    figures(ago(issue.last_seen), ['first ', ago(issue.first_seen)]));
}

/** @param {Api.Issue} issue */
function handled(issue) {
  if (issue.handled === null) return null;
  return issue.handled ? badge('handled') : badge('unhandled');
}

/**
 * What was decided about an issue; nothing where nothing was.
 *
 * @param {Api.Issue} issue
 */
export function state({ status, regressed }) {
  if (regressed) return badge('regressed');
  return status === 'unresolved' ? null : badge(status);
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
