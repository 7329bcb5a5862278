// The last envelopes as they came, why something was refused, and what clients did not send.

import { get, getText, list, page } from './api.js';
import { badge, clipped, el, limited, live, pairs, section } from './dom.js';
import { beside, listing } from './listing.js';
import { copyButton } from './raw.js';
import { redraw } from './redraw.js';
import { block, json } from './shown.js';
import { ago, bytes, exact, many } from './time.js';

/** @type {Tab} */
export default {
  name: 'Envelopes',
  path: '/envelopes',
  views: [[/^\/envelopes$/, envelopes], [/^\/envelopes\/(\d+)$/, envelope], [/^\/client-reports$/, clientReports], [/^\/items$/, items]],
};

const LISTS = () => beside([['/envelopes', 'Envelopes'], ['/client-reports', 'Client reports'], ['/items', 'Kinds of items']]);

/** Each as it came, the newest first. */
function envelopes() {
  return listing({
    title: 'Envelopes', hint: '', above: LISTS(),
    ask: (narrowed) => page('envelopes', narrowed),
    key: (it) => String(it.id),
    row,
    empty: () => el('p', { class: 'empty' }, 'No envelope has arrived. Each that does is listed here, also one that is refused.'),
  });
}

/** @param {Api.ReceivedEnvelope} it */
function row(it) {
  const types = Map.groupBy(it.items, (item) => item.type);
  const kinds = [...types].map(([type, all]) => (all.length > 1 ? `${type} × ${all.length}` : type)).join(', ');
  return el('li', { class: `row ${it.refused.length ? 'error' : 'info'}` },
    el('div', { class: 'what' },
      el('a', { href: `/envelopes/${it.id}` }, clipped(kinds || 'no item')),
      el('p', { class: 'quiet' }, it.accepted ? null : [badge('refused', 'error'), ' '],
        clipped([`project ${it.project}`, it.endpoint, it.client, it.encoding].filter(Boolean).join(' · '))),
      it.refused.slice(0, 3).map((reason) => el('p', { class: 'wrong' }, '✗ ', clipped(reason))),
      it.refused.length > 3 ? el('p', { class: 'quiet' }, `and ${many(it.refused.length - 3, 'further reason')}`) : null),
    el('div', { class: 'number' }, bytes(it.bytes), el('br'),
      el('span', { class: 'quiet' }, it.content_length !== null && it.content_length !== it.bytes ? `${bytes(it.content_length)} sent` : '')),
    el('div', { class: 'number' }, ago(it.received_at)));
}

/**
 * One envelope: its headers, its items, its bytes.
 *
 * @param {string} id
 */
function envelope(id) {
  const view = el('article');
  document.title = `Envelope ${id} · Inbox`;
  return live(view, async () => {
    // It does not change.
    if (view.childElementCount) return;
    const it = /** @type {Api.ReceivedEnvelope} */ (await get(`envelopes/${id}`));
    view.replaceChildren(el('div', {},
      el('p', { class: 'path' }, el('a', { href: '/envelopes' }, 'Envelopes')),
      el('h1', {}, `Envelope ${it.id}`),
      it.refused.map((reason) => el('p', { class: 'wrong' }, '✗ ', clipped(reason))),
      pairs([
        ['When', el('span', {}, exact(it.received_at), ', ', ago(it.received_at))],
        ['Kept', it.accepted ? 'yes' : 'nothing of it'],
        ['Project', clipped(it.project)],
        ['Endpoint', it.endpoint],
        ['Client', clipped(it.client)],
        ['Encoding', clipped(it.encoding)],
        ['Content type', clipped(it.content_type)],
        ['Size', it.content_length !== null && it.content_length !== it.bytes
          ? `${bytes(it.bytes)}, ${bytes(it.content_length)} as it was sent` : bytes(it.bytes)],
      ]),
      it.header ? section('Header', block(json(it.header, 2), 'Header')) : null,
      section('Items', limited(el('ol', { class: 'items' }), it.items, item),
        it.omitted_items ? el('p', { class: 'quiet' }, `${many(it.omitted_items, 'further item')} not listed.`) : null),
      it.raw ? bytesOf(id) : el('p', { class: 'quiet' }, 'Its bytes are not held: they were not read, or are too many.')));
  });
}

/** @param {Api.ReceivedItem} it */
function item(it) {
  return el('li', {}, el('details', {},
    el('summary', {}, `${it.number}. `, el('strong', {}, clipped(it.type)), ` ${bytes(it.bytes)} `,
      el('span', { class: 'quiet' }, clipped(it.content_type)), it.refused ? el('span', { class: 'wrong' }, ` ✗ ${clipped(it.refused)}`) : null),
    it.header ? block(json(it.header, 2), `Header of item ${it.number}`) : el('p', { class: 'quiet' }, 'Its header is too long to be kept.')));
}

/** @param {string} id */
function bytesOf(id) {
  const path = `envelopes/${id}/raw`;
  const details = el('details', { ontoggle: async () => {
    if (!details.open || details.childElementCount > 1) return;
    const text = await getText(path);
    details.append(el('p', {}, copyButton(() => text, 'Copy'), ' ', el('a', { href: `/api/${path}`, download: `envelope-${id}.txt` }, 'Download')),
      block(text, 'Envelope'));
  } }, el('summary', {}, 'As it came, decompressed'));
  return details;
}

/** What clients say they did not send. */
function clientReports() {
  document.title = 'Client reports · Inbox';
  const content = el('div');
  return live(el('div', {}, el('h1', {}, 'Client reports'), LISTS(), content), async () => {
    const { discarded, reports } = /** @type {Api.ClientReports} */ (await get('client-reports'));
    redraw(content, discarded.length ? el('div', {}, sums(discarded), section('The latest', el('ul', { class: 'rows' }, reports.map(report))))
      : el('p', { class: 'empty' }, 'No client has reported that it discarded anything.'));
  });
}

/** @param {Api.Discarded[]} discarded */
function sums(discarded) {
  const line = (/** @type {Api.Discarded} */ it) => el('tr', { 'data-key': `${it.reason} ${it.category}` },
    el('td', {}, clipped(it.reason)), el('td', {}, it.by_rule ? 'left out, as configured' : 'lost'), el('td', {}, clipped(it.category)),
    el('td', {}, it.quantity.toLocaleString('en')));
  const losses = (/** @type {Api.Discarded} */ one, /** @type {Api.Discarded} */ other) => Number(one.by_rule) - Number(other.by_rule) || other.quantity - one.quantity;
  return table(['Reason', 'What it means', 'Category', 'Quantity'], discarded.toSorted(losses).map(line));
}

/** @param {string[]} columns @param {HTMLElement[]} rows */
function table(columns, rows) {
  return el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': columns.join(', ') }, el('table', {},
    el('thead', {}, el('tr', {}, columns.map((it) => el('th', { scope: 'col' }, it)))), el('tbody', {}, rows)));
}

/** @param {Api.ClientReports['reports'][number]} it */
function report(it) {
  const what = it.discarded.map(({ quantity, category, reason }) => `${quantity} ${category}: ${reason}`).join(', ');
  return el('li', { class: 'row' }, el('div', { class: 'what' }, clipped(what)), el('div', { class: 'number' }, `project ${it.project.slice(0, 60)}`),
    el('div', { class: 'number' }, ago(it.received_at)));
}

/** How many items of each kind have come, and replays, of which only count and size are kept. */
function items() {
  document.title = 'Kinds of items · Inbox';
  const content = el('div');
  return live(el('div', {}, el('h1', {}, 'Kinds of items'), LISTS(), content), async () => {
    const [stats, replays] = await Promise.all([/** @type {Promise<Api.Stats>} */ (get('stats')), list('replays', {})]);
    const rows = Object.entries(stats.items).map(([type, count]) => el('tr', { 'data-key': type },
      el('td', {}, clipped(type)), el('td', {}, count.toLocaleString('en')), el('td', {}, bytes(stats.item_bytes[type] ?? 0))));
    redraw(content, rows.length ? el('div', {}, table(['Item', 'Count', 'Size'], rows),
      section('Replays', replays.length ? el('ul', { class: 'rows' }, replays.map(replay)) : null))
      : el('p', { class: 'empty' }, 'Nothing has arrived.'));
  });
}

/** @param {Api.Replay} it */
function replay(it) {
  return el('li', { class: 'row', 'data-key': it.replay_id },
    el('div', { class: 'what' }, el('code', {}, it.replay_id.slice(0, 32)), ' ', clipped(it.urls.join(', ')),
      el('p', {}, it.error_ids.map((id) => [el('a', { href: `/events/${encodeURIComponent(id)}` }, `event ${id.slice(0, 8)}`), ' ']))),
    el('div', { class: 'number' }, many(it.segments, 'segment'), el('br'), bytes(it.bytes)), el('div', { class: 'number' }, ago(it.last_seen)));
}
