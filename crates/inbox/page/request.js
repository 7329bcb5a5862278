// The request during which an event arose.

import { el, pairs } from './dom.js';
import { fields, object, string } from './payload.js';

/**
 * Method, address, headers, body; nothing where there was no request.
 *
 * @param {unknown} request
 */
export function request(request) {
  if (!request) return null;
  const { method, url, query_string: query, headers, cookies, env, data } = object(request);
  const address = string(url) ?? '';
  return [
    el('p', {}, el('code', {}, `${string(method) ?? ''} ${address}${address.includes('?') ? '' : search(query)}`)),
    pairs(fields(headers)),
    cookies ? pairs([['Cookies', cookies]]) : null,
    pairs(fields(env)),
    body(data),
  ];
}

/** @param {unknown} query */
function search(query) {
  if (!query) return '';
  return `?${typeof query === 'string' ? query : fields(query).map(([name, value]) => `${name}=${value}`).join('&')}`;
}

/** @param {unknown} data */
function body(data) {
  if (data === undefined || data === null || data === '') return null;
  const written = typeof data === 'string' ? data : JSON.stringify(data, null, 2);
  return el('pre', { tabindex: '0', 'aria-label': 'Body' }, written);
}
