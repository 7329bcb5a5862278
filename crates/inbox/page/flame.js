// A flame graph: callers above, what they call below, as wide as it ran.

import { el } from './dom.js';
import { arranged } from './stacks.js';
import { duration } from './time.js';

/** What is too narrow to be seen is not drawn. */
const NARROWEST = 0.001;

/** Height of a row, as the style sheet has it. */
const ROW = 1.35;

/** @typedef {import('./stacks.js').Box} Box */

const FRAMES = /** @type {const} */ ({
  called: 'Own code and what it calls',
  own: 'Own code alone',
  all: 'Every frame',
});

/**
 * The graph with its search, and what is below the pointer or has the focus in words. Boxes are the items of a tree: arrow
 * keys go to callers, callees and neighbours, Enter zooms, Escape resets. Its method `search` looks for a name.
 *
 * @param {Api.Profile} profile
 */
export function flame(profile) {
  if (!profile.nodes.length) return Object.assign(nothing(profile), { search: () => {} });
  const tree = el('div', { class: 'flame', role: 'tree', 'aria-label': 'Flame graph' });
  const about = el('p', { class: 'quiet about', 'aria-hidden': 'true' });
  const found = el('span', { class: 'quiet', role: 'status' });
  const reset = el('button', { type: 'button', onclick: () => zoom(root) }, 'Reset');
  const words = el('input', { type: 'search', placeholder: 'Function, file …', 'aria-label': 'Search', oninput: () => draw() });
  const frames = el('select', { 'aria-label': 'Frames', onchange: () => zoom(arrange()) },
    Object.entries(FRAMES).map(([value, name]) => el('option', { value }, name)));
  /** @type {Map<HTMLElement, Box>} */
  const boxes = new Map();
  let root = arranged(profile, 'called');
  let zoomed = root;

  const arrange = () => (root = arranged(profile, /** @type {keyof typeof FRAMES} */ (frames.value)));
  const zoom = (/** @type {Box} */ box) => {
    zoomed = box;
    draw();
    focus(box, false);
  };
  const draw = () => {
    const wanted = words.value.trim().toLowerCase();
    boxes.clear();
    for (const placed of places(zoomed)) boxes.set(drawn(placed, root, wanted), placed.box);
    tree.replaceChildren(...boxes.keys());
    tree.style.height = `${ROW * (1 + Math.max(...[...boxes.values()].map((it) => it.depth)))}rem`;
    found.textContent = wanted ? `${share(matched(root, wanted), root)} of the time` : '';
    reset.disabled = zoomed === root;
  };
  /** @param {Box} box @param {boolean} take Whether it takes the focus, or only would. */
  const focus = (box, take) => {
    for (const [element, it] of boxes) {
      element.tabIndex = it === box ? 0 : -1;
      if (it === box && take) element.focus();
    }
  };
  /** @param {Event} event */
  const pointed = ({ target }) => {
    const box = target instanceof HTMLElement ? boxes.get(target) : null;
    if (box) about.textContent = described(box, root);
  };
  tree.addEventListener('focusin', pointed);
  tree.addEventListener('pointerover', pointed);
  tree.addEventListener('click', ({ target }) => {
    const box = target instanceof HTMLElement ? boxes.get(target) : null;
    if (box) zoom(box);
  });
  tree.addEventListener('keydown', (event) => {
    const box = event.target instanceof HTMLElement ? boxes.get(event.target) : null;
    const next = box && reached(event.key, box, root);
    if (!next) return;
    event.preventDefault();
    if (['Enter', ' ', 'Escape'].includes(event.key)) zoom(next);
    if ([...boxes.values()].includes(next)) focus(next, true);
  });

  zoom(arrange());
  const bar = el('form', { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ it) => it.preventDefault() },
    frames, words, reset, found);
  const omitted = profile.omitted ? `${profile.omitted.toLocaleString('en')} boxes that ran too shortly are left out.` : '';
  /** @param {string} name */
  const search = (name) => {
    words.value = name;
    draw();
    tree.scrollIntoView({ block: 'nearest' });
  };
  const view = el('section', {}, bar, el('div', { class: 'flames' }, tree), about, el('p', { class: 'quiet' }, omitted));
  return Object.assign(view, { search });
}

/** @param {Api.Profile} profile */
function nothing({ by_span }) {
  const why = by_span ? 'It ran shorter than the 10 ms between two samples, or only waited.'
    : 'All threads were idle, or the chunk of this time has not arrived: processes send one every 10 s.';
  return el('p', { class: 'empty' }, `No sample is from here. ${why}`);
}

/**
 * Where a key leads to.
 *
 * @param {string} key
 * @param {Box} box
 * @param {Box} root
 */
function reached(key, box, root) {
  const beside = box.parent?.children ?? [box];
  const place = beside.indexOf(box);
  return {
    Enter: box, ' ': box, Escape: root, Home: root,
    ArrowUp: box.parent, ArrowDown: box.children[0], ArrowLeft: beside[place - 1], ArrowRight: beside[place + 1],
  }[key] ?? null;
}

/** @typedef {{ box: Box, left: number, width: number }} Placed */

/**
 * The boxes that are wide enough, callers first: those above the zoomed one as wide as all, the others as their time says.
 *
 * @param {Box} zoomed
 */
function places(zoomed) {
  /** @type {Placed[]} */
  const placed = [];
  for (let above = zoomed.parent; above; above = above.parent) placed.unshift({ box: above, left: 0, width: 1 });
  /** @type {Placed[]} */
  const waiting = [{ box: zoomed, left: 0, width: 1 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    placed.push(next);
    let { left } = next;
    /** @type {Placed[]} */
    const below = [];
    for (const box of next.box.children) {
      const width = zoomed.total ? box.total / zoomed.total : 0;
      if (width >= NARROWEST) below.push({ box, left, width });
      left += width;
    }
    // The leftmost is taken next: a screen reader goes through the boxes as they are drawn.
    waiting.push(...below.reverse());
  }
  return placed;
}

/** @param {Placed} placed @param {Box} root @param {string} wanted */
function drawn({ box, left, width }, root, wanted) {
  const kind = [box.own ? 'own' : 'library', fits(box, wanted) ? 'match' : ''].join(' ').trim();
  const words = described(box, root);
  const element = el('div', { role: 'treeitem', class: `box ${kind}`, 'aria-level': box.depth + 1, 'aria-label': words,
    title: words, tabindex: '-1' }, box.name);
  element.style.left = `${100 * left}%`;
  element.style.width = `${100 * width}%`;
  element.style.top = `${ROW * box.depth}rem`;
  return element;
}

/** @param {Box} box @param {string} wanted */
function fits(box, wanted) {
  return wanted !== '' && box.text.includes(wanted);
}

/**
 * The time of what fits, counted once where one box that fits is below another.
 *
 * @param {Box} root
 * @param {string} wanted
 */
function matched(root, wanted) {
  let sum = 0;
  const waiting = [root];
  for (let box = waiting.pop(); box; box = waiting.pop()) {
    if (fits(box, wanted)) sum += box.total;
    else waiting.push(...box.children);
  }
  return sum;
}

/** @param {Box} box @param {Box} root */
function described(box, root) {
  const where = [box.name, box.file, box.own ? 'own code' : null].filter(Boolean).join(', ');
  return `${where}: ${duration(box.total)}, ${share(box.total, root)}; itself ${duration(box.self)}`;
}

/** @param {number} time @param {Box} root */
function share(time, root) {
  return `${(root.total ? (100 * time) / root.total : 0).toFixed(1)} %`;
}
