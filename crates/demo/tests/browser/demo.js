// A started demo: the real binary, which starts the services itself, on free ports.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const BINARY = process.env.DEMO_BINARY ?? 'target/debug/demo';

/** How long all services may take to start, milliseconds: the machine may be busy. */
const PATIENCE = 120_000;

/** Starts everything. Whoever starts it stops it. */
export async function startDemo() {
  const env = { ...process.env };
  for (const name of ['SENTRY_DSN', 'DEBUG_TOKEN', 'MONGODB_URL', 'RABBITMQ_URL', 'PORT']) delete env[name];
  const child = spawn(BINARY, ['--free-ports'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  process.once('exit', () => child.kill());
  let url = '';
  await new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error('the demo does not start')), PATIENCE);
    child.once('exit', (status) => reject(new Error(`the demo ended: ${status}`)));
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('inbox')) url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? '';
      if (line.startsWith('Ctrl-C')) {
        clearTimeout(patience);
        resolve(null);
      }
    });
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
