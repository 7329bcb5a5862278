// A list that is searched, sorted and paged, and that arrivals do not move while somebody reads it.

import { Refused } from './api.js';
import { el, live } from './dom.js';
import { asked, keep } from './address.js';
import { redraw, redrawList } from './redraw.js';
import { many } from './time.js';

/** How many entries are shown at first, and how many more each time the reader asks. */
const STEP = 100;

/** How long to wait after a key before the search begins, milliseconds. */
const PAUSE = 250;

/**
 * @template Item
 * @typedef {object} Listing
 * @property {string} title
 * @property {string} hint What can be searched for; empty where nothing can.
 * @property {Choice[]} [choices]
 * @property {import('./dom.js').Child} [above] Stands above the search.
 * @property {(narrowed: { [name: string]: string | number }) => Promise<{ entries: Item[], more: boolean }>} ask
 * @property {(item: Item) => string} key
 * @property {(item: Item) => HTMLElement} row
 * @property {HTMLElement} [list] What the rows are put into.
 * @property {(list: HTMLElement) => HTMLElement} [around] What that is put into.
 * @property {() => HTMLElement} empty Where nothing is held.
 */

/**
 * What the reader chooses from. The address keeps it under `name`, and the API gets it under the same.
 *
 * @typedef {{ name: string, label: string, options: [value: string, words: string][] }} Choice
 */

/**
 * @template Item
 * @param {Listing<Item>} listing
 * @returns {View}
 */
export function listing({ title, hint, choices = [], above = null, ask, key, row, list = el('ul', { class: 'rows' }), around, empty }) {
  document.title = `${title} · Inbox`;
  const content = el('div');
  const [arrived, trouble] = [el('div', { class: 'arrived', role: 'status' }), el('p', { role: 'status' })];
  const more = el('button', { type: 'button', onclick: () => {
    count += STEP;
    return update(true);
  } }, `Show ${STEP} more`);
  const rest = el('p', { hidden: true }, more);
  let count = STEP;
  /** @type {Item[] | null} */
  let shown = null;

  const narrowed = () => Object.fromEntries([['query', asked('q')], ...choices.map(({ name }) => [name, asked(name)])]);
  /** @param {boolean} whole Whether the reader asked for what is new, too. */
  const update = async (whole) => {
    const question = narrowed();
    const fresh = await ask({ ...question, limit: count }).catch((error) => {
      if (!(error instanceof Refused)) throw error;
      trouble.textContent = `The search cannot be read: ${error.message}.`;
      return null;
    });
    if (!fresh) return;
    trouble.replaceChildren();
    const held = shown && !whole && isRead(content) ? kept(shown, fresh.entries, key) : null;
    shown = held?.entries ?? fresh.entries;
    rest.hidden = !fresh.more;
    redraw(arrived, held?.arrived ? el('p', { class: 'notice' },
      el('button', { type: 'button', onclick: () => update(true) }, `${held.arrived.toLocaleString('en')} new`)) : null);
    const nothing = Object.values(question).some(Boolean)
      ? el('p', { class: 'empty' }, 'Nothing fits the search. ', el('a', { href: location.pathname }, 'Show all'))
      : empty();
    if (shown.length) {
      if (!content.contains(list)) content.replaceChildren(around?.(list) ?? list);
      redrawList(list, shown, key, row);
    } else {
      redraw(content, nothing);
    }
  };

  const bar = hint || choices.length ? search(hint, choices, () => update(true)) : null;
  return live(el('div', {}, el('h1', {}, title), above, bar, trouble, arrived, content, rest), () => update(false));
}

/**
 * Whether somebody points at a list, is in it with the keyboard, has selected something of it, or has scrolled into it.
 *
 * @param {HTMLElement} content
 */
function isRead(content) {
  const selection = getSelection();
  return content.matches(':hover') || content.contains(document.activeElement) || content.getBoundingClientRect().top < 0
    || Boolean(selection && !selection.isCollapsed && content.contains(selection.anchorNode));
}

/**
 * The entries that are shown, brought up to date where they are, and how many others there are by now.
 *
 * @template Item
 * @param {Item[]} shown
 * @param {Item[]} fresh
 * @param {(item: Item) => string} key
 */
function kept(shown, fresh, key) {
  const latest = new Map(fresh.map((it) => [key(it), it]));
  const entries = shown.map((it) => {
    const id = key(it);
    const now = latest.get(id) ?? it;
    latest.delete(id);
    return now;
  });
  // Those at the end were there before; they only moved up.
  return { entries, arrived: shown.length ? latest.size : 0 };
}

/** @param {string} hint @param {Choice[]} choices @param {() => Promise<void>} changed */
function search(hint, choices, changed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  const words = el('input', { type: 'search', placeholder: hint, 'aria-label': 'Search', value: asked('q'), maxlength: 1000,
    oninput: () => {
      keep({ q: words.value });
      clearTimeout(pause);
      pause = setTimeout(changed, PAUSE);
    } });
  const selects = choices.map(({ name, label, options }) => {
    const select = el('select', { 'aria-label': label, onchange: () => {
      keep({ [name]: select.value });
      return changed();
    } }, options.map(([value, words]) => el('option', { value, selected: value === asked(name) }, words)));
    return select;
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    clearTimeout(pause);
    return changed();
  };
  return el('form', { class: 'filters', role: 'search', onsubmit: submit }, hint ? words : null, selects);
}

/**
 * Above a list: further lists of the same tab.
 *
 * @param {[address: string, name: string][]} lists
 */
export function beside(lists) {
  return el('p', { class: 'beside' }, lists.map(([address, name]) => [
    el('a', { href: address, 'aria-current': location.pathname === address ? 'page' : null }, name), ' ']));
}

/**
 * What the reader learns of several states at once.
 *
 * @param {[count: number, noun: string][]} counts
 */
export function counted(counts) {
  return counts.filter(([count]) => count).map(([count, noun]) => many(count, noun)).join(', ');
}
