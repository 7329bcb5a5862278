// Which view the address means, and keeping it up to date.

import { clear, Refused, watch } from './api.js';
import { el, many, redraw } from './dom.js';
import { event } from './event.js';
import { issue, issues } from './issues.js';
import { logs, metrics, sessions } from './telemetry.js';
import { transaction, transactions } from './transaction.js';

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
let view = null;

/** Shows the view of the address. */
async function show() {
  for (const link of document.querySelectorAll('nav a')) {
    link.toggleAttribute('aria-current', link.pathname === location.pathname);
  }
  const [make, caught] = found();
  view = make(...caught);
  main.setAttribute('aria-busy', 'true');
  main.replaceChildren(view);
  await refresh();
  main.removeAttribute('aria-busy');
}

function found() {
  for (const [pattern, make] of VIEWS) {
    const match = pattern.exec(location.pathname);
    if (match) return [make, match.slice(1).map(decodeURIComponent)];
  }
  return [() => Object.assign(el('p', {}, 'There is no such page.'), { refresh() {} }), []];
}

async function refresh() {
  const current = view;
  try {
    await current.refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    redraw(current, el('p', { class: 'empty' }, `Not here: ${error.message}. It may have been cleared, or pushed out by newer ones. `, el('a', { href: '/' }, 'All issues')));
  }
}

/** Follows links within the page without loading it anew. */
function follow(click) {
  const link = click.target.closest('a');
  const plain = click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);
  if (!link || !plain || link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
  click.preventDefault();
  if (link.href !== location.href) history.pushState(null, '', link.href);
  show().then(() => {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  });
}

function tell({ held, rejected }) {
  const refused = rejected ? `, ${many(rejected, 'bad envelope')} refused` : '';
  document.getElementById('totals').textContent = `${many(held.events, 'event')}, ${many(held.transactions, 'transaction')}${refused}`;
}

document.addEventListener('click', follow);
addEventListener('popstate', show);
document.getElementById('clear').addEventListener('click', () => confirm('Forget all events, transactions, logs and metrics?') && clear());

show();
watch(
  (stats) => {
    tell(stats);
    return refresh();
  },
  (reached) => {
    document.getElementById('unreachable').hidden = reached;
  },
);
