// Opening a frame in the reader's editor. Which one, only this browser knows.

import { el } from './dom.js';

const KEPT = 'editor';

/** Schemes that would run or load something here. */
const UNSAFE = /^\s*(javascript|data|vbscript|blob|file|https?):/i;

/**
 * What the reader set: an address such as `vscode://file{path}:{line}:{column}`, and where the files are that a frame names
 * by a relative path.
 *
 * @returns {{ address: string, folder: string }}
 */
function setting() {
  try {
    const { address, folder } = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    return { address: String(address ?? ''), folder: String(folder ?? '') };
  } catch {
    // No storage, or what another version left there.
    return { address: '', folder: '' };
  }
}

/**
 * A link that opens the editor; nothing where none is set, or where the frame names no file.
 *
 * @param {string | null} path
 * @param {number | null} line
 * @param {number | null} column
 */
export function editorLink(path, line, column) {
  const { address, folder } = setting();
  if (!address || !path || UNSAFE.test(address)) return null;
  const whole = path.startsWith('/') || /^[a-z]:[\\/]/i.test(path) ? path : `${folder.replace(/\/$/, '')}/${path}`;
  const href = address
    .replaceAll('{path}', () => whole.split('/').map(encodeURIComponent).join('/'))
    .replaceAll('{line}', String(line ?? 1))
    .replaceAll('{column}', String(column ?? 1));
  return el('a', { class: 'editor', href }, 'Open in editor');
}

/** A form to set it. `changed` is called when it was. */
export function editorSettings(/** @type {() => void} */ changed) {
  const now = setting();
  const address = el('input', { type: 'text', value: now.address, placeholder: 'vscode://file{path}:{line}:{column}',
    'aria-label': 'Address of the editor' });
  const folder = el('input', { type: 'text', value: now.folder, placeholder: '/home/me/project',
    'aria-label': 'Folder of relative paths' });
  const refused = el('p', { role: 'status' });
  const keep = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (UNSAFE.test(address.value)) {
      refused.textContent = 'An address of an editor has a scheme of its own, such as vscode, idea or zed.';
      return;
    }
    localStorage.setItem(KEPT, JSON.stringify({ address: address.value.trim(), folder: folder.value.trim() }));
    changed();
  };
  return el('details', {}, el('summary', { class: 'quiet' }, 'Editor for frames'),
    el('form', { class: 'filters', onsubmit: keep }, address, folder, el('button', {}, 'Keep')), refused,
    el('p', { class: 'quiet' }, '{path}, {line} and {column} are filled in. An empty address removes the links. Kept in this browser only.'));
}
