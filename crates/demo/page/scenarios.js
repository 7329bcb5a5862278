// The tab from which a person runs the demo: the services, their scenarios, and what comes of them.

import { message } from './api.js';
import { el, live } from './dom.js';
import { redraw } from './redraw.js';
import { card } from './scenario-card.js';
import { chartsOf, fetchPoints } from './scenario-charts.js';
import { checked } from './scenario-check.js';
import { controls } from './scenario-controls.js';
import { service } from './scenario-services.js';
import { call, catalogues, follow } from './scenario-stage.js';

document.head.append(el('link', { rel: 'stylesheet', href: '/scenarios.css' }));

/** @type {Tab} */
export default { name: 'Scenarios', path: '/', views: [[/^\/(?:scenarios)?$/, scenarios]] };

/** What a visitor who has broken nothing yet is offered: the end of an id, and one sentence. */
const FIRST = [
  ['game-engine.crash', 'Break a request: a panic in the paytable', 'One fatal event, and a process that lives on.'],
  ['payment.event-loop-block', 'Block an event loop', 'A watchdog that did not know of it reports the stack of the blocked worker.'],
  ['payment.stack-overflow-native', 'Crash a process', 'A native crash: the signal, and the stack that overflowed.'],
];

/** How often the charts are drawn anew, milliseconds. */
const CHARTS = 2000;

function scenarios() {
  document.title = 'Scenarios · Inbox';
  const head = el('div', { class: 'services' });
  const bar = el('div', { class: 'controls' });
  const first = el('div');
  const check = el('div');
  const list = el('div');
  const said = el('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  const fault = el('p', { class: 'fault', role: 'alert', hidden: true });
  const view = el('div', { class: 'stage' }, el('h1', { class: 'unseen' }, 'Scenarios'),
    head, bar, fault, first, check, list, said);

  /** @type {Stage.State | null} */
  let state = null;
  /** @type {Stage.Catalogue[]} */
  let listed = [];
  /** Scenarios that were clicked and are not in the state yet. @type {Set<string>} */
  const clicked = new Set();

  const draw = () => {
    if (!state) return;
    const shown = state;
    redraw(head, shown.services.map((it) => service(it, chartsOf(it))));
    redraw(bar, controls(shown));
    redraw(first, Object.keys(shown.runs).length + Object.keys(shown.bursts).length ? null : offered(listed));
    redraw(check, checked(shown.check));
    redraw(list, listed.map((it) => section(shown, it, clicked)));
  };

  /** @param {HTMLElement} button */
  const act = async (button) => {
    const { action = '', scenario = '', times = '1' } = button.dataset;
    if (action === 'fire') clicked.add(scenario);
    draw();
    try {
      await call(action, { scenario, times: Number(times), parameters: chosen(view, scenario), value: value(button) });
      fault.hidden = true;
    } catch (error) {
      fault.textContent = `${message(error)}.`;
      fault.hidden = false;
    }
    clicked.delete(scenario);
    draw();
  };

  view.addEventListener('click', (click) => {
    const button = click.target instanceof Element ? click.target.closest('button[data-action]') : null;
    if (button instanceof HTMLElement) act(button);
  });
  view.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement && target.dataset.action) act(target);
  });

  follow(view, async (now) => {
    const changes = !state || now.services.some((it, index) => it.catalogue !== state?.services[index]?.catalogue);
    if (changes) listed = await catalogues();
    announce(said, state, now);
    state = now;
    draw();
  });
  const points = async () => {
    if (!document.hidden && await fetchPoints()) draw();
    if (view.isConnected) setTimeout(points, CHARTS);
  };
  setTimeout(points, 0);
  return live(view, () => {});
}

/**
 * The scenarios of one service.
 *
 * @param {Stage.State} state
 * @param {Stage.Catalogue} catalogue
 * @param {Set<string>} clicked
 */
function section(state, catalogue, clicked) {
  const known = state.services.find((it) => it.name === catalogue.name);
  return el('section', { 'data-key': catalogue.name },
    el('h2', {}, catalogue.name),
    el('ul', { class: 'cards' }, catalogue.scenarios.map((it) => card(state, known, catalogue, it, clicked.has(it.id)))));
}

/** @param {Stage.Catalogue[]} listed */
function offered(listed) {
  const there = FIRST.filter(([id]) => listed.some(({ scenarios }) => scenarios.some((it) => it.id === id && !it.unavailable)));
  if (!there.length) return null;
  return el('section', { class: 'first' }, el('h2', {}, 'Nothing is broken yet. Break something:'),
    el('div', { class: 'offers' }, there.map(([id, title, why]) =>
      el('button', { type: 'button', 'data-action': 'fire', 'data-scenario': id }, el('strong', {}, title), el('span', {}, why)))));
}

/**
 * The numbers in the inputs of a scenario.
 *
 * @param {HTMLElement} view @param {string} scenario
 */
function chosen(view, scenario) {
  /** @type {{ [name: string]: number }} */
  const numbers = {};
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (view.querySelectorAll('input[data-scenario]'))) {
    if (input.dataset.scenario === scenario && input.value !== '') numbers[input.name] = Number(input.value);
  }
  return numbers;
}

/** @param {HTMLElement} element */
function value(element) {
  return element instanceof HTMLSelectElement ? element.value : element.dataset.value ?? '';
}

/**
 * Says what has arrived, for those who do not see it.
 *
 * @param {HTMLElement} said @param {Stage.State | null} before @param {Stage.State} now
 */
function announce(said, before, now) {
  if (!before) return;
  const words = Object.entries(now.runs).filter(([id, run]) => {
    const old = before.runs[id];
    return run.phase !== old?.phase && (run.phase === 'judged' || run.phase === 'late');
  }).map(([id, run]) => {
    if (run.phase === 'late') return `${id}: the event has not arrived within 5 seconds.`;
    const broken = run.parts.filter((part) => !part.kept).length;
    return `${id}: answered ${run.answer?.status ?? 'nothing'}, ${run.events.length} events arrived, `
      + (broken ? `${broken} parts of the promise are broken.` : 'every promise is kept.');
  });
  for (const it of now.services) {
    const old = before.services.find(({ name }) => name === it.name);
    if (old && old.state !== it.state) words.push(`${it.name} is ${it.state}.`);
  }
  if (words.length) said.textContent = words.join(' ');
}
