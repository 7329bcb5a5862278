// One issue.

import { get, list } from './api.js';
import { clipped, el, live, parts } from './dom.js';
import { whole } from './event.js';
import { redraw } from './redraw.js';
import { ago, many } from './time.js';

/** How many events are listed. */
const LISTED = 50;

/**
 * What its events have in common, the list of them, and the latest one whole. That one stays while it is read: when
 * there is a newer one, a button offers it.
 *
 * @param {string} id
 */
export function issue(id) {
  const [head, events, newer, latest] = [el('div'), el('div'), el('div', { role: 'status' }), el('div')];
  /** @type {{ id: string, content: View } | null} */
  let shown = null;
  /** @param {Api.EventSummary} event */
  const showLatest = async (event) => {
    const content = await whole(event.event_id);
    latest.replaceChildren(content);
    newer.replaceChildren();
    shown = { id: event.event_id, content };
  };
  return live(el('article', {}, head, events, newer, latest), async () => {
    const [about, held] = await Promise.all([
      /** @type {Promise<Api.Issue>} */ (get(`issues/${id}`)), list('events', { issue: id, limit: LISTED })]);
    redraw(head, summary(about));
    redraw(events, listed(held));
    const [newest] = held;
    if (newest && !shown) await showLatest(newest);
    else if (newest && newest.event_id !== shown?.id) newer.replaceChildren(offer(newest, () => showLatest(newest)));
    await shown?.content.refresh();
    document.title = `${about.title} · Inbox`;
  });
}

/** @param {Api.Issue} issue */
function summary(issue) {
  return el('div', {},
    el('p', { class: 'path' }, el('a', { href: '/' }, 'Issues'), ' › ', many(issue.count, 'event'), ', ',
      many(issue.users, 'user'), ', last ', ago(issue.last_seen), ', first ', ago(issue.first_seen)),
    el('p', { class: 'path' }, 'Grouped by ', parts(issue.fingerprint)));
}

/** @param {Api.EventSummary[]} events */
function listed(events) {
  if (!events.length) {
    return el('p', { class: 'empty' }, 'Its events were pushed out by newer ones of other issues; the count remains.');
  }
  const title = events.length === 1 ? 'The only event held' : `The latest ${events.length} events held`;
  return el('details', { open: events.length > 1 },
    el('summary', {}, title), el('ul', { class: 'events' }, events.map(line)));
}

/** @param {Api.EventSummary} event */
function line(event) {
  return el('li', { 'data-key': event.event_id },
    el('a', { href: `/events/${event.event_id}` }, event.event_id.slice(0, 8)),
    ' ', ago(event.timestamp ?? event.received_at), ` ${clipped(event.value ?? event.title)}`);
}

/** @param {Api.EventSummary} event @param {() => void} show */
function offer(event, show) {
  return el('p', { class: 'notice' }, 'A newer event arrived ', ago(event.received_at), '. ',
    el('button', { type: 'button', onclick: show }, 'Show it'));
}
