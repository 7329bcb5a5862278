// What clients send: every kind of item that the page shows, and events as the services of this repository make them.

import { readdirSync, readFileSync } from 'node:fs';
import { id, spanId } from './inbox.js';

const SNAPSHOTS = new URL('../../../demo/tests/api/snapshots/', import.meta.url);

/** Now, in seconds since 1970. */
export function now() {
  return Date.now() / 1000;
}

/**
 * One of everything, all of one trace.
 *
 * @param {Awaited<ReturnType<typeof import('./inbox.js').startInbox>>} inbox
 */
export async function sendEverything(inbox) {
  const [trace, event, transaction, profiler] = [id(), id(), id(), id()];
  const sampled = transactionEvent(transaction, trace, profiler);
  const dsc = { trace_id: trace, public_key: 'inbox', environment: 'test' };
  await inbox.send({ event_id: event, trace: dsc },
    { type: 'event', payload: errorEvent(event, trace) },
    { type: 'attachment', filename: 'state.json', content_type: 'application/json', payload: { state: 1 } });
  await inbox.send({}, { type: 'event', payload: { event_id: id(), message: 'Only a message', level: 'info' } });
  await inbox.send({ trace: dsc }, { type: 'transaction', payload: sampled });
  await inbox.send({}, { type: 'log', payload: { items: [log(trace)] } });
  await inbox.send({}, { type: 'trace_metric', payload: { items: [metric(trace)] } });
  const aggregates = [{ started: new Date().toISOString(), did: 'user-7', exited: 3, errored: 1, crashed: 1 }];
  await inbox.send({}, { type: 'sessions', payload: { attrs: { release: 'shop@1.2.3' }, aggregates } });
  const discarded = [{ reason: 'queue_overflow', category: 'transaction', quantity: 7 }];
  await inbox.send({}, { type: 'client_report', payload: { timestamp: now(), discarded_events: discarded } });
  const spans = [sampled.contexts.trace.span_id, spanId()];
  await inbox.send({}, { type: 'profile_chunk', platform: 'rust', payload: profileChunk(profiler, now() - 9, spans) });
  await inbox.send({}, { type: 'check_in', payload: { check_in_id: id(), monitor_slug: 'nightly', status: 'ok', monitor_config: { schedule: { type: 'crontab', value: '0 3 * * *' }, timezone: 'Europe/Vienna' } } });
  await release(inbox);
  await inbox.send({ event_id: event }, { type: 'user_report', payload: { event_id: event, name: 'Anna', comments: 'It broke' } });
  await inbox.send({ event_id: id() }, { type: 'replay_event', payload: { replay_id: id(), urls: ['/basket/7'] } });
  const issue = (await inbox.get(`events/${event}`)).body.issue.id;
  return { trace, event, transaction, issue, profiler };
}

/**
 * The events of every scenario, from their snapshots, with values where those have masks.
 *
 * @returns {{ name: string, event: Api.Payload }[]}
 */
export function scenarioEvents() {
  return readdirSync(SNAPSHOTS).filter((name) => name.endsWith('.snap')).flatMap((name) => {
    const snapshot = readFileSync(new URL(name, SNAPSHOTS), 'utf8');
    const json = snapshot.split('---\n').slice(2).join('---\n').replaceAll('"[number]"', '1024');
    return /** @type {Api.Payload[]} */ (JSON.parse(json)).map((event) => ({
      name, event: { ...event, event_id: id(), timestamp: now() },
    }));
  });
}

/** @param {string} event @param {string} trace @returns {Api.Payload} */
export function errorEvent(event, trace) {
  const frames = [
    { function: 'tokio::runtime::run', filename: 'runtime.rs', lineno: 10, in_app: false },
    { function: 'tokio::task::poll', filename: 'task.rs', lineno: 20, in_app: false },
    {
      function: 'shop::basket::total', filename: 'src/basket.rs', lineno: 42, in_app: true,
      pre_context: ['fn total(&self) -> u32 {'], context_line: '    self.prices[self.last]', post_context: ['}'],
      vars: { last: 7 },
    },
  ];
  return {
    event_id: event, timestamp: now(), level: 'error', platform: 'rust', transaction: 'GET /basket/{id}',
    release: 'shop@1.2.3', environment: 'test', server_name: 'shop-1', logger: 'shop',
    exception: { values: [
      { type: 'ParseIntError', value: 'invalid digit' },
      {
        type: 'IndexError', value: 'index out of bounds', stacktrace: { frames },
        mechanism: { type: 'panic', handled: false, data: { thread: 'worker' } },
      },
    ] },
    threads: { values: [{ id: 7, name: 'worker', crashed: true, stacktrace: { frames } }] },
    breadcrumbs: { values: [
      { timestamp: now() - 0.02, category: 'request', message: 'GET /basket/7', level: 'info', data: { path: '/basket/7' } },
      { timestamp: now() - 0.01, category: 'basket', message: 'adding up', level: 'warning' },
    ] },
    tags: { service: 'shop', scenario: 'shop.basket', 'demo.run_id': 'run-1' },
    user: { id: 'user-7', username: 'anna' },
    contexts: {
      trace: { trace_id: trace, span_id: spanId(), op: 'http.server' },
      runtime: { name: 'rustc', version: '1.95.0', memory_mb: 21.5 },
      basket: { prices: 7 },
    },
    request: { method: 'GET', url: 'http://localhost/basket/7', query_string: 'full=1', headers: { Accept: '*/*' }, data: { a: 1 } },
    extra: { note: 'more' },
    fingerprint: ['{{ default }}', 'IndexError'],
    sdk: { name: 'sentry.rust', version: '0.49.5' },
  };
}

/** @param {string} event @param {string} trace @param {string} profiler */
export function transactionEvent(event, trace, profiler = id()) {
  const [root, child, start] = [spanId(), spanId(), now() - 2];
  const data = { 'thread.id': '101', 'thread.name': 'actix-rt|system:0|arbiter:0' };
  return {
    type: 'transaction', event_id: event, transaction: 'GET /basket/{id}', start_timestamp: start, timestamp: start + 0.2,
    release: 'shop@1.2.3', environment: 'test', tags: { service: 'shop', 'demo.run_id': 'run-1' },
    contexts: {
      profile: { profiler_id: profiler },
      trace: { trace_id: trace, span_id: root, parent_span_id: spanId(), op: 'http.server', status: 'ok', data },
    },
    spans: [
      {
        trace_id: trace, span_id: child, parent_span_id: root, op: 'db', description: 'baskets.find', status: 'ok',
        start_timestamp: start + 0.01, timestamp: start + 0.05, data: { 'db.system': 'mongodb' },
      },
      {
        trace_id: trace, span_id: spanId(), parent_span_id: child, op: 'function', description: 'decode',
        status: 'internal_error', start_timestamp: start + 0.02, timestamp: start + 0.03,
      },
    ],
  };
}

/** The runtime between the start of a thread and what a request runs, root first. */
const RUNTIME = ['std::sys::thread::start', 'std::panicking::catch_unwind', 'tokio::runtime::scheduler::current_thread::run',
  'tokio::runtime::task::poll', 'actix_http::h1::dispatcher::poll_request', 'actix_web::resource::call'];

/** What runs on the thread that handles requests, root first, and how many of 20 samples it has. */
const STACKS = /** @type {const} */ ([
  [['shop::scenarios::infinite_loop', 'shop::domain::simulation::converge', 'f64::sqrt'], 9],
  [['shop::scenarios::infinite_loop', 'shop::domain::simulation::converge'], 6],
  [['shop::basket::total', 'serde_json::to_string', 'itoa::format'], 3],
  [['tokio::runtime::park'], 2],
]);

/**
 * A chunk of 10 s at 101 Hz: a thread that computes for two of the spans in turn, and seven that are mostly idle.
 *
 * @param {string} profiler
 * @param {number} from Seconds since 1970.
 * @param {string[]} spans
 * @returns {Api.Payload}
 */
export function profileChunk(profiler, from, spans = [spanId(), spanId()]) {
  /** @type {Map<string, number>} */
  const names = new Map();
  const frame = (/** @type {string} */ name) => names.get(name) ?? names.set(name, names.size).size - 1;
  const stacks = [[], ...STACKS.map(([own]) => [...RUNTIME, ...own].reverse().map(frame))];
  const turns = STACKS.flatMap(([, times], index) => Array(times).fill(index + 1));
  const samples = [];
  for (let tick = 0; tick < 1010; tick += 1) {
    const timestamp = from + tick / 101;
    samples.push({ timestamp, stack_id: turns[tick % 20], thread_id: '101', span_id: spans[tick % spans.length] });
    for (let thread = 102; thread < 109 && tick % 100 < 2; thread += 1) {
      samples.push({ timestamp, stack_id: tick % 100 ? 0 : 3, thread_id: String(thread) });
    }
  }
  const threads = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [String(101 + index), { name: `worker-${index}` }]));
  const measured = (/** @type {number} */ most) => ({ unit: 'x', values: Array.from({ length: 10 }, (_, second) => ({
    timestamp: from + second, value: most * (0.5 + second / 20) })) });
  return {
    version: '2', profiler_id: profiler, chunk_id: id(), platform: 'rust', release: 'shop@1.2.3', environment: 'test',
    client_sdk: { name: 'sentry.rust', version: '0.49.5' },
    measurements: { cpu_usage: measured(97), memory_footprint: measured(24 * 1024 * 1024) },
    profile: {
      samples, stacks, thread_metadata: threads,
      frames: [...names.keys()].map((name) => ({
        function: name, module: name.split('::')[0], filename: `src/${name.split('::').at(-2)}.rs`, lineno: 7,
        in_app: name.startsWith('shop::'),
      })),
    },
  };
}

/** @param {string} trace @returns {Api.Payload} */
export function log(trace) {
  const attributes = { 'server.address': { value: 'shop-1', type: 'string' }, basket: { value: 7, type: 'integer' } };
  return { timestamp: now(), trace_id: trace, level: 'warn', body: 'The basket is nearly full', attributes };
}

/** @param {string} trace @returns {Api.Payload} */
export function metric(trace) {
  return { timestamp: now(), trace_id: trace, name: 'basket.total', type: 'gauge', value: 12.3456789, unit: 'euro' };
}

/**
 * A release with a commit and a deploy, as sentry-cli makes it.
 *
 * @param {{ url: string }} inbox
 */
async function release(inbox) {
  const url = `${inbox.url}/api/0/organizations/demo/releases/`;
  const headers = { authorization: 'Bearer any', 'content-type': 'application/json' };
  const send = (/** @type {string} */ method, /** @type {string} */ path, /** @type {object} */ body) => fetch(url + path, { method, headers, body: JSON.stringify(body) });
  await send('POST', '', { version: 'shop@1.2.3', projects: ['shop'] });
  await send('PUT', 'shop@1.2.3/', { commits: [{ id: 'c0ffee', message: 'Sell tea', author_name: 'Ada', timestamp: '2026-11-26T10:00:00Z' }], dateReleased: '2026-11-26T11:00:00Z' });
  await send('POST', 'shop@1.2.3/deploys/', { environment: 'production', name: 'first' });
}
