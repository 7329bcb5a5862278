// Drawing again what is already there, without disturbing whoever reads it.

/**
 * Gives a container these children. What is there already and still right is not touched: it stays selected, focused,
 * scrolled and open. Children with a `data-key` are the same where the key is; others where their place is.
 */
export function redraw(container, ...children) {
  const wanted = document.createDocumentFragment();
  wanted.append(...children.flat(Infinity).filter(Boolean));
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  alter(container, wanted);
  // Moving an element takes its focus.
  if (focused?.isConnected) focused.focus({ preventScroll: true });
}

function alter(old, wanted) {
  const keyed = new Map([...old.children].map((it) => [it.dataset.key, it]));
  let place = old.firstChild;
  for (const node of [...wanted.childNodes]) {
    const key = node.dataset?.key;
    const same = key ? keyed.get(key) : alike(place, node) ? place : null;
    if (same && same === place) place = place.nextSibling;
    else move(old, same ?? node, place);
    if (same) update(same, node);
    keyed.delete(key);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function alike(one, other) {
  return one && one.nodeName === other.nodeName && !one.dataset?.key;
}

function move(parent, node, before) {
  // Where browsers have it, it keeps a selection within what it moves.
  if (parent.moveBefore && node.isConnected && parent.isConnected) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

function update(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = wanted.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // The reader opened it.
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open') old.setAttribute(name, value);
  }
  alter(old, wanted);
}
