// The table of commands. One row a command: help, parsing, the nearest-name messages, docs/cli.md and its test read it.
// To add one, write a module that exports `run(invocation)` (see command.ts) and add its row here.

import { DEFAULT_ADMIN_PORT, DEFAULT_PREFIX, TOKEN_VARIABLE } from '../runtime/admin/defaults.js';
import type { Command, CommandOption } from './command.js';
import { RECIPES, recipeLines, TRACES_OPTIONS } from './traces/recipes.js';

/** The admin hook that the live commands speak to when they are told nothing. */
export const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_ADMIN_PORT}${DEFAULT_PREFIX}`;

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { name: 'help', short: 'h', type: 'flag', summary: 'Show the help of the program or of the command.' },
  { name: 'version', type: 'flag', summary: 'Print the version.' },
];

/** Options of the commands that speak to a live process. */
export const LIVE_OPTIONS: readonly CommandOption[] = [
  {
    name: 'url',
    type: 'text',
    value: 'URL',
    summary: `The admin hook. Default: SPANWRIGHT_ADMIN_URL, else ${DEFAULT_URL}.`,
  },
  { name: 'socket', type: 'text', value: 'PATH', file: true, summary: 'Reach the admin hook through this Unix socket.' },
  {
    name: 'token-file',
    type: 'text',
    value: 'PATH',
    file: true,
    summary: `File that holds the token. Default: the variable ${TOKEN_VARIABLE}.`,
  },
  { name: 'json', type: 'flag', summary: 'Print the answer as JSON, for programs.' },
];

const LEASE_OPTIONS: readonly CommandOption[] = [
  {
    name: 'for',
    type: 'text',
    value: 'DURATION',
    summary: 'How long the change holds, such as 90s, 10m, 2h. Default 10m, at most 24h.',
  },
  { name: 'reason', type: 'text', value: 'TEXT', summary: 'Why; kept in the log and the state.' },
  { name: 'max-spans', type: 'count', value: 'N', summary: 'End the change after N spans.' },
  {
    name: 'max-spans-per-second',
    type: 'count',
    value: 'N',
    summary: 'End the change when more than N spans start within a second.',
  },
  { name: 'max-open-spans', type: 'count', value: 'N', summary: 'End the change when more than N spans are open at once.' },
  { name: 'revision', type: 'count', value: 'N', summary: 'Refuse the change unless the state is still at revision N.' },
];

export const COMMANDS: readonly Command[] = [
  {
    name: 'set',
    usage: 'SETTING VALUE',
    arity: [2, 2],
    choices: [
      ['tracing-enabled', 'rules', 'drop'],
      ['true', 'false'],
    ],
    summary: 'Change a running service, for a limited time.',
    details: [
      'Settings:',
      '  tracing-enabled   true or false (also on/off, yes/no, 1/0)',
      "  rules             namespace rules, such as 'carbide::db=off, carbide::api=0.1'",
      "  drop              what is never recorded, such as 'carbide::poll'",
      'Every change is a lease: it ends by itself, and the service falls back to its configured state.',
    ],
    options: [
      {
        name: 'only',
        type: 'text',
        value: 'ROOTS',
        summary: 'With tracing-enabled true: traces start only there, and are whole below.',
      },
      ...LEASE_OPTIONS,
      {
        name: 'redis',
        type: 'text',
        value: 'URL',
        summary: 'Change all replicas that follow this Redis, instead of one service. Its password: SPANWRIGHT_REDIS_PASSWORD.',
      },
      { name: 'redis-key', type: 'text', value: 'KEY', summary: 'The key that the replicas follow. Default spanwright:control.' },
    ],
    live: true,
    load: () => import('./live/set.js'),
  },
  {
    name: 'status',
    usage: '',
    arity: [0, 0],
    summary: 'Show whether tracing is on, by which lease, and what became of the spans.',
    options: [],
    live: true,
    load: () => import('./live/status.js'),
  },
  {
    name: 'sites',
    usage: '[PREFIX]',
    arity: [0, 1],
    summary: 'List the instrumented functions, with verdict and counts.',
    options: [
      { name: 'limit', type: 'count', value: 'N', summary: 'At most N rows. Default 100, at most 1000.' },
      { name: 'offset', type: 'count', value: 'N', summary: 'Leave out the first N rows.' },
    ],
    live: true,
    load: () => import('./live/sites.js'),
  },
  {
    name: 'spans',
    usage: '',
    arity: [0, 0],
    summary: 'List the open spans, oldest first.',
    options: [
      { name: 'watch', short: 'w', type: 'flag', summary: 'Show them again every second until interrupted.' },
      { name: 'limit', type: 'count', value: 'N', summary: 'At most N rows. Default 50, at most 1000.' },
    ],
    live: true,
    load: () => import('./live/spans.js'),
  },
  {
    name: 'top',
    usage: '[PREFIX]',
    arity: [0, 1],
    summary: 'Show the busiest functions, again and again: rates, errors, latency, open spans.',
    details: [
      'Rates and latency are those of the interval before each look; of the 1000 functions with most calls since the start.',
    ],
    options: [
      { name: 'interval', type: 'text', value: 'DURATION', summary: 'Time between two looks, from 100ms. Default 2s.' },
      { name: 'count', type: 'count', value: 'N', summary: 'Stop after N looks. Default: until interrupted.' },
      { name: 'limit', type: 'count', value: 'N', summary: 'At most N rows. Default 20.' },
    ],
    live: true,
    load: () => import('./live/top.js'),
  },
  {
    name: 'errors',
    usage: '',
    arity: [0, 0],
    summary: 'List the last failed calls, newest first.',
    options: [{ name: 'limit', type: 'count', value: 'N', summary: 'At most N rows. Default 50, at most 100.' }],
    live: true,
    load: () => import('./live/errors.js'),
  },
  {
    name: 'leases',
    usage: '[end ID]',
    arity: [0, 2],
    choices: [['end']],
    summary: 'List the changes in force, or end one early.',
    options: [],
    live: true,
    load: () => import('./live/leases.js'),
  },
  {
    name: 'audit',
    usage: '',
    arity: [0, 0],
    summary: 'List the last changes and refusals: who, what, why.',
    options: [],
    live: true,
    load: () => import('./live/audit.js'),
  },
  {
    name: 'metrics',
    usage: '',
    arity: [0, 0],
    summary: 'Print the metrics in Prometheus text format.',
    options: [],
    live: true,
    load: () => import('./live/metrics.js'),
  },
  {
    name: 'completion',
    usage: 'SHELL',
    arity: [1, 1],
    choices: [['bash', 'zsh', 'fish']],
    summary: 'Print the completion script for bash, zsh or fish.',
    details: [
      'bash:  spanwright completion bash > /etc/bash_completion.d/spanwright',
      'zsh:   spanwright completion zsh > ~/.zfunc/_spanwright, a folder of $fpath',
      'fish:  spanwright completion fish > ~/.config/fish/completions/spanwright.fish',
    ],
    options: [],
    live: false,
    load: () => import('./completion.js'),
  },
  {
    name: 'build',
    usage: '',
    arity: [0, 0],
    summary: 'Compile a project with the transformer, on the native compiler (TypeScript 7.1 or later).',
    details: ['Prints diagnostics and exits as tsc does: 0 without errors, 1 with errors and nothing written, 2 with errors.'],
    options: [
      { name: 'project', short: 'p', type: 'text', value: 'PATH', summary: 'tsconfig.json, or the directory that holds it.' },
      { name: 'watch', short: 'w', type: 'flag', summary: 'Build again after every change, until interrupted.' },
      {
        name: 'build',
        short: 'b',
        type: 'flag',
        summary: 'Build the projects that it references too, as far as they are out of date.',
      },
      { name: 'noEmit', type: 'flag', summary: 'Report diagnostics and write nothing.' },
    ],
    live: false,
    load: () => import('./build.js'),
  },
  {
    name: 'explain',
    usage: 'FILE',
    arity: [1, 1],
    summary: 'List the instrumented functions of a source file, and show it before and after.',
    options: [
      { name: 'json', type: 'flag', summary: 'Print sites, diagnostics and both texts as JSON.' },
      { name: 'project', short: 'p', type: 'text', value: 'PATH', summary: 'tsconfig.json, or the directory that holds it.' },
    ],
    live: false,
    load: () => import('./explain.js'),
  },
  {
    name: 'doctor',
    usage: '[DIRECTORY]',
    arity: [0, 1],
    summary: 'Check the wiring of a project and its service, with cause and fix of every finding.',
    details: [
      'Looks at the versions, the plugin in tsconfig.json, the built output, the endpoint, and the running service if it is reached.',
      'Exits with 1 when it finds an error.',
    ],
    options: [
      { name: 'project', short: 'p', type: 'text', value: 'PATH', summary: 'tsconfig.json, or the directory that holds it.' },
      { name: 'config', type: 'text', value: 'PATH', summary: 'The TOML file of the service.' },
      {
        name: 'sidecar',
        type: 'text',
        value: 'URL',
        summary: 'Where a collector beside the service would listen. Default http://localhost:4317.',
      },
      {
        name: 'collector-metrics',
        type: 'text',
        value: 'URL',
        summary: "The collector's own metrics, to see whether it delivers, such as http://localhost:8888.",
      },
    ],
    live: true,
    load: () => import('./doctor/command.js'),
  },
  {
    name: 'traces',
    usage: 'RECIPE [ARGUMENTS]',
    arity: [1, 21],
    choices: [RECIPES.map(({ name }) => name)],
    summary: 'Ask Jaeger or Tempo, a Collector or a log what became of traces.',
    details: recipeLines(RECIPES),
    options: TRACES_OPTIONS,
    live: true,
    load: () => import('./traces/command.js'),
  },
  {
    name: 'receive',
    usage: '',
    arity: [0, 0],
    summary: 'Listen for traces over OTLP/gRPC on this machine, and show them.',
    details: ['Prints each trace as a tree; with --json each span as one line of JSON, after a line that says where it listens.'],
    options: [
      { name: 'port', type: 'count', value: 'PORT', summary: 'Where to listen; 0 is one that is free. Default 4317.' },
      {
        name: 'query-port',
        type: 'count',
        value: 'PORT',
        summary: "Also answer Jaeger's HTTP API there, for spanwright traces; 0 is one that is free.",
      },
      { name: 'host', type: 'text', value: 'ADDRESS', summary: 'A loopback address. Default 127.0.0.1.' },
      { name: 'json', type: 'flag', summary: 'One line of JSON a span, for programs.' },
      {
        name: 'file',
        type: 'text',
        value: 'PATH',
        file: true,
        summary: 'Also append each span to this file, as a line of JSON.',
      },
    ],
    live: false,
    load: () => import('./receiver/command.js'),
  },
];
