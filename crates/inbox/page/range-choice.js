// How far back charts go.

import { el } from './dom.js';
import { asked, keep } from './address.js';

/** @type {[string, string][]} */
const RANGES = [['300', '5 minutes'], ['900', '15 minutes'], ['3600', 'an hour'], ['21600', '6 hours'], ['86400', 'a day'], ['604800', 'a week']];

/** What is shown unless the reader chooses. */
const USUAL = '900';

/** The range that the address asks for, seconds. */
export function seconds() {
  return RANGES.some(([value]) => value === asked('seconds')) ? asked('seconds') : USUAL;
}

/**
 * A choice that the address keeps.
 *
 * @param {() => void} changed
 */
export function rangeChoice(changed) {
  const select = el('select', { 'aria-label': 'Range', onchange: () => {
    keep({ seconds: select.value });
    changed();
  } }, RANGES.map(([value, words]) => el('option', { value, selected: value === seconds() }, `The last ${words}`.replace('last an', 'last').replace('last a ', 'last '))));
  return select;
}
