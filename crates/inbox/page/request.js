// The request during which an event arose.

import { el, pairs } from './dom.js';
import { fields, object, string } from './payload.js';
import { allShown, block, inWords, json, shown } from './shown.js';

/**
 * Method, address, headers, body; nothing where there was no request.
 *
 * @param {unknown} request
 */
export function request(request) {
  const { method, url, query_string: query, headers, cookies, env, data, ...rest } = object(request);
  if (!Object.keys(object(request)).length) return null;
  const address = string(url) ?? '';
  return [
    el('p', {}, el('code', {}, shown(`${string(method) ?? ''} ${address}${address.includes('?') ? '' : search(query)}`))),
    pairs(allShown(fields(headers))),
    cookies ? pairs([['Cookies', shown(cookies)]]) : null,
    pairs(allShown(fields(env))),
    pairs(allShown(fields(rest))),
    body(data),
  ];
}

/** @param {unknown} query */
function search(query) {
  if (!query) return '';
  return `?${string(query) ?? fields(query).map(([name, value]) => `${name}=${inWords(value)}`).join('&')}`;
}

/** @param {unknown} data */
function body(data) {
  if (data === undefined || data === null || data === '') return null;
  return block(string(data) ?? json(data, 2), 'Body');
}
