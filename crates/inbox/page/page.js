// The frame: which tab and which view the address means, and keeping that view up to date. It knows no tab by name.

import { addedTabs } from './additions.js';
import { clear, message, Refused, Unreachable, watch } from './api.js';
import { el, live } from './dom.js';
import { redraw } from './redraw.js';
import { TABS } from './tabs.js';
import { many, tick } from './time.js';

const main = part('view');
/** Stands in for a view that cannot be shown. */
const trouble = el('p', { class: 'empty', role: 'status' });
/** @type {Tab[]} */
let tabs = TABS;
/** @type {View | null} */
let view = null;

/**
 * An element of the frame.
 *
 * @param {string} id
 */
function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element ${id}`);
  return element;
}

/** A link for each tab. */
function navigation() {
  part('tabs').replaceChildren(...tabs.map(({ name, path }) => el('a', { href: path }, name)));
}

/**
 * Shows the view of the address, `top` pixels down. The former one stays until this one is drawn.
 *
 * @param {number} top
 */
async function show(top) {
  // Unless the view has a title of its own.
  document.title = 'Inbox';
  const { tab, make } = meant();
  const mine = (view = make());
  main.setAttribute('aria-busy', 'true');
  await refreshNow();
  if (view !== mine) return;
  for (const [index, link] of [...part('tabs').children].entries()) {
    if (tabs[index] === tab) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  main.replaceChildren(trouble, view);
  main.removeAttribute('aria-busy');
  scrollTo(0, top);
}

/**
 * The tab whose view the address means, and what makes that view.
 *
 * @returns {{ tab: Tab | null, make: () => View }}
 */
function meant() {
  for (const tab of tabs) {
    for (const [pattern, view] of tab.views) {
      const match = pattern.exec(location.pathname);
      if (match) return { tab, make: () => view(...match.slice(1)) };
    }
  }
  return { tab: null, make: () => live(el('p', { class: 'empty' }, 'There is no such page.'), () => {}) };
}

async function refresh() {
  const current = view;
  if (!current) return;
  /** @type {string | HTMLElement} */
  let problem = '';
  try {
    await current.refresh();
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    problem = explained(error);
  }
  trouble.replaceChildren(problem);
  trouble.hidden = !problem;
  current.hidden = Boolean(problem);
}

/** @param {unknown} error */
function explained(error) {
  if (error instanceof Refused) {
    const why = `Not here: ${error.message}. It has not arrived yet, was cleared, or was pushed out by newer ones. `;
    return el('span', {}, why, el('a', { href: '/' }, 'Back to the first tab'));
  }
  console.error(error);
  return el('span', {}, `This cannot be shown (${message(error)}). What is held of it: `,
    el('a', { href: `/api${location.pathname}` }, `/api${location.pathname}`));
}

/**
 * A fault of the page itself, until the reader closes it.
 *
 * @param {string} words
 */
function report(words) {
  const close = el('button', { type: 'button', onclick: () => { part('fault').hidden = true; } }, 'Close');
  part('fault').replaceChildren(`${words} `, close);
  part('fault').hidden = false;
}

/**
 * Follows links within the page without loading it anew.
 *
 * @param {MouseEvent} click
 */
function follow(click) {
  const link = click.target instanceof Element ? click.target.closest('a') : null;
  const plain = click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);
  if (!link || !plain || link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
  click.preventDefault();
  if (link.href !== location.href) history.pushState(null, '', link.href);
  show(0).then(() => main.focus({ preventScroll: true }));
}

/**
 * Above every view: how much there is, and what was lost on the way.
 *
 * @param {Api.Stats} stats
 */
function summarise({ held, rejected, refused_items: refused, discarded, evicted }) {
  const lost = discarded.filter((it) => !it.by_rule);
  const forgotten = (evicted.events ?? 0) + (evicted.transactions ?? 0);
  const all = [
    many(held.events, 'event'),
    many(held.transactions, 'transaction'),
    rejected ? el('a', { href: '/envelopes' }, `${many(rejected, 'bad envelope')} refused`) : null,
    refused ? el('a', { href: '/envelopes' }, `${many(refused, 'item')} refused`) : null,
    lost.length ? el('a', { href: '/client-reports', title: reasons(lost) }, `${total(lost)} discarded by clients`) : null,
    forgotten ? `${forgotten.toLocaleString('en')} oldest forgotten` : null,
  ].filter((it) => it !== null);
  redraw(part('totals'), el('span', {}, all.map((it, index) => [index ? ', ' : null, it])));
}

/** @param {Api.Discarded[]} lines */
function total(lines) {
  return lines.reduce((sum, it) => sum + it.quantity, 0).toLocaleString('en');
}

/** The most frequent ones. @param {Api.Discarded[]} lines */
function reasons(lines) {
  const most = lines.toSorted((one, other) => other.quantity - one.quantity).slice(0, 10);
  return most.map(({ quantity, category, reason }) => `${quantity.toLocaleString('en')} ${category}: ${reason}`).join('\n');
}

const refreshNow = watch(
  (stats) => {
    summarise(stats);
    return refresh();
  },
  (reached) => {
    part('unreachable').hidden = reached;
  },
);

// Browsers restore the place before there is anything to scroll: it is kept with each entry of the history instead.
history.scrollRestoration = 'manual';
addEventListener('scrollend', () => history.replaceState({ top: scrollY }, ''));
addEventListener('popstate', ({ state }) => show(state?.top ?? 0));
addEventListener('error', ({ message: words }) => report(`The page has a fault: ${words}`));
addEventListener('unhandledrejection', ({ reason }) => report(`The page has a fault: ${message(reason)}`));
document.addEventListener('click', follow);
part('clear').addEventListener('click', () => {
  if (confirm('Forget everything that is held?')) clear().then(refreshNow, refreshNow);
});
setInterval(tick, 1000);
try {
  tabs = [...await addedTabs(report), ...TABS];
} catch (error) {
  report(`Further tabs cannot be asked for: ${message(error)}`);
}
navigation();
show(history.state?.top ?? 0);
