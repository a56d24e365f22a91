// `npm start -- --view` and `npm run serve`, as built: the page at the printed address shows the traces of the run, and for the
// controller its service, until Ctrl-C.
// limit: 180 s

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TraceList, ViewerState } from '../../viewer/server/shapes.js';
import { until } from '../real/support/program.js';
import { SHORT_LIVED } from './node-flags.js';
import { SAMPLE } from './service-process.js';

const folder = mkdtempSync(join(tmpdir(), 'infra-controller-shown-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Shown {
  readonly child: ChildProcess;
  readonly page: string;
  readonly service: string;
}

/** Starts a program of a sample and waits for the address of its page. */
async function start(program: string, args: readonly string[], service: RegExp, sample = SAMPLE): Promise<Shown> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|SPANWRIGHT_|TRACING_FILE|NODE_OPTIONS|PORT$)/.test(name),
  );
  const child = spawn(process.execPath, [...SHORT_LIVED, join(sample, 'build/drive', program), ...args], {
    env: { ...Object.fromEntries(inherited), PORT: '0', ADMIN_TOKEN_FILE: join(folder, program) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until(async () => /shown at http/.test(output), 'the address of the page is printed', 120_000);
  return { child, page: /shown at (http:\S+?);?\s/.exec(output)?.[1] ?? '', service: service.exec(output)?.[1] ?? '' };
}

async function stop({ child, page }: Shown): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
  assert.is(
    await fetch(page).then(
      () => 'answers',
      () => 'gone',
    ),
    'gone',
  );
}

const ask = async <Answer>(url: string): Promise<Answer> => (await (await fetch(url)).json()) as Answer;

test('npm start -- --view ends with a page of its traces and of its service, until Ctrl-C', async () => {
  const shown = await start('start.js', ['--view'], /^Service: +(\S+)/m);
  try {
    const { traces } = await ask<TraceList>(`${shown.page}/api/traces?service=carbide-api`);
    assert.ok(traces.some(({ errors }) => errors > 0) && traces.some(({ errors }) => errors === 0));
    const state = await ask<{ serviceName: string; enabled: boolean }>(`${shown.page}/api/hooks/0/state`);
    assert.equal([state.serviceName, state.enabled], ['carbide-api', false]);
  } finally {
    await stop(shown);
  }
});

test('a run of another sample with --view ends with a page of its traces', async () => {
  const shown = await start('start.js', ['--view', 'healthy'], /spans go to (\S+)\./, join(SAMPLE, '../breakfix-pipeline'));
  try {
    const { matched } = await ask<TraceList>(`${shown.page}/api/traces?service=janitor`);
    assert.ok(matched > 0);
  } finally {
    await stop(shown);
  }
});

test('npm run serve shows a request once tracing is switched on through the page', async () => {
  const shown = await start('serve.js', [], /The controller serves at (\S+?),/);
  try {
    const enabled = await fetch(`${shown.page}/api/hooks/0/enabled`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"enabled":true,"for":"1m"}',
    });
    assert.is(enabled.status, 200);
    const body = '{"component": "switch-1", "action": "restart"}';
    await fetch(`${shown.service}/v1/power`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const of = `${shown.page}/api/traces?service=carbide-api&text=${encodeURIComponent('request')}`;
    await until(async () => (await ask<TraceList>(of)).matched > 0, 'the trace of the request is shown', 30_000);
    assert.is((await ask<ViewerState>(`${shown.page}/api/state`)).hooks[0]?.service, 'carbide-api');
  } finally {
    await stop(shown);
  }
});

test.run();
