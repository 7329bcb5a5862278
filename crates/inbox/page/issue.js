// One issue.

import { decide, get, list } from './api.js';
import { chart } from './chart.js';
import { badge, clipped, el, live, parts } from './dom.js';
import { whole } from './event.js';
import { replaced } from './metrics.js';
import { redraw } from './redraw.js';
import { ago, many } from './time.js';

/** How many events are listed. */
const LISTED = 50;

/** How many tags are shown at first. */
const TAGS = 12;

/** What people can decide, and what the button says. */
const DECISIONS = /** @type {[Api.IssueStatus, string][]} */ ([['resolved', 'Resolve'], ['ignored', 'Ignore'], ['unresolved', 'Reopen']]);

/**
 * What its events have in common, the list of them, and the latest one whole. That one stays while it is read: when
 * there is a newer one, a button offers it.
 *
 * @param {string} id
 */
export function issue(id) {
  const [head, over, tags, events, newer, latest] = [el('div'), el('div'), el('div'), el('div'), el('div', { role: 'status' }), el('div')];
  /** @type {{ id: string, content: View } | null} */
  let shown = null;
  /** @param {Api.EventSummary} event */
  const showLatest = async (event) => {
    const content = await whole(event.event_id);
    latest.replaceChildren(content);
    newer.replaceChildren();
    shown = { id: event.event_id, content };
  };
  const update = async () => {
    const [about, facts, held] = await Promise.all([
      /** @type {Promise<Api.Issue>} */ (get(`issues/${id}`)), /** @type {Promise<Api.IssueFacts>} */ (get(`issues/${id}/facts`)),
      list('events', { issue: id, limit: LISTED })]);
    redraw(head, summary(about, facts, async (status) => {
      await decide(id, status);
      await update();
    }));
    replaced(over, facts.over_time, () => [overTime(facts.over_time)]);
    redraw(tags, distribution(facts));
    redraw(events, listed(held));
    const [newest] = held;
    if (newest && !shown) await showLatest(newest);
    else if (newest && newest.event_id !== shown?.id) redraw(newer, offer(newest, () => showLatest(newest)));
    await shown?.content.refresh();
    document.title = `${about.title} · Inbox`;
  };
  return live(el('article', {}, head, over, tags, events, newer, latest), update);
}

/** @param {Api.Issue} issue @param {Api.IssueFacts} facts @param {(status: Api.IssueStatus) => Promise<void>} choose */
function summary(issue, { releases }, choose) {
  const seen = releases.map((it) => `${it.release ?? 'no release'} (${it.count.toLocaleString('en')})`);
  return el('div', {},
    el('p', { class: 'path' }, el('a', { href: '/issues' }, 'Issues'), ' › ', many(issue.count, 'event'), ', ',
      many(issue.users, 'user'), ', last ', ago(issue.last_seen), ', first ', ago(issue.first_seen)),
    el('p', { class: 'decision' },
      el('span', { role: 'status' }, issue.regressed ? [badge('regressed'), ' It was resolved and came again. '] : [badge(issue.status), ' ']),
      DECISIONS.filter(([status]) => status !== issue.status).map(([status, name]) => [
        el('button', { type: 'button', onclick: () => choose(status) }, name), ' '])),
    seen.length ? el('p', { class: 'path' }, 'Seen in ', clipped(seen.join(', '))) : null,
    el('p', { class: 'path' }, 'Grouped by ', parts(issue.fingerprint)));
}

/** @param {Api.IssueFacts['over_time']} over */
function overTime({ from, step, counts }) {
  return chart({ title: 'Events over time', from, step, bars: true, written: (it) => it.toLocaleString('en'),
    lines: [{ label: 'events', values: counts, colour: '--error' }] });
}

/** @param {Api.IssueFacts} facts */
function distribution({ tags, events }) {
  if (!tags.length) return null;
  // What differs from event to event, such as an id, says least.
  const telling = tags.filter((it) => it.different < it.events || it.events === 1 || it.different < 4);
  const sorted = [...telling, ...tags.filter((it) => !telling.includes(it))];
  const [first, rest] = [sorted.slice(0, TAGS), sorted.slice(TAGS)];
  return el('section', {}, el('details', { open: events > 1 }, el('summary', {}, `Tags of ${many(events, 'event')}`),
    el('div', { class: 'tags' }, first.map(tag)),
    rest.length ? el('details', {}, el('summary', { class: 'quiet' }, many(rest.length, 'more tag')), el('div', { class: 'tags' }, rest.map(tag))) : null));
}

/** @param {Api.IssueFacts['tags'][number]} tag */
function tag({ name, different, values, events }) {
  return el('div', { class: 'tag' },
    el('h3', {}, clipped(name), different > values.length ? el('span', { class: 'quiet' }, ` ${different} values`) : null),
    values.slice(0, 4).map((value) => share(value, events)));
}

/** @param {{ value: string, count: number }} value @param {number} all */
function share({ value, count }, all) {
  const percent = Math.round((100 * count) / Math.max(1, all));
  const bar = el('span', { class: 'share' });
  bar.style.width = `${percent}%`;
  return el('p', { class: 'portion', title: `${value.slice(0, 300)}: ${count} of ${all}` }, bar,
    el('span', { class: 'portion-name' }, clipped(value) || '(empty)'), el('span', { class: 'number' }, `${percent} %`));
}

/** @param {Api.EventSummary[]} events */
function listed(events) {
  if (!events.length) {
    return el('p', { class: 'empty' }, 'Its events were pushed out by newer ones of other issues; the count remains.');
  }
  const title = events.length === 1 ? 'The only event held' : `The latest ${events.length} events held`;
  return el('details', {}, el('summary', {}, title), el('ul', { class: 'events' }, events.map(line)));
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
