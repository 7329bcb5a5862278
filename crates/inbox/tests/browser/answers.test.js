// The types in `api.d.ts` are what the inbox really answers: the compiler compares the answers with them, field by field.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { id, startInbox } from './inbox.js';
import { sendEverything } from './samples.js';

const TSC = fileURLToPath(new URL('node_modules/.bin/tsc', import.meta.url));
const TYPES = fileURLToPath(new URL('api.d.ts', import.meta.url));

/** @type {Awaited<ReturnType<typeof startInbox>>} */
let inbox;

before(async () => { inbox = await startInbox(); });

after(() => inbox?.stop());

/** What the API answers, under the type that is declared for it. */
async function answers() {
  const { event, transaction, issue, profiler, trace } = await sendEverything(inbox);
  await fetch(`${inbox.url}/api/1/envelope/`, { method: 'POST', body: 'no envelope' });
  const paths = {
    'Page<"issues">': 'issues',
    'Page<"events">': 'events',
    'Page<"transactions">': 'transactions',
    'Page<"logs">': 'logs',
    'Page<"metrics">': 'metrics',
    '{ sessions: Api.Sessions[] }': 'sessions',
    '{ releases: Api.Release[] }': 'releases',
    '{ profilers: Api.Profiler[] }': 'profilers',
    'Api.Profile': `profile?profiler=${profiler}`,
    '{ refusals: Api.Refused[] }': 'refusals',
    'Page<"traces">': 'traces',
    'Page<"attachments">': 'attachments',
    'Page<"feedback">': 'feedback',
    'Page<"envelopes">': 'envelopes',
    '{ monitors: Api.Monitor[] }': 'monitors',
    '{ replays: Api.Replay[] }': 'replays',
    'Api.ClientReports': 'client-reports',
    'Api.Trace': `traces/${trace}`,
    'Api.IssueFacts': `issues/${issue}/facts`,
    'Api.Charts': 'charts',
    'Api.MetricNames': 'metrics/names',
    'Api.MetricSeries': 'metrics/series?name=basket.total&by=basket',
    'Api.Stats': 'stats',
    'Api.Page': 'page',
    'Api.Issue': `issues/${issue}`,
    'Api.EventDetails': `events/${event}`,
    'Api.TransactionDetails': `transactions/${transaction}`,
    'Api.Refusal': `events/${id()}`,
  };
  const bodies = Object.entries(paths).map(async ([type, path]) => ({ type, body: (await inbox.get(path)).body }));
  return Promise.all(bodies);
}

/**
 * What the compiler says of these answers. Written as literals, so that a field that no type declares is an error, too.
 *
 * @param {{ type: string, body: unknown }[]} answers
 */
async function compiled(answers) {
  const folder = await mkdtemp(join(tmpdir(), 'answers-'));
  const page = 'type Page<Name extends keyof Api.Lists> = { [name in Name]: Api.Lists[Name][] } & { more: boolean };\n';
  const literals = answers.map(({ type, body }, index) => `const answer${index}: ${type} = ${JSON.stringify(body, null, 1)};\n`);
  await writeFile(join(folder, 'answers.ts'), page + literals.join(''));
  await copyFile(TYPES, join(folder, 'api.d.ts'));
  const files = ['--ignoreConfig', '--noEmit', '--strict', '--types', '', 'api.d.ts', 'answers.ts'];
  const said = await new Promise((resolve) => {
    execFile(TSC, files, { cwd: folder }, (error, stdout, stderr) => resolve(error ? `${stdout}${stderr}${error}` : stdout));
  });
  await rm(folder, { recursive: true });
  return String(said);
}

test('the answers of the inbox have the fields that the page expects, and no others', async () => {
  const all = await answers();
  assert.equal(await compiled(all), '');
});

test('the comparison finds a field that is missing, one too many, and one of another type', async () => {
  const { body } = /** @type {{ body: any }} */ ((await answers()).find(({ type }) => type === 'Api.Stats'));
  const { version, ...without } = body;
  for (const wrong of [without, { ...body, more: 1 }, { ...body, version: String(version) }]) {
    assert.match(await compiled([{ type: 'Api.Stats', body: wrong }]), /answers\.ts.*error TS\d+/);
  }
});
