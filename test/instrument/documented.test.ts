// docs/instrument.md: its table names each option of the decorator once and no other, and its example records what the page says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing } from '../../runtime/index.js';
import { OPTION_NAMES } from '../../runtime/instrument/options.js';

const page = readFileSync(join(__dirname, '../../docs/instrument.md'), 'utf8');

test('the table lists each option once, and nothing else', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.equal(rows, [...OPTION_NAMES]);
});

test('the example records the spans that the page shows', async () => {
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, experimentalDecorators: true };
  const exports: { PowerService?: new () => { status(id: string): Promise<string> } } = {};
  new Function('require', 'exports', ts.transpileModule(source, { compilerOptions }).outputText)(() => ({ instrument }), exports);
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'power', enabled: true, exporter, logLevel: 'none' });
  try {
    const service = new (exports.PowerService as NonNullable<typeof exports.PowerService>)();
    assert.is(await service.status('m-17'), 'on');
    assert.is(await service.status('').catch((error: Error) => error.constructor.name), 'NotReady');
    await tracing.forceFlush();
    const [worked, expected] = exporter.getFinishedSpans();
    const { machineId, backend, state } = worked?.attributes ?? {};
    assert.equal([worked?.name, machineId, backend, state], ['PowerService.status', 'm-17', 'nsm', 'on']);
    assert.equal([expected?.name, expected?.status.code, expected?.events.length], ['PowerService.status', 0, 0]);
  } finally {
    await tracing.shutdown();
  }
});

test.run();
