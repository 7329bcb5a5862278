// The shapes in which SDKs send the same thing. Nothing here can be relied on: whoever knows the address can send.

import { inWords } from './shown.js';

/** What old SDKs call the parts of an event. */
const INTERFACES = {
  exception: 'Exception', stacktrace: 'Stacktrace', request: 'Http', user: 'User', logentry: 'Message',
  breadcrumbs: 'Breadcrumbs', contexts: 'Contexts', threads: 'Threads', template: 'Template', query: 'Query',
};

/**
 * An event with today's names for its parts.
 *
 * @param {Api.Payload} event
 * @returns {Api.Payload}
 */
export function named(event) {
  /** @type {Api.Payload} */
  const today = { ...event };
  for (const [name, old] of Object.entries(INTERFACES)) {
    for (const alias of [`sentry.interfaces.${old}`, `sentry.interfaces.${old.toLowerCase()}`]) {
      if (today[alias] !== undefined) today[name] ??= today[alias];
      delete today[alias];
    }
  }
  return today;
}

/**
 * `{"values": […]}`, or the list alone, or one alone: the objects of it.
 *
 * @param {unknown} field
 * @returns {Api.Payload[]}
 */
export function values(field) {
  if (Array.isArray(field)) return field.filter(isObject);
  const { values: list, ...alone } = object(field);
  if (Array.isArray(list)) return list.filter(isObject);
  return Object.keys(alone).length ? [alone] : [];
}

/**
 * An object, or a list of pairs, or a list of `{key, value}`: names and values.
 *
 * @param {unknown} field
 * @returns {[string, unknown][]}
 */
export function fields(field) {
  return Array.isArray(field) ? field.flatMap(pair) : Object.entries(object(field));
}

/**
 * @param {unknown} it
 * @returns {[string, unknown][]}
 */
function pair(it) {
  if (Array.isArray(it)) return it.length === 2 ? [[inWords(it[0]), it[1]]] : [];
  const { key, value } = object(it);
  return key === undefined ? [] : [[inWords(key), value]];
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
 * The texts of a list.
 *
 * @param {unknown} field
 */
export function strings(field) {
  return Array.isArray(field) ? field.map(inWords) : [];
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
 * What names something: a text or a number that is not empty, or nothing.
 *
 * @param {unknown} field
 */
export function name(field) {
  return typeof field === 'number' || typeof field === 'bigint' ? String(field) : string(field) || null;
}

/**
 * A number, or nothing.
 *
 * @param {unknown} field
 */
export function number(field) {
  return typeof field === 'number' ? field : null;
}

/**
 * Names and values on one line.
 *
 * @param {[string, unknown][]} entries
 */
export function oneLine(entries) {
  return entries.map(([name, value]) => `${name}=${inWords(value)}`).join('  ');
}

/**
 * @param {unknown} value
 * @returns {value is Api.Payload}
 */
function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
