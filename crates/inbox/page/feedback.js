// What users say.

import { page } from './api.js';
import { clipped, el, pairs } from './dom.js';
import { listing } from './listing.js';
import { shown } from './shown.js';
import { ago } from './time.js';

/** @type {Tab} */
export default { name: 'Feedback', path: '/feedback', views: [[/^\/feedback$/, all]] };

/** All of it, the newest first. */
function all() {
  return listing({
    title: 'Feedback', hint: '',
    ask: (narrowed) => page('feedback', narrowed),
    key: (it) => it.feedback_id,
    row: (it) => el('li', { class: 'row' }, el('div', { class: 'what' }, feedback(it)),
      el('div', { class: 'number' }, `project ${it.project.slice(0, 60)}`), el('div', { class: 'number' }, ago(it.received_at))),
    empty: () => el('p', { class: 'empty' }, 'No user has said anything.'),
  });
}

/**
 * One, also beside the event that it is about.
 *
 * @param {Api.Feedback} it
 */
export function feedback(it) {
  const who = [it.name, it.email].filter(Boolean).join(' · ');
  return el('div', { class: 'feedback' },
    el('blockquote', {}, shown(it.message)),
    el('p', { class: 'quiet' }, clipped(who) || 'somebody', ', ', ago(it.received_at)),
    pairs([
      ['Page', it.url ? shown(it.url) : null],
      ['Event', it.event_id ? el('a', { href: `/events/${encodeURIComponent(it.event_id)}` }, it.event_id.slice(0, 32)) : null],
      ['Trace', it.trace_id ? el('a', { href: `/traces/${encodeURIComponent(it.trace_id)}` }, it.trace_id.slice(0, 32)) : null],
      ['Source', clipped(it.source)],
      ['Release', clipped(it.release)],
      ['Environment', clipped(it.environment)],
      ['Replay', clipped(it.replay_id)],
    ]));
}
