// A started inbox: the real binary, on a free port.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.INBOX_BINARY ?? fileURLToPath(new URL('../../../../target/debug/inbox', import.meta.url));

/** How long the inbox may take to start, milliseconds: the machine may be busy. */
const PATIENCE = 60_000;

/** @typedef {{ type: string, payload: unknown, [header: string]: unknown }} Item */

/** A new id of an event or trace. */
export function id() {
  return randomBytes(16).toString('hex');
}

/** A new id of a span. */
export function spanId() {
  return randomBytes(8).toString('hex');
}

/** Starts an inbox. Whoever starts it stops it. */
export async function startInbox() {
  const child = spawn(BINARY, { env: { ...process.env, HOST: '127.0.0.1', PORT: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  process.once('exit', () => child.kill());
  const url = await address(child);
  child.stderr.resume();
  return {
    url,

    /**
     * Sends an envelope that must be accepted; the answer.
     *
     * @param {{ [name: string]: unknown }} header
     * @param {Item[]} items
     * @returns {Promise<{ id: string }>}
     */
    async send(header, ...items) {
      const lines = items.flatMap(({ payload, ...rest }) => [rest, payload]);
      const body = [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
      const response = await fetch(`${url}/api/1/envelope/`, { method: 'POST', body });
      if (!response.ok) throw new Error(`the inbox answers ${response.status}: ${await response.text()}`);
      return /** @type {any} */ (await response.json());
    },

    /**
     * What the API answers.
     *
     * @param {string} path
     */
    async get(path) {
      const response = await fetch(`${url}/api/${path}`);
      return { status: response.status, body: await response.json() };
    },

    /** Forgets everything that is held. */
    async clear() {
      await fetch(`${url}/api/all`, { method: 'DELETE' });
    },

    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Where it listens: its first line says it.
 *
 * @param {import('node:child_process').ChildProcessByStdio<null, null, import('node:stream').Readable>} child
 * @returns {Promise<string>}
 */
function address(child) {
  return new Promise((resolve, reject) => {
    const lines = createInterface(child.stderr);
    const patience = setTimeout(() => reject(new Error(`${BINARY} does not start`)), PATIENCE);
    const failed = (/** @type {unknown} */ reason) => reject(new Error(`${BINARY} does not start: ${reason}`));
    child.once('error', failed);
    child.once('exit', failed);
    lines.once('line', (line) => {
      clearTimeout(patience);
      const url = /http:\/\/[\d.:]+/.exec(line)?.[0];
      if (url) resolve(url);
      else failed(line);
    });
  });
}
