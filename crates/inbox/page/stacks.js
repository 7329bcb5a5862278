// The boxes of a flame graph, without the frames that the reader does not want to see.

/**
 * @typedef {object} Box
 * @property {string} name
 * @property {string | null} file
 * @property {boolean} own Whether it is the service's own code.
 * @property {string} text What is searched.
 * @property {number} self Milliseconds.
 * @property {number} total
 * @property {number} depth
 * @property {Box | null} parent
 * @property {Box[]} children As they are drawn, from the left.
 */

/** Stands for all that has no own code above it and none below. */
const LIBRARIES = { function: 'library code alone', module: null, file: null, in_app: false };

/**
 * The nodes of a profile as boxes below one root.
 *
 * `called` leaves out the libraries above own code, such as the runtime, and keeps what own code calls; `own` keeps own code
 * alone; `all` leaves out nothing. The time of a frame that is left out goes to the box above it.
 *
 * @param {Api.Profile} profile
 * @param {'called' | 'own' | 'all'} frames
 */
export function arranged({ nodes, functions, busy_ms }, frames) {
  const own = nodes.map((node) => functions[node.function]?.in_app ?? false);
  const [above, below] = [ownAbove(nodes, own), ownBelow(nodes, own)];
  const whole = frames === 'all' || !own.includes(true);
  const root = box({ ...LIBRARIES, function: 'all' }, null);
  /** @type {Box[]} */
  const boxes = [];
  /** @type {Map<Box, Map<string, Box>>} */
  const known = new Map();
  for (const [place, node] of nodes.entries()) {
    const parent = (node.parent === null ? null : boxes[node.parent]) ?? root;
    const code = functions[node.function] ?? LIBRARIES;
    let current = parent;
    if (whole || own[place] || (frames === 'called' && above[place] && !below[place])) current = child(parent, code, known);
    else if (!above[place] && !below[place]) current = child(root, LIBRARIES, known);
    current.self += node.self_ms;
    if (current !== parent) current.total += node.total_ms;
    boxes.push(current);
  }
  root.total = Math.max(busy_ms, root.children.reduce((sum, it) => sum + it.total, 0));
  for (const it of [root, ...boxes]) it.children.sort(byTime);
  return root;
}

/**
 * The longest first, and last what is no work of ours.
 *
 * @param {Box} one
 * @param {Box} other
 */
function byTime(one, other) {
  const alone = (/** @type {Box} */ it) => Number(it.name === LIBRARIES.function);
  return alone(one) - alone(other) || other.total - one.total;
}

/**
 * Which nodes have own code above them.
 *
 * @param {Api.ProfileNode[]} nodes
 * @param {boolean[]} own
 */
function ownAbove(nodes, own) {
  /** @type {boolean[]} */
  const above = [];
  // Each node comes after its parent.
  for (const { parent } of nodes) above.push(parent !== null && Boolean(own[parent] || above[parent]));
  return above;
}

/**
 * Which nodes have own code below them.
 *
 * @param {Api.ProfileNode[]} nodes
 * @param {boolean[]} own
 */
function ownBelow(nodes, own) {
  const below = nodes.map(() => false);
  for (const [place, { parent }] of [...nodes.entries()].reverse()) {
    if (parent !== null && (own[place] || below[place])) below[parent] = true;
  }
  return below;
}

/** @typedef {Pick<Api.ProfileFunction, 'function' | 'module' | 'file' | 'in_app'>} Code */

/**
 * The box of this function below that one; made when it is asked for first.
 *
 * @param {Box} parent
 * @param {Code} code
 * @param {Map<Box, Map<string, Box>>} known
 */
function child(parent, code, known) {
  const siblings = known.get(parent) ?? new Map();
  known.set(parent, siblings);
  const key = JSON.stringify([code.function, code.module, code.file, code.in_app]);
  const there = siblings.get(key) ?? box(code, parent);
  if (!siblings.has(key)) parent.children.push(there);
  siblings.set(key, there);
  return there;
}

/**
 * @param {Code} code
 * @param {Box | null} parent
 * @returns {Box}
 */
function box({ function: name, module, file, in_app: own }, parent) {
  const text = [name, module, file].filter(Boolean).join(' ').toLowerCase();
  return { name, file, own, text, self: 0, total: 0, depth: parent ? parent.depth + 1 : 0, parent, children: [] };
}
