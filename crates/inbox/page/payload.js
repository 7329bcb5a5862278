// The shapes in which SDKs send the same thing. Nothing here can be relied on: whoever knows the address can send.

import { text } from './dom.js';

/** `{"values": […]}`, or the list alone: the objects of it. */
export function values(field) {
  const list = Array.isArray(field) ? field : field?.values;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** An object, or a list of names and values: names and values. */
export function fields(field) {
  if (Array.isArray(field)) return field.filter((pair) => Array.isArray(pair) && pair.length === 2);
  return isObject(field) ? Object.entries(field) : [];
}

/** Names and values on one line. */
export function oneLine(entries) {
  return entries.map(([name, value]) => `${name}=${text(value)}`).join('  ');
}

function isObject(value) {
  return value !== null && typeof value === 'object';
}
