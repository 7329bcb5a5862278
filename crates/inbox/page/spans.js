// The spans of a trace as the rows of a waterfall: nested by parent, ordered by time, repeated siblings folded, and the
// critical path found. Nothing here draws. Parents can be missing, and spans can claim to be below each other.

/**
 * @typedef {object} Span
 * @property {string} id
 * @property {string | null} parent
 * @property {number} start Milliseconds since 1970.
 * @property {number} end
 * @property {string} op
 * @property {string} name
 * @property {string | null} status
 * @property {string | null} service What it ran in.
 * @property {string | null} transaction Id of the transaction that it belongs to.
 * @property {boolean} root Whether it is that transaction itself.
 * @property {Api.Payload | null} data Nothing where that is asked for only when somebody looks.
 */

/**
 * @typedef {object} Row
 * @property {'span' | 'repeated' | 'orphans'} kind
 * @property {string} key
 * @property {Span} span The span, or the first of several.
 * @property {Span[]} spans All that the row stands for; one for a span.
 * @property {number} depth
 * @property {Row[]} inside What shows when the row is opened: the siblings that are folded, each with what is below it.
 * @property {number} critical Milliseconds during which everything waited for this span itself.
 */

/** So many alike siblings are folded. */
const REPEATED = 3;

/**
 * @param {Span[]} sent
 * @returns {{ rows: Row[], start: number, end: number, known: Map<string, Span> }}
 */
export function assembled(sent) {
  const spans = distinct(sent);
  const below = Map.groupBy(spans, (it) => it.parent);
  for (const siblings of below.values()) siblings.sort(byTime);
  const known = new Map(spans.map((it) => [it.id, it]));
  const roots = spans.filter((it) => it.parent === null).sort(byTime);
  const trees = /** @type {Map<Span, Tree>} */ (new Map());
  for (const root of roots) grow(root, below, trees);
  // Their parents are missing, or they are below each other.
  const orphans = spans.filter((it) => it.parent !== null && !known.has(it.parent)).sort(byTime);
  for (const orphan of orphans) grow(orphan, below, trees);
  for (const circular of spans.toSorted(byTime)) {
    if (trees.has(circular)) continue;
    orphans.push(circular);
    grow(circular, below, trees);
  }
  const tops = [...roots, ...orphans].flatMap((it) => trees.get(it) ?? []);
  const critical = criticalPath(tops);
  const rows = lines(roots.flatMap((it) => trees.get(it) ?? []), 0, critical);
  if (orphans.length) rows.push(...unknownParent(orphans.flatMap((it) => trees.get(it) ?? []), critical));
  return { rows, ...extent(spans), known };
}

/** @typedef {{ span: Span, below: Tree[] }} Tree */

/** @param {Span[]} spans */
function distinct(spans) {
  /** @type {Map<string, Span>} */
  const known = new Map();
  for (const it of spans) {
    const end = Number.isFinite(it.end) ? it.end : it.start;
    if (Number.isFinite(it.start) && !known.has(it.id)) known.set(it.id, { ...it, end: Math.max(it.start, end) });
  }
  return [...known.values()];
}

/** @param {Span} one @param {Span} other */
function byTime(one, other) {
  return one.start - other.start || other.end - one.end;
}

/** @param {Span[]} spans */
function extent(spans) {
  let [start, end] = [Infinity, -Infinity];
  for (const it of spans) {
    start = Math.min(start, it.start);
    end = Math.max(end, it.end);
  }
  return spans.length ? { start, end } : { start: 0, end: 0 };
}

/**
 * The tree below a span, each span once; without recursion, since it can be as deep as there are spans.
 *
 * @param {Span} root
 * @param {Map<string | null, Span[]>} below
 * @param {Map<Span, Tree>} trees Those that are grown already.
 */
function grow(root, below, trees) {
  if (trees.has(root)) return;
  const top = { span: root, below: [] };
  trees.set(root, top);
  /** @type {Tree[]} */
  const waiting = [top];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const span of below.get(next.span.id) ?? []) {
      if (trees.has(span)) continue;
      const tree = { span, below: [] };
      trees.set(span, tree);
      next.below.push(tree);
      waiting.push(tree);
    }
  }
}

/**
 * How long everything waited for each span itself. Going back from the end of the whole, what ended last is what was
 * waited for; before it began, whatever ended last before that.
 *
 * @param {Tree[]} tops
 * @returns {Map<Span, number>}
 */
function criticalPath(tops) {
  /** @type {Map<Span, number>} */
  const critical = new Map();
  const longest = tops.toSorted((one, other) => (other.span.end - other.span.start) - (one.span.end - one.span.start))[0];
  const waiting = longest ? [{ tree: longest, until: longest.span.end }] : [];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, below } = next.tree;
    let [at, own] = [next.until, 0];
    // Those that outlive their parent were not waited for.
    const finished = below.filter((it) => it.span.end <= next.until && it.span.end > it.span.start)
      .sort((one, other) => other.span.end - one.span.end);
    for (const tree of finished) {
      if (tree.span.end > at) continue;
      own += at - tree.span.end;
      waiting.push({ tree, until: tree.span.end });
      at = Math.max(span.start, tree.span.start);
    }
    critical.set(span, own + Math.max(0, at - span.start));
  }
  return critical;
}

/**
 * Trees as rows, in the order in which they are drawn.
 *
 * @param {Tree[]} trees
 * @param {number} depth
 * @param {Map<Span, number>} critical
 */
function lines(trees, depth, critical) {
  /** @type {Row[]} */
  const rows = [];
  const waiting = folded(trees, depth).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { group: [first, ...others], depth } = next;
    if (!first) continue;
    const spans = [first, ...others].map((it) => it.span);
    const row = { spans, span: first.span, depth, key: first.span.id, inside: [] };
    if (others.length) {
      const inside = [first, ...others].flatMap((it) => lines([it], depth + 1, critical));
      const waited = inside.reduce((sum, it) => sum + it.critical, 0);
      rows.push({ ...row, kind: 'repeated', key: `× ${first.span.id}`, inside, critical: waited });
    } else {
      rows.push({ ...row, kind: 'span', critical: critical.get(first.span) ?? 0 });
      waiting.push(...folded(first.below, depth + 1).reverse());
    }
  }
  return rows;
}

/**
 * Siblings in groups: those that are alike in one where they are many, at the place of the first; others by themselves.
 *
 * @param {Tree[]} siblings
 * @param {number} depth
 */
function folded(siblings, depth) {
  const alike = Map.groupBy(siblings, ({ span }) => JSON.stringify([span.op, span.name, span.service]));
  /** @type {{ group: Tree[], depth: number }[]} */
  const groups = [];
  const placed = new Set();
  for (const it of siblings) {
    if (placed.has(it)) continue;
    const same = alike.get(JSON.stringify([it.span.op, it.span.name, it.span.service])) ?? [it];
    const group = same.length >= REPEATED ? same : [it];
    for (const one of group) placed.add(one);
    groups.push({ group, depth });
  }
  return groups;
}

/**
 * @param {Tree[]} orphans
 * @param {Map<Span, number>} critical
 * @returns {Row[]}
 */
function unknownParent(orphans, critical) {
  const spans = orphans.map((it) => it.span);
  const { start, end } = extent(spans);
  const [first] = spans;
  if (!first) return [];
  const span = { ...first, id: 'orphans', parent: null, start, end, op: '', name: '', status: null, transaction: null, root: false, service: null, data: {} };
  return [{ kind: 'orphans', key: 'orphans', span, spans, depth: 0, inside: [], critical: 0 },
    ...lines(orphans, 1, critical)];
}
