// The request during which an event arose.

import { el, pairs } from './dom.js';
import { fields } from './payload.js';

/** Method, address, headers, body; nothing where there was no request. */
export function request(request) {
  if (!request) return null;
  const { method, url, query_string: query, headers, cookies, env, data } = request;
  return [
    el('p', {}, el('code', {}, `${method ?? ''} ${url ?? ''}${url?.includes?.('?') ? '' : search(query)}`)),
    pairs(fields(headers)),
    cookies ? pairs([['Cookies', cookies]]) : null,
    pairs(fields(env)),
    body(data),
  ];
}

function search(query) {
  if (!query) return '';
  return `?${typeof query === 'string' ? query : fields(query).map(([name, value]) => `${name}=${value}`).join('&')}`;
}

function body(data) {
  if (data === undefined || data === null || data === '') return null;
  const written = typeof data === 'string' ? data : JSON.stringify(data, null, 2);
  return el('pre', { tabindex: '0', 'aria-label': 'Body' }, written);
}
