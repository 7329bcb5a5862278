// What events and transactions carry alike.

import { el, limited, pairs, section } from './dom.js';
import { contexts } from './contexts.js';
import { breadcrumbs } from './breadcrumbs.js';
import { fields, name, object, string, strings, values } from './payload.js';
import { request } from './request.js';
import { allShown, inWords, shown } from './shown.js';

/** Fields that have a place of their own. */
const PLACED = new Set(['event_id', 'timestamp', 'start_timestamp', 'received', 'level', 'platform', 'transaction', 'type',
  'release', 'dist', 'environment', 'server_name', 'logger', 'culprit', 'checksum', 'exception', 'stacktrace', 'threads',
  'breadcrumbs', 'tags', 'user', 'contexts', 'request', 'extra', 'fingerprint', 'sdk', 'message', 'logentry', 'modules',
  'spans', 'measurements', '_metrics_summary', 'debug_meta']);

/** How many packages are listed before the reader asks for more. */
const PACKAGES = 50;

/**
 * Its sections, in the order of interest. The middle one is between what led to it and what was known of it.
 *
 * @param {Api.Payload} payload
 * @param {import('./dom.js').Child} middle
 */
export function evidence(payload, middle) {
  return [
    section('Breadcrumbs', breadcrumbs(payload)),
    middle,
    section('Measurements', pairs(fields(payload.measurements).map(measurement))),
    section('Tags', pairs(allShown(fields(payload.tags)))),
    section('User', pairs(allShown(fields(payload.user)))),
    contexts(payload.contexts),
    section('Request', request(payload.request)),
    section('Extra', pairs(allShown(fields(payload.extra)))),
    packages('Packages', fields(payload.modules)),
    packages('Parts of the SDK', parts(object(payload.sdk))),
    packages('Loaded images', images(payload.debug_meta)),
    section('Further fields', pairs(allShown(Object.entries(payload).filter(([field, value]) => !PLACED.has(field) && there(value))))),
  ];
}

/** @param {unknown} value */
function there(value) {
  return value !== null && value !== undefined && value !== '' && inWords(value) !== '{}' && inWords(value) !== '[]';
}

/**
 * What every payload says of where it is from.
 *
 * @param {Api.Payload} payload
 * @returns {[string, import('./dom.js').Child][]}
 */
export function origin(payload) {
  const user = Object.fromEntries(fields(payload.user));
  const sdk = object(payload.sdk);
  const named = (/** @type {unknown[]} */ ...all) => all.map(name).filter(Boolean).join(' · ');
  const some = (/** @type {unknown} */ value) => (value === null || value === '' ? null : shown(value));
  return [
    ['User', some(named(user.id, user.username, user.name, user.email, user.ip_address))],
    ['Release', some([name(payload.release), name(payload.dist)].filter(Boolean).join(' · '))],
    ['Environment', some(payload.environment)],
    ['Server', some(payload.server_name)],
    ['Platform', some(payload.platform)],
    ['SDK', some([name(sdk.name), name(sdk.version)].filter(Boolean).join(' '))],
  ];
}

/**
 * @param {[string, unknown]} measurement
 * @returns {[string, import('./dom.js').Child]}
 */
function measurement([field, it]) {
  const { value, unit } = object(it);
  return [field, value === undefined ? shown(it) : [shown(value), ' ', string(unit) ?? '']];
}

/**
 * @param {Api.Payload} sdk
 * @returns {[string, unknown][]}
 */
function parts({ packages, integrations }) {
  return [...values(packages).map((it) => /** @type {[string, unknown]} */ ([name(it.name) ?? '', it.version])),
    ...strings(integrations).map((it) => /** @type {[string, unknown]} */ ([it, undefined]))];
}

/**
 * Binaries and source maps, by which a server names what has no names.
 *
 * @param {unknown} meta
 * @returns {[string, unknown][]}
 */
function images(meta) {
  const { images: all, ...rest } = object(meta);
  const file = (/** @type {Api.Payload} */ it) => name(it.code_file) ?? name(it.debug_file) ?? name(it.name) ?? 'unnamed';
  return [...values(all).map((it) => /** @type {[string, unknown]} */ ([file(it), it])), ...fields(rest)];
}

/** @param {string} title @param {[string, unknown][]} all */
function packages(title, all) {
  if (!all.length) return null;
  const line = (/** @type {[string, unknown]} */ [field, version]) => el('li', {}, field.slice(0, 200), ' ', shown(version));
  return el('section', {}, el('details', {}, el('summary', {}, `${title} (${all.length.toLocaleString('en')})`),
    limited(el('ul', { class: 'lines' }), all, line, PACKAGES)));
}
