// How a service is: its state, its figures, what it lacks.

import { el } from './dom.js';
import { ago } from './time.js';

/** What is missing without a dependency, and how to get it, in one line. */
const REMEDIES = {
  mongodb: { without: 'There is no MongoDB', start: 'docker run -p 127.0.0.1:27017:27017 mongo:8' },
  rabbitmq: { without: 'There is no RabbitMQ', start: 'docker run -p 127.0.0.1:5672:5672 rabbitmq:4' },
};

const STATES = { starting: 'starting', serving: 'serving', down: 'down', given_up: 'given up' };

/** How long a past death is shown, seconds. */
const REMEMBERED = 300;

/** @param {Stage.Service} service @param {HTMLElement} charts */
export function service(service, charts) {
  return el('article', { class: `stage-service ${service.state}`, 'data-key': service.name, 'aria-label': service.name },
    el('h2', {}, el('span', { class: 'dot', 'aria-hidden': 'true' }, service.state === 'serving' ? '●' : '✗'),
      ` ${service.name} `, el('span', { class: 'version' }, service.version ?? ''), ' ',
      el('span', { class: service.state === 'serving' ? 'unseen' : 'badge fatal' }, STATES[service.state])),
    why(service),
    charts,
    lacks(service));
}

/** @param {Stage.Service} service */
function why({ why, state, restarts }) {
  if (!why) return null;
  const there = state === 'serving';
  if (there && Date.now() / 1000 - why.at > REMEMBERED) return null;
  const back = there ? `; it is back, ${restarts === 1 ? 'restarted once' : `restarted ${restarts} times`}`
    : why.back_at ? `; it is started again in ${Math.max(0, why.back_at - Date.now() / 1000).toFixed(1)} s` : '';
  return el('details', { class: there ? 'why quiet' : 'why fault', 'data-key': 'why' },
    el('summary', {}, there ? 'died ' : 'ended ', ago(why.at), `: ${why.how}${back}`),
    why.output_tail.length ? el('pre', { tabindex: '0' }, why.output_tail.join('\n')) : el('p', {}, 'It wrote nothing.'));
}

/** @param {Stage.Service} service */
function lacks({ dependencies, state }) {
  if (state !== 'serving') return null;
  const missing = Object.entries(REMEDIES).filter(([name]) => dependencies[name] && dependencies[name] !== 'up');
  if (!missing.length) return null;
  const words = missing.map(([name, { without }]) => dependencies[name] === 'memory' ? 'Balances are kept in memory' : without);
  return el('details', { class: 'quiet lacks', 'data-key': 'lacks' },
    el('summary', {}, `${words.join('. ')}. How to get it`),
    el('p', {}, 'Start the demo with ', el('code', {}, 'cargo run -- --full'), ', or start it again after:'),
    missing.map(([, { start }]) => el('pre', { tabindex: '0' }, start)));
}
