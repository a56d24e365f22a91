// The commands of the pages run against a service as the pages have it, and print what the pages show. Times, ids and counts differ.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startQueryServer } from '../../viewer/receiver/query.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { invoke } from '../cli/invoke.js';
import { missingCommands, mustSkip } from '../missing.js';
import { COMMANDS, type CommandRow } from './commands.js';
import { blockOf } from './evaluate.js';
import { commandsOf, isShown, normal } from './pages.js';
import { type Service, startDocumentedService, TOKEN } from './service.js';

const executeFile = promisify(execFile);
const here = process.cwd();
let receiver: Receiver;
let backend: Awaited<ReturnType<typeof startQueryServer>>;
let service: Service;
let environment: Record<string, string>;

const withShell = mustSkip(missingCommands('sh', 'curl')) ? test.skip : test;

test.before(async () => {
  receiver = await startReceiver();
  backend = await startQueryServer(() => receiver.spans, '127.0.0.1', 0);
  service = await startDocumentedService(receiver.endpoint);
  process.chdir(service.directory);
  environment = {
    SPANWRIGHT_ADMIN_URL: service.url,
    SPANWRIGHT_ADMIN_TOKEN: TOKEN,
    SPANWRIGHT_TRACE_HEADER_SECRET: 'a-secret-of-at-least-thirty-two-characters',
    SPANWRIGHT_JAEGER_URL: backend.url,
  };
});
test.after(async () => {
  process.chdir(here);
  service.stop();
  await backend.close();
  await receiver.close();
});

/** Counts, the person, signatures and the folder of the service differ as well. */
const counted = (text: string): string =>
  normal(text.replaceAll(service.directory, '/srv/api').replaceAll('http://127.0.0.1:4317', receiver.endpoint))
    .replace(/\b[\w.-]+@[\w.-]+(?=[\s,:;])/g, '<person>')
    .replace(/\b1\.\d{10}\.[\w-]+\.[\w-]+/g, '<signature>')
    .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d+Z/g, '<time>')
    .replace(/\d+(\.\d+)?/g, '<n>')
    .replace(/^ +/gm, ' ');

const READS_MS = 10_000;

interface Printed {
  readonly code: number;
  readonly text: string;
}

async function run(line: string): Promise<Printed> {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare ?? '');
  const to = words.indexOf('>');
  const [program, ...args] = (to < 0 ? words : words.slice(0, to)).filter((word) => word !== 'npx');
  if (program === 'export') return { code: 0, text: '' };
  if (program === 'spanwright') {
    const { code, out, err } = await invoke(args, environment);
    return { code, text: out + err };
  }
  const change = `${service.url}/enabled -H "Authorization: Bearer ${TOKEN}" -H 'Content-Type: application/json'`;
  const script = line
    .replaceAll('http://127.0.0.1:9465/tracing', service.url)
    .replace('/run/secrets/tracing-token', 'token')
    .replace('PUT ... ', `PUT ${change} `)
    .replace(/^curl /, 'curl -s ');
  const { stdout } = await executeFile('sh', ['-c', script], { env: { ...process.env, ...environment } });
  return { code: 0, text: stdout };
}

/** Ids of an earlier page are replaced by those of this run. */
async function own(line: string, row: CommandRow): Promise<string> {
  const [, added] = Object.entries(row.add ?? {}).find(([text]) => line.startsWith(text)) ?? [];
  if (line.startsWith('spanwright leases end')) {
    const { text } = await invokeText(['set', 'rules', 'a=off', '--json']);
    return `spanwright leases end ${JSON.parse(text).lease.id}`;
  }
  const trace = receiver.spans.find(({ name, events }) => name === 'PowerService.send' && events.length > 0)?.traceId ?? '';
  return (line + (added ?? '')).replace(/\b[0-9a-f]{32}\b/, trace);
}

/** Names and types of a JSON value; the elements of lists differ. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

async function invokeText(args: string[]): Promise<Printed> {
  const { code, out, err } = await invoke(args, environment);
  return { code, text: out + err };
}

for (const row of COMMANDS)
  withShell(`${row.page}: the commands of the block with ${row.has} print what it shows`, async () => {
    const block = blockOf(row);
    if (row.again) writeFileSync('drain', '');
    let printed = '';
    const commands = row.commands?.map((line) => ({ line, output: `...\n${block.code}` })) ?? commandsOf(block);
    for (const { line, output } of commands) {
      const until = Date.now() + (row.again ? READS_MS : 0);
      let text: string;
      do text = (await run(await own(line, row))).text;
      while (!isShown(counted(output), counted(text)) && Date.now() < until);
      printed += text;
      if (output.trim() === '') continue;
      assert.ok(isShown(counted(output), counted(text)), `${block.place}: ${line}\nshows\n${output}\nand the output is\n${text}`);
    }
    for (const has of row.shows ?? []) {
      const shown = blockOf({ page: row.page, has });
      if (shown.language === 'json') assert.equal(shapeOf(JSON.parse(printed)), shapeOf(JSON.parse(shown.code)), shown.place);
      else
        assert.ok(
          isShown(counted(shown.code), counted(printed)),
          `${shown.place} shows\n${shown.code}\nand the output is\n${printed}`,
        );
    }
  });

test.run();
