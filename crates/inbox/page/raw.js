// A payload as it was received, and laid out for reading.

import { getText } from './api.js';
import { el } from './dom.js';
import { block, json } from './shown.js';

/**
 * Both folded; made only when they are opened, since they are long.
 *
 * @param {Api.Payload} payload
 * @param {string} path Below `/api/`, of the payload alone.
 * @param {string} file Under which it is saved.
 */
export function raw(payload, path, file) {
  const address = `/api/${path}`;
  const received = async () => {
    const text = await getText(path);
    return [el('p', {}, copyButton(() => text, 'Copy'), ' ', el('a', { href: address, download: file }, 'Download'), ' ',
      el('a', { href: address }, address)), block(text, 'JSON as it was received')];
  };
  return el('section', {},
    folded('JSON, laid out', async () => [block(json(payload, 2), 'JSON, laid out')]),
    folded('JSON as it was received', received));
}

/** @param {string} title @param {() => Promise<HTMLElement[]>} make */
function folded(title, make) {
  let made = false;
  const details = el('details', { ontoggle: async () => {
    if (made || !details.open) return;
    made = true;
    details.append(...await make());
  } }, el('summary', {}, title));
  return details;
}

/**
 * A button that puts a text into the clipboard.
 *
 * @param {() => string} text
 * @param {string} name
 */
export function copyButton(text, name) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      said.textContent = 'Copied';
    } catch {
      // Browsers give pages the clipboard on loopback and over TLS only.
      const content = el('textarea', { readonly: true, rows: 6, 'aria-label': 'What was to be copied' });
      content.value = text();
      said.replaceChildren('The browser gives no clipboard. Copy it from here: ', content);
      content.select();
    }
  };
  const said = el('span', { role: 'status' });
  return el('span', { class: 'copy' }, el('button', { type: 'button', onclick: copy }, name), ' ', said);
}
