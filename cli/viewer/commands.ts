// Rows of the commands whose code is in `@spanwright/viewer`: `traces` and `receive`. The rows stay here, so that help, completion
// and the messages about a mistyped option are the same whether the viewer is installed or not.

import type { Command } from '../command.js';
import { loadViewerCommand } from './load.js';
import { RECIPES, recipeLines, TRACES_OPTIONS } from './recipes.js';

export const VIEWER_COMMANDS: readonly Command[] = [
  {
    name: 'traces',
    usage: 'RECIPE [ARGUMENTS]',
    arity: [1, 21],
    choices: [RECIPES.map(({ name }) => name)],
    summary: 'Ask Jaeger or Tempo, a Collector or a log what became of traces.',
    details: recipeLines(RECIPES),
    options: TRACES_OPTIONS,
    live: true,
    load: () => loadViewerCommand('traces'),
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
    load: () => loadViewerCommand('receive'),
  },
];
