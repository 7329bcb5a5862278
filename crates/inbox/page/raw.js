// A payload as it was received.

import { el } from './dom.js';

/**
 * The JSON, folded; written out only when it is opened, since it is long.
 *
 * @param {Api.Payload} payload
 * @param {string} address
 */
export function raw(payload, address) {
  const json = JSON.stringify(payload, null, 2);
  const content = el('pre', { tabindex: '0', 'aria-label': 'JSON' });
  const copy = el('button', { type: 'button', onclick: () => copied(json, content, copy) }, 'Copy');
  return el('section', {}, el('details', { ontoggle: () => { content.textContent = json; } },
    el('summary', {}, 'JSON as it was received'),
    el('p', {}, copy, ' ', el('a', { href: address }, address)),
    content));
}

/** @param {string} json @param {HTMLElement} content @param {HTMLButtonElement} button */
async function copied(json, content, button) {
  try {
    await navigator.clipboard.writeText(json);
    button.textContent = 'Copied';
  } catch {
    // Browsers give pages the clipboard on loopback and over TLS only.
    getSelection()?.selectAllChildren(content);
    button.textContent = 'Selected: copy it';
  }
}
