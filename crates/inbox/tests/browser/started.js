// What the tests of a file share: a browser, and an inbox of their own.

import { after } from 'node:test';

import { openBrowser } from './browser.js';
import { startInbox } from './inbox.js';

/** Starts both. They end after the tests of the file; where one does not start, nothing is left running. */
export async function started() {
  const browser = await openBrowser();
  try {
    const inbox = await startInbox();
    after(() => Promise.all([inbox.stop(), browser.close()]));
    return { browser, inbox };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
