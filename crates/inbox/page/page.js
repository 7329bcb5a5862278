// Which view the address means, and keeping it up to date.

import { clear, Refused, Unreachable, watch } from './api.js';
import { el } from './dom.js';
import { event } from './event.js';
import { issue } from './issue.js';
import { issues } from './issues.js';
import { logs, metrics, sessions } from './telemetry.js';
import { many, tick } from './time.js';
import { transaction } from './transaction.js';
import { transactions } from './transactions.js';

/** A view is made from what its pattern caught; it is an element with a method `refresh`, called on each change. */
const VIEWS = [
  [/^\/$/, issues],
  [/^\/issues\/([^/]+)$/, issue],
  [/^\/events\/([^/]+)$/, event],
  [/^\/transactions$/, transactions],
  [/^\/transactions\/([^/]+)$/, transaction],
  [/^\/logs$/, logs],
  [/^\/metrics$/, metrics],
  [/^\/sessions$/, sessions],
];

const main = document.getElementById('view');
/** Stands in for a view that cannot be shown. */
const trouble = el('p', { class: 'empty', role: 'status' });
let view = null;

/** Shows the view of the address, `top` pixels down. The former one stays until this one is drawn. */
async function show(top) {
  // Unless the view has a title of its own.
  document.title = 'Inbox';
  const mine = (view = make());
  main.setAttribute('aria-busy', 'true');
  await refreshNow();
  if (view !== mine) return;
  for (const link of document.querySelectorAll('nav a')) {
    if (isAbove(link.pathname)) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  main.replaceChildren(trouble, view);
  main.removeAttribute('aria-busy');
  scrollTo(0, top);
}

function make() {
  for (const [pattern, view] of VIEWS) {
    const match = pattern.exec(location.pathname);
    if (match) return view(...match.slice(1));
  }
  return Object.assign(el('p', { class: 'empty' }, 'There is no such page.'), { refresh() {} });
}

/** Whether the address belongs to the part of the page that begins at this path. */
function isAbove(path) {
  const part = location.pathname.replace(/^\/(issues|events)\/.*/, '/');
  return part === path || (path !== '/' && part.startsWith(`${path}/`));
}

async function refresh() {
  const current = view;
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

function explained(error) {
  if (error instanceof Refused) {
    const why = `Not here: ${error.message}. It has not arrived yet, was cleared, or was pushed out by newer ones. `;
    return el('span', {}, why, el('a', { href: '/' }, 'All issues'));
  }
  console.error(error);
  return el('span', {}, `This cannot be shown (${error.message}). What is held of it: `,
    el('a', { href: `/api${location.pathname}` }, `/api${location.pathname}`));
}

/** Follows links within the page without loading it anew. */
function follow(click) {
  const link = click.target.closest('a');
  const plain = click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);
  if (!link || !plain || link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
  click.preventDefault();
  if (link.href !== location.href) history.pushState(null, '', link.href);
  show(0).then(() => main.focus({ preventScroll: true }));
}

/** Above every view: how much there is, and what was lost on the way. */
function tell({ held, rejected, discarded, evicted }) {
  const dropped = discarded.reduce((sum, it) => sum + it.quantity, 0);
  const forgotten = (evicted.events ?? 0) + (evicted.transactions ?? 0);
  document.getElementById('totals').textContent = [
    many(held.events, 'event'),
    many(held.transactions, 'transaction'),
    rejected ? `${many(rejected, 'bad envelope')} refused` : null,
    dropped ? `${dropped.toLocaleString('en')} dropped by clients` : null,
    forgotten ? `${forgotten.toLocaleString('en')} oldest forgotten` : null,
  ].filter(Boolean).join(', ');
}

const refreshNow = watch(
  (stats) => {
    tell(stats);
    return refresh();
  },
  (reached) => {
    document.getElementById('unreachable').hidden = reached;
  },
);

// Browsers restore the place before there is anything to scroll: it is kept with each entry of the history instead.
history.scrollRestoration = 'manual';
addEventListener('scrollend', () => history.replaceState({ top: scrollY }, ''));
addEventListener('popstate', ({ state }) => show(state?.top ?? 0));
document.addEventListener('click', follow);
document.getElementById('clear').addEventListener('click', () => {
  if (confirm('Forget all events, transactions, logs and metrics?')) clear().then(refreshNow, refreshNow);
});
setInterval(tick, 1000);
show(history.state?.top ?? 0);
