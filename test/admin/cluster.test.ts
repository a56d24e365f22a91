// The admin server under node:cluster: real processes, which run the built package.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const DIST = join(__dirname, '..', '..', 'dist', 'runtime');

/** Starts two workers one after the other; each answers with the URL of its admin server, or why it has none. */
const PROGRAM = `
const cluster = require('node:cluster');
const { startTracing } = require(${JSON.stringify(join(DIST, 'index.js'))});
const { startAdminServer } = require(${JSON.stringify(join(DIST, 'admin', 'index.js'))});
const token = 'the-token-of-this-test';
const discard = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };

async function worker() {
  const tracing = await startTracing({ exporter: discard });
  const port = cluster.worker.id === 1 ? 0 : Number(process.env.TAKEN) + Number(process.env.STEP);
  const answer = await startAdminServer({ tracing, token, port, log: () => {} }).then(({ url }) => ({ url }), ({ message }) => ({ message }));
  process.send(answer);
}

async function primary() {
  const answers = [];
  let taken = 0;
  for (const id of [1, 2]) {
    const answer = await new Promise((resolve) => cluster.fork({ TAKEN: taken }).once('message', resolve));
    answers.push(answer);
    taken = Number(new URL(answers[0].url).port);
  }
  const [first] = answers;
  const change = await fetch(first.url + '/enabled', {
    method: 'PUT',
    headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
    body: JSON.stringify({ enabled: true, for: '1m' }),
  }).then((response) => response.json());
  const states = [];
  for (let at = 0; at < 6; at++) states.push((await fetch(first.url + '/state').then((response) => response.json())).enabled);
  console.log(JSON.stringify({ answers, states, warnings: change.lease.warnings }));
  process.exit();
}
(cluster.isPrimary ? primary : worker)();
`;

interface Told {
  readonly answers: readonly { readonly url?: string; readonly message?: string }[];
  readonly states: readonly boolean[];
  readonly warnings: readonly string[];
}

async function runStep(step: number): Promise<Told> {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-cluster-'));
  try {
    const file = join(directory, 'program.cjs');
    writeFileSync(file, PROGRAM);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, STEP: String(step) } });
    return JSON.parse(stdout) as Told;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a second worker of a cluster is refused the port of the first, so that every request reaches one process', async () => {
  const { answers, states, warnings } = await runStep(0);
  assert.match(answers[1]?.message ?? 'it listens', /in use; give each worker of the cluster a port of its own/);
  assert.equal(states, [true, true, true, true, true, true]);
  assert.match(warnings.join(), /only this process, worker 1 of a cluster, is changed.*spanwright\/control/);
});

test('workers of a cluster with ports of their own both listen', async () => {
  const { answers } = await runStep(1);
  assert.match(answers[1]?.url ?? String(answers[1]?.message), /^http:\/\/127\.0\.0\.1:\d+\/tracing$/);
  assert.is.not(answers[0]?.url, answers[1]?.url);
});

test.run();
