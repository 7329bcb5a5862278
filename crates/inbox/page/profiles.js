// What a process did: a flame graph of a range of time, of a request, or of the time before an event.

import { hints } from './additions.js';
import { get, list } from './api.js';
import { el, live } from './dom.js';
import { asked, keep } from './address.js';
import { flame } from './flame.js';
import { hottest } from './hottest.js';
import { range } from './range.js';
import { redraw } from './redraw.js';
import { duration, exact, many } from './time.js';

/** Parameters of the address that the API understands, too. */
const QUESTION = ['profiler', 'transaction', 'event', 'from', 'to', 'thread'];

/** @type {Tab} */
export default { name: 'Profiles', path: '/profiles', views: [[/^\/profiles$/, profiles]] };

/**
 * Profiles by service; `?transaction=` shows that request alone, `?event=` the 10 s before it. What is shown stays until
 * the reader chooses something else.
 */
function profiles() {
  const [bar, content] = [el('div'), el('div')];
  const newer = el('div', { role: 'status' });
  /** @type {Api.Profile | null} */
  let shown = null;
  document.title = 'Profiles · Inbox';

  const show = async () => {
    shown = await profile();
    newer.replaceChildren();
    const focused = content.contains(document.activeElement) ? label(document.activeElement) : null;
    content.replaceChildren(...(shown ? body(shown, choose) : [nothing()]));
    controls(content).find((it) => label(it) === focused)?.focus({ preventScroll: true });
  };
  /** @param {{ [name: string]: string | null }} chosen What is `null` is no longer asked for. */
  const choose = (chosen) => {
    keep(chosen);
    return show();
  };

  return live(el('div', {}, el('h1', {}, title()), bar, newer, content), async () => {
    const profilers = await list('profilers', {});
    if (!shown?.nodes.length) await show();
    const current = shown?.profiler;
    redraw(bar, scoped() ? null : services(profilers, current, choose));
    const latest = profilers.find((it) => it.profiler_id === current?.profiler_id);
    if (current && latest && latest.to > current.to && !scoped()) {
      redraw(newer, offer(latest.to - current.to, () => choose({ from: null, to: null })));
    }
  });
}

/**
 * What a reader acts on.
 *
 * @param {HTMLElement} content
 */
function controls(content) {
  return /** @type {HTMLElement[]} */ ([...content.querySelectorAll('button, select, input')]);
}

/** @param {Element | null} control */
function label(control) {
  return control && (control.getAttribute('aria-label') ?? control.textContent);
}

/** Whether the address asks for a request or for the time before an event. */
function scoped() {
  return Boolean(asked('transaction') || asked('event'));
}

function title() {
  if (asked('transaction')) return 'Profile of a request';
  return asked('event') ? 'The 10 s before an event' : 'Profiles';
}

/** What the address asks for; nothing where no profile is held at all. */
async function profile() {
  const question = new URLSearchParams(QUESTION.filter((name) => asked(name)).map((name) => [name, asked(name)]));
  if (!scoped() && !question.has('profiler')) {
    const [latest] = await list('profilers', {});
    if (!latest) return null;
    question.set('profiler', latest.profiler_id);
  }
  return /** @type {Promise<Api.Profile>} */ (get(`profile?${question}`));
}

/**
 * @param {Api.Profile} profile
 * @param {(chosen: { [name: string]: string | null }) => Promise<void>} choose
 */
function body(profile, choose) {
  const graph = flame(profile);
  return [
    scope(),
    about(profile),
    scoped() ? null : range(profile, choose),
    threads(profile, choose),
    graph,
    profile.nodes.length ? hottest(profile.functions, profile.busy_ms, graph.search) : null,
    exports(profile),
  ].filter((it) => it !== null);
}

/** Where the reader came from. */
function scope() {
  const [transaction, event] = [asked('transaction'), asked('event')];
  if (transaction) return el('p', {}, el('a', { href: `/transactions/${encodeURIComponent(transaction)}` }, 'The request'));
  return event ? el('p', {}, el('a', { href: `/events/${encodeURIComponent(event)}` }, 'The event')) : null;
}

/** @param {Api.Profile} profile */
function about({ profiler, from, to, samples, busy_ms, by_span }) {
  return el('p', { class: 'quiet' },
    [profiler.release ?? profiler.profiler_id, profiler.environment, profiler.platform].filter(Boolean).join(' · '),
    `: ${many(samples, 'sample')}, ${duration(busy_ms)} in all threads within `,
    el('span', { title: `${exact(from)} to ${exact(to)}` }, duration((to - from) * 1000)),
    asked('transaction') && by_span ? '. Only samples of this request’s spans.' : '.',
    asked('transaction') && !by_span ? ' Other requests on the same thread are among them.' : null);
}

/**
 * @param {Api.Profiler[]} profilers
 * @param {Api.Profiler | undefined} current
 * @param {(chosen: { [name: string]: string | null }) => void} choose
 */
function services(profilers, current, choose) {
  if (!profilers.length) return null;
  const option = (/** @type {Api.Profiler} */ it) => el('option',
    { value: it.profiler_id, selected: it.profiler_id === current?.profiler_id },
    `${it.release ?? it.profiler_id} · ${exact(it.from).slice(11, 19)} to ${exact(it.to).slice(11, 19)}`);
  const onchange = (/** @type {Event & { target: HTMLSelectElement }} */ { target }) =>
    choose({ profiler: target.value, from: null, to: null, thread: null });
  return el('form', { class: 'filters' }, el('select', { 'aria-label': 'Process', onchange }, profilers.map(option)));
}

/**
 * @param {Api.Profile} profile
 * @param {(chosen: { [name: string]: string | null }) => void} choose
 */
function threads({ threads, thread }, choose) {
  const there = threads.some((it) => it.id === thread) || !thread ? threads : [{ id: thread, name: null, busy_ms: 0 }, ...threads];
  const option = (/** @type {Api.ProfiledThread} */ it) => el('option', { value: it.id, selected: it.id === thread },
    `${it.name ?? 'thread'} (${it.id}) · ${duration(it.busy_ms)}`);
  const onchange = (/** @type {Event & { target: HTMLSelectElement }} */ { target }) => choose({ thread: target.value });
  return el('form', { class: 'filters' }, el('select', { 'aria-label': 'Thread', onchange },
    el('option', { value: '' }, `Every thread (${threads.length})`), there.map(option)));
}

/** @param {number} seconds @param {() => void} show */
function offer(seconds, show) {
  return el('p', { class: 'notice' }, `${duration(seconds * 1000)} of newer samples arrived. `,
    el('button', { type: 'button', onclick: show }, 'Show all'));
}

/** @param {Api.Profile} profile */
function exports({ profiler }) {
  const question = new URLSearchParams(QUESTION.filter((name) => asked(name)).map((name) => [name, asked(name)]));
  if (!scoped()) question.set('profiler', profiler.profiler_id);
  return el('p', { class: 'quiet' }, 'These samples for ',
    el('a', { href: `/api/profile/speedscope?${question}`, download: 'profile.speedscope.json' }, 'speedscope'), ' and for ',
    el('a', { href: `/api/profile/pprof?${question}`, download: 'profile.pb.gz' }, 'pprof'), '.');
}

function nothing() {
  const commands = hints().profiles;
  return el('div', { class: 'empty' },
    el('h2', {}, 'No profile is held'),
    el('p', {}, 'Processes send profile chunks while something runs in them; the first comes some seconds after that begins. ',
      commands.length ? 'Make one work:' : null),
    commands.map((it) => el('pre', { tabindex: '0' }, it)),
    el('p', { class: 'quiet' }, 'There is none where the profiler of the SDK is off, or does not exist for the platform.'));
}
