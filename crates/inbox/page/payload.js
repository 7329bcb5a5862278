// The shapes in which SDKs send the same thing. Nothing here can be relied on: whoever knows the address can send.

import { text } from './dom.js';

/**
 * `{"values": […]}`, or the list alone: the objects of it.
 *
 * @param {unknown} field
 * @returns {Api.Payload[]}
 */
export function values(field) {
  const list = Array.isArray(field) ? field : isObject(field) ? field.values : null;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/**
 * An object, or a list of names and values: names and values.
 *
 * @param {unknown} field
 * @returns {[string, unknown][]}
 */
export function fields(field) {
  if (Array.isArray(field)) {
    return field.filter((pair) => Array.isArray(pair) && pair.length === 2).map(([name, value]) => [text(name), value]);
  }
  return isObject(field) ? Object.entries(field) : [];
}

/**
 * The fields of an object; none of anything else.
 *
 * @param {unknown} field
 * @returns {Api.Payload}
 */
export function object(field) {
  return isObject(field) ? field : {};
}

/**
 * A text, or nothing.
 *
 * @param {unknown} field
 */
export function string(field) {
  return typeof field === 'string' ? field : null;
}

/**
 * Names and values on one line.
 *
 * @param {[string, unknown][]} entries
 */
export function oneLine(entries) {
  return entries.map(([name, value]) => `${name}=${text(value)}`).join('  ');
}

/**
 * @param {unknown} value
 * @returns {value is Api.Payload}
 */
function isObject(value) {
  return value !== null && typeof value === 'object';
}
