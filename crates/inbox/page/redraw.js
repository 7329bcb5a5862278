// Drawing again what is already there, without disturbing whoever reads it.

/**
 * Gives a container these children. What is there already and still right is not touched: it stays selected, focused,
 * scrolled and open. Children with a `data-key` are the same where the key is; others where their place is.
 *
 * @param {HTMLElement} container
 * @param {(HTMLElement | null | (HTMLElement | null)[])[]} children
 */
export function redraw(container, ...children) {
  const wanted = document.createDocumentFragment();
  wanted.append(...children.flat().filter((it) => it !== null));
  const active = document.activeElement;
  const focused = active instanceof HTMLElement && container.contains(active) ? active : null;
  alter(container, wanted);
  // Moving an element takes its focus.
  if (focused?.isConnected) focused.focus({ preventScroll: true });
}

/**
 * Gives a container a child for each item. A child whose item is still the same is not even made anew: lists are long, and
 * little of them changes.
 *
 * @template Item
 * @param {HTMLElement} container
 * @param {Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} draw
 */
export function redrawList(container, items, keyOf, draw) {
  const there = new Map([...container.children].map((it) => [key(it), it]));
  const states = STATES.get(container) ?? new Map();
  STATES.set(container, states);
  const active = document.activeElement;
  const focused = active instanceof HTMLElement && container.contains(active) ? active : null;
  let place = container.firstChild;
  /** How many items have had a key: those that are alike have a row each. @type {Map<string, number>} */
  const alikeSoFar = new Map();
  for (const item of items) {
    const number = alikeSoFar.get(keyOf(item)) ?? 0;
    alikeSoFar.set(keyOf(item), number + 1);
    const [own, state] = [number ? `${keyOf(item)} #${number}` : keyOf(item), JSON.stringify(item)];
    const old = there.get(own);
    there.delete(own);
    if (!old || states.get(own) !== state) {
      const fresh = draw(item);
      fresh.dataset.key = own;
      if (old) update(old, fresh);
      else move(container, fresh, place);
      states.set(own, state);
    }
    if (old && old === place) place = old.nextSibling;
    else if (old) move(container, old, place);
  }
  for (const [own, gone] of there) {
    gone.remove();
    states.delete(own);
  }
  if (focused?.isConnected) focused.focus({ preventScroll: true });
}

/** What the children of lists were drawn from, as JSON, by their keys. @type {WeakMap<HTMLElement, Map<string, string>>} */
const STATES = new WeakMap();

/** @param {Element} old @param {Element | DocumentFragment} wanted */
function alter(old, wanted) {
  const keyed = new Map([...old.children].map((it) => [key(it), it]));
  let place = old.firstChild;
  for (const node of [...wanted.childNodes]) {
    const own = key(node);
    const same = own ? keyed.get(own) : alike(place, node) ? place : null;
    if (same && same === place) place = same.nextSibling;
    else move(old, same ?? node, place);
    if (same) update(same, node);
    keyed.delete(own);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** @param {Node} node */
function key(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/** @param {Node | null} one @param {Node} other */
function alike(one, other) {
  return one?.nodeName === other.nodeName && !key(one);
}

/** @param {Element} parent @param {Node} node @param {Node | null} before */
function move(parent, node, before) {
  // Where browsers have it, it keeps a selection within what it moves.
  if (parent.moveBefore && node.isConnected && parent.isConnected) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

/** @param {Node} old @param {Node} wanted */
function update(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  if (!(old instanceof Element && wanted instanceof Element)) {
    old.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // The reader opened it.
    if (name !== 'open' && name !== 'style' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && name !== 'style') old.setAttribute(name, value);
  }
  // The page's policy forbids the attribute.
  if (old instanceof HTMLElement && wanted instanceof HTMLElement) old.style.cssText = wanted.style.cssText;
  alter(old, wanted);
}
