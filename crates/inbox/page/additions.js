// What the program that embeds the inbox adds to the page.

import { get, message } from './api.js';

/** @type {Api.Page} */
let added = { tabs: [], hints: { events: [], profiles: [] } };

/**
 * The added tabs, in their order. One that cannot be loaded is reported and left out.
 *
 * @param {(trouble: string) => void} report
 * @returns {Promise<Tab[]>}
 */
export async function addedTabs(report) {
  added = await get('page');
  const loaded = await Promise.all(added.tabs.map(async (path) => {
    try {
      return /** @type {Tab} */ ((await import(path)).default);
    } catch (error) {
      report(`The tab ${path} cannot be loaded: ${message(error)}`);
      return null;
    }
  }));
  return loaded.filter((tab) => tab !== null);
}

/** Commands that the empty page proposes. */
export function hints() {
  return added.hints;
}
