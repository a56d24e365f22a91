// Rows of commands.test.ts: the blocks of commands that run against the service of service.ts, in the order in which they run, each with the
// options that the test adds.

import type { Row } from './evaluate.js';

export interface CommandRow extends Row {
  /** Options added to a command: they end a command that runs until it is interrupted. */
  readonly add?: Readonly<Record<string, string>>;
  /** Commands whose output the block shows, where it has none itself. */
  readonly commands?: readonly string[];
  /** True for a command that only reads: it is repeated until the service has come that far. */
  readonly again?: true;
  /** The block that shows the output, where it is not the same one. */
  readonly shows?: readonly string[];
}

const CLI = 'docs/cli.md';
const RECORDING = 'docs/recording.md';
const ADMIN = 'docs/admin.md';

export const COMMANDS: readonly CommandRow[] = [
  { page: 'transformer/README.md', has: 'spanwright explain', shows: [] },
  { page: 'docs/hosts.md', has: 'spanwright explain' },
  { page: 'docs/troubleshooting.md', has: 'spanwright doctor' },
  { page: CLI, has: '$ export SPANWRIGHT_ADMIN_TOKEN' },
  { page: CLI, has: '$ spanwright status' },
  { page: CLI, has: '$ spanwright top', add: { 'spanwright top': ' --count 1 --interval 500ms' } },
  { page: RECORDING, has: '$ spanwright spans', again: true },
  { page: RECORDING, has: '$ spanwright sites' },
  { page: CLI, has: '$ spanwright leases end' },
  { page: RECORDING, has: "--when 'machineId=m-17'" },
  { page: RECORDING, has: "--when 'machineid=m-17'" },
  { page: CLI, has: '"machinId"', commands: ["spanwright set tracing-enabled true --when 'machinId=m-17' --for 10m"] },
  { page: RECORDING, has: '--capture ' },
  { page: RECORDING, has: '$ spanwright sign' },
  { page: 'docs/flight-recorder.md', has: '$ spanwright dump' },
  { page: ADMIN, has: 'curl -X PUT http', shows: ['"lease": {'] },
  { page: ADMIN, has: 'tracing/health' },
  { page: ADMIN, has: '"10 minutes"' },
  { page: CLI, has: 'traces errors --limit 1' },
  { page: CLI, has: 'spanwright completion bash' },
];
