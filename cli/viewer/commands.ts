// Rows of the commands whose code is in `@spanwright/viewer`: `view`, `diff`, `traces` and `receive`. The rows stay here, so that help, completion
// and the messages about a mistyped option are the same whether the viewer is installed or not.

import type { Command } from '../command.js';
import { loadViewerCommand } from './load.js';
import { RECIPES, recipeLines, TRACES_OPTIONS } from './recipes.js';

export const VIEWER_COMMANDS: readonly Command[] = [
  {
    name: 'view',
    usage: '[FILE...]',
    arity: [0, 20],
    summary: 'Receive traces on this machine, and show them and live services in a page.',
    details: [
      'Listens for OTLP over gRPC and HTTP, and prints the address of the page. FILE: traces to show at once, as OTLP JSON, Jaeger JSON',
      'or lines of "spanwright receive --json".',
    ],
    options: [
      { name: 'port', type: 'count', value: 'PORT', summary: 'Port of the page; 0 takes a free one. Default 4319.' },
      { name: 'grpc-port', type: 'count', value: 'PORT', summary: 'Port of OTLP over gRPC; 0 takes a free one. Default 4317.' },
      { name: 'http-port', type: 'count', value: 'PORT', summary: 'Port of OTLP over HTTP; 0 takes a free one. Default 4318.' },
      {
        name: 'host',
        type: 'text',
        value: 'ADDRESS',
        summary: 'Of the page. Default 127.0.0.1; any other than loopback needs --page-token-file.',
      },
      {
        name: 'page-token-file',
        type: 'text',
        value: 'PATH',
        file: true,
        summary: 'File with the token that each request of the page needs.',
      },
      { name: 'open', type: 'flag', summary: 'Open the page in the browser.' },
      { name: 'hook', type: 'text', value: 'URLS', summary: 'Admin hooks of services to show, with commas between.' },
      {
        name: 'hook-token-file',
        type: 'text',
        value: 'PATH',
        file: true,
        summary: 'File with the token of these hooks. Default: the variable SPANWRIGHT_ADMIN_TOKEN.',
      },
      {
        name: 'editor',
        type: 'text',
        value: 'TEMPLATE',
        summary: 'Address that opens a source place. Default vscode://file/{file}:{line}:{column}.',
      },
      { name: 'traces', type: 'count', value: 'N', summary: 'Traces kept; older ones are released and counted. Default 50000.' },
      {
        name: 'mcp',
        type: 'flag',
        summary:
          'Serve coding assistants over standard input and output (MCP); uses the viewer that runs at --port, if one does.',
      },
      {
        name: 'store',
        type: 'text',
        value: 'PATH',
        file: true,
        summary: 'SQLite file that keeps the traces beyond a restart, as many as --traces. Default: memory only.',
      },
      { name: 'json', type: 'flag', summary: 'Print the addresses as one line of JSON.' },
    ],
    live: false,
    endless: true,
    load: () => loadViewerCommand('view'),
  },
  {
    name: 'diff',
    usage: '[TRACE_ID TRACE_ID]',
    arity: [0, 2],
    summary: 'Show what differs between two traces, or between slow traces and the others.',
    details: [
      'Reads the traces of a file, of a running "spanwright view", of Jaeger or of Tempo. The most likely cause comes first.',
    ],
    options: [
      { name: 'file', type: 'text', value: 'PATH', file: true, summary: 'Traces from this file.' },
      {
        name: 'jaeger',
        type: 'text',
        value: 'URL',
        summary: 'Ask this Jaeger; also the address of "spanwright receive --query-port".',
      },
      { name: 'tempo', type: 'text', value: 'URL', summary: 'Ask this Grafana Tempo.' },
      { name: 'viewer', type: 'text', value: 'URL', summary: 'Ask this viewer. Default http://127.0.0.1:4319.' },
      { name: 'service', type: 'text', value: 'NAME', summary: 'Only traces through this service. Default: all.' },
      {
        name: 'over',
        type: 'text',
        value: 'DURATION',
        summary: 'Traces from this duration on are slow. Default: the slowest tenth.',
      },
      { name: 'since', type: 'text', value: 'DURATION', summary: 'How far to look back in Jaeger or Tempo. Default 1h.' },
      { name: 'limit', type: 'count', value: 'N', summary: 'Traces to read from Jaeger or Tempo. Default 500.' },
      { name: 'json', type: 'flag', summary: 'Print the answer as JSON, for programs.' },
    ],
    live: false,
    load: () => loadViewerCommand('diff'),
  },
  {
    name: 'traces',
    usage: 'RECIPE [ARGUMENTS]',
    arity: [1, 21],
    choices: [RECIPES.map(({ name }) => name)],
    summary: 'Ask Jaeger or Tempo, a Collector or a log about traces.',
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
      { name: 'port', type: 'count', value: 'PORT', summary: 'Port to listen on; 0 takes a free one. Default 4317.' },
      {
        name: 'query-port',
        type: 'count',
        value: 'PORT',
        summary: "Also answer Jaeger's HTTP API on this port, for spanwright traces; 0 takes a free one.",
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
    endless: true,
    load: () => loadViewerCommand('receive'),
  },
];
