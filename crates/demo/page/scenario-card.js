// One scenario: what it is, how to fire it, and what came of it the last time.

import { badge, el } from './dom.js';
import { counted, outcome } from './scenario-verdict.js';

/**
 * @param {Stage.State} state
 * @param {Stage.Service | undefined} service
 * @param {Stage.Catalogue} catalogue
 * @param {Stage.Scenario} scenario
 * @param {boolean} clicked Whether it was fired a moment ago.
 */
export function card(state, service, catalogue, scenario, clicked) {
  const run = state.runs[scenario.id];
  const burst = state.bursts[scenario.id];
  const running = clicked || ['called', 'waiting', 'late'].includes(run?.phase ?? '') || burst?.done === false;
  const off = running || service?.state !== 'serving' || Boolean(scenario.unavailable) || Boolean(state.check?.running);
  const level = scenario.expect.level ?? 'none';
  return el('li', { class: `card ${level}`, 'data-key': scenario.id },
    el('div', { class: 'about-scenario' },
      el('h3', {}, badge(scenario.expect.level ?? 'no event', level), ' ', scenario.title),
      el('p', { class: 'quiet' }, scenario.demonstrates),
      el('p', {}, el('code', {}, `${scenario.method} ${scenario.path}`)),
      scenario.unavailable ? el('p', {}, `Not available here: ${scenario.unavailable}`) : null),
    el('div', { class: 'fire' },
      scenario.parameters.map((it) => input(scenario, it)),
      buttons(scenario, off, running),
      held(catalogue, service, scenario, off)),
    el('div', { class: 'outcome' },
      clicked && !run ? el('p', {}, 'Called …') : null,
      burst && (!run || burst.started_at > run.started_at) ? counted(burst) : null,
      run && !(burst && burst.started_at > run.started_at) ? outcome(state, catalogue, run) : null,
      scenario.look_for ? el('p', { class: 'quiet' }, 'Look for: ', scenario.look_for) : null));
}

/** @param {Stage.Scenario} scenario @param {boolean} off @param {boolean} running */
function buttons(scenario, off, running) {
  const button = (/** @type {number} */ times, /** @type {string} */ words, /** @type {string} */ label) =>
    el('button', { type: 'button', class: times === 1 ? 'break' : null, 'data-action': 'fire', 'data-scenario': scenario.id,
      'data-times': times, 'aria-label': `${label}: ${scenario.title}`, disabled: off }, words);
  if (scenario.method !== 'GET') return button(1, 'Release', 'Release');
  return [
    button(1, running ? 'Breaking …' : 'Break it', 'Break it'),
    button(10, '×10', 'Break it ten times at once'),
    button(100, '×100', 'Break it a hundred times in a second'),
  ];
}

/** @param {Stage.Scenario} scenario @param {Stage.Parameter} parameter */
function input(scenario, parameter) {
  if (typeof parameter.default !== 'number') return null;
  const { name, min, max } = parameter;
  return el('label', { 'data-key': name }, `${name} `,
    el('input', { type: 'number', name, value: parameter.default, min, max, step: 'any', required: true,
      'data-scenario': scenario.id, title: `from ${min} to ${max}` }));
}

/**
 * What is still held of it, and the scenario that gives it back.
 *
 * @param {Stage.Catalogue} catalogue @param {Stage.Service | undefined} service @param {Stage.Scenario} scenario
 * @param {boolean} off
 */
function held(catalogue, service, scenario, off) {
  const what = service?.held[scenario.id];
  if (what === undefined || scenario.method !== 'GET') return null;
  const reset = catalogue.scenarios.find((it) => it.method === 'DELETE' && it.path === scenario.path);
  return el('p', { class: 'held', 'data-key': 'held' }, `held: ${amount(what)} `,
    reset ? el('button', { type: 'button', 'data-action': 'fire', 'data-scenario': reset.id, disabled: off,
      'aria-label': `Release: ${scenario.title}` }, 'Release') : null);
}

/** @param {unknown} held */
function amount(held) {
  if (typeof held !== 'object' || held === null) return String(held);
  return Object.entries(held).map(([name, value]) => {
    const unit = name.endsWith('_mb') ? ' MB' : '';
    return unit ? `${value}${unit}` : `${name.replaceAll('_', ' ')} ${JSON.stringify(value)}`;
  }).join(', ');
}
