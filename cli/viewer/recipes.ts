// Table of the recipes of `spanwright traces`, one row each, with the options that belong to it. Help, completion and messages read
// the row. The code behind a recipe is in `@spanwright/viewer`.

import type { CommandOption } from '../command.js';
import {
  AUTHORIZATION_VARIABLE,
  DEFAULT_COLLECTOR_METRICS,
  DEFAULT_JAEGER,
  JAEGER_VARIABLE,
  TEMPO_VARIABLE,
} from './addresses.js';

export type RecipeName =
  | 'show'
  | 'from-log'
  | 'slow'
  | 'errors'
  | 'find'
  | 'spike'
  | 'map'
  | 'verify'
  | 'broken'
  | 'sampling'
  | 'collector';

export interface Recipe {
  readonly name: RecipeName;
  readonly usage: string;
  readonly arity: readonly [least: number, most: number];
  readonly summary: string;
  /** Options of the recipe, besides those that choose the backend; for a recipe that queries no backend, all of them. */
  readonly options: readonly string[];
  /** Asks no trace backend. */
  readonly apart?: true;
}

const BACKEND_OPTIONS = ['jaeger', 'tempo', 'json'] as const;
const SERVICE_OPTIONS = ['url', 'socket', 'token-file', 'json'] as const;

export const RECIPES: readonly Recipe[] = [
  {
    name: 'show',
    usage: 'TRACE_ID',
    arity: [1, 1],
    summary: 'Print a trace as a tree, through all its services.',
    options: [],
  },
  {
    name: 'from-log',
    usage: '[FILE]',
    arity: [0, 1],
    summary: 'Find the traces of the error lines of a log (JSON, logfmt or text; FILE or standard input).',
    options: ['level', 'limit'],
  },
  {
    name: 'slow',
    usage: '',
    arity: [0, 0],
    summary: 'List the slow traces, the slowest first.',
    options: ['service', 'over', 'since', 'limit'],
  },
  {
    name: 'errors',
    usage: '',
    arity: [0, 0],
    summary: 'List the traces with an error, the newest first, with the span where it began.',
    options: ['service', 'since', 'limit'],
  },
  {
    name: 'find',
    usage: 'KEY=VALUE...',
    arity: [1, 20],
    summary: 'List the traces in which one span has all these attributes, the newest first.',
    options: ['service', 'over', 'since', 'limit'],
  },
  {
    name: 'spike',
    usage: '',
    arity: [0, 0],
    summary: 'List the traces of the moment when a metric was highest.',
    options: ['prometheus', 'query', 'at', 'window', 'service', 'over', 'since', 'limit'],
  },
  {
    name: 'map',
    usage: '',
    arity: [0, 0],
    summary: 'Show which service calls which, and how often.',
    options: ['since'],
  },
  {
    name: 'verify',
    usage: 'URL',
    arity: [1, 1],
    summary: 'Send a request with a new trace, and see which services it reaches.',
    options: ['method', 'expect', 'wait'],
  },
  {
    name: 'broken',
    usage: 'TRACE_ID',
    arity: [1, 1],
    summary: 'Find the service where a trace stops, and the reason.',
    options: ['expect'],
  },
  {
    name: 'sampling',
    usage: '[COLLECTOR_CONFIG...]',
    arity: [0, 20],
    summary:
      'Show the sampling in force: of the service at --url, and of Collectors by their configuration files; - is standard input.',
    options: SERVICE_OPTIONS,
    apart: true,
  },
  {
    name: 'collector',
    usage: '[URL]',
    arity: [0, 1],
    summary: `Check a Collector's health by its own metrics and its log. Default ${DEFAULT_COLLECTOR_METRICS}.`,
    options: ['every', 'log', 'json'],
    apart: true,
  },
];

/** The options of the row `traces`. The row of a recipe lists those that it takes. */
export const TRACES_OPTIONS: readonly CommandOption[] = [
  {
    name: 'jaeger',
    type: 'text',
    value: 'URL',
    summary: `Ask this Jaeger. Default: ${JAEGER_VARIABLE}, else ${DEFAULT_JAEGER}. Its Authorization header: ${AUTHORIZATION_VARIABLE}.`,
  },
  { name: 'tempo', type: 'text', value: 'URL', summary: `Ask this Grafana Tempo instead. Default: ${TEMPO_VARIABLE}.` },
  { name: 'service', type: 'text', value: 'NAME', summary: 'Only traces through this service. Default: all.' },
  { name: 'over', type: 'text', value: 'DURATION', summary: 'Only traces with a span that took longer. Default 1s for slow.' },
  { name: 'since', type: 'text', value: 'DURATION', summary: 'How far to look back. Default 1h; 24h for map.' },
  { name: 'limit', type: 'count', value: 'N', summary: 'At most N rows. Default 20.' },
  {
    name: 'level',
    type: 'text',
    value: 'LEVEL',
    summary: 'Lines of this level and above: info, warn, error, fatal. Default error.',
  },
  { name: 'prometheus', type: 'text', value: 'URL', summary: 'The Prometheus that has the metric of --query.' },
  { name: 'query', type: 'text', value: 'PROMQL', summary: 'The metric; its highest value within --since is the moment.' },
  { name: 'at', type: 'text', value: 'TIME', summary: 'The moment, as an ISO 8601 time, instead of --query.' },
  { name: 'window', type: 'text', value: 'DURATION', summary: 'Time before and after the moment. Default 1m.' },
  { name: 'method', type: 'text', value: 'METHOD', summary: 'Of the request. Default GET.' },
  { name: 'expect', type: 'text', value: 'SERVICES', summary: 'Services that the trace should reach, with commas between.' },
  { name: 'wait', type: 'text', value: 'DURATION', summary: 'How long to wait for the spans. Default 15s.' },
  {
    name: 'log',
    type: 'text',
    value: 'FILE',
    file: true,
    summary: 'Count the errors in this log of the Collector; - is standard input. Without URL, the log alone.',
  },
  { name: 'every', type: 'text', value: 'DURATION', summary: 'Read the metrics twice, this long apart, and judge their growth.' },
];

/** Names of the options that a recipe takes. */
export function optionsOfRecipe({ options, apart }: Recipe): readonly string[] {
  return apart ? options : [...options, ...BACKEND_OPTIONS];
}

/** Lines of the help: the recipes, then which option belongs to which. */
export function recipeLines(recipes: readonly Recipe[]): string[] {
  const rows = recipes.map((recipe) => [`${recipe.name} ${recipe.usage}`.trim(), recipe] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    'Recipes:',
    ...rows.map(([left, { summary }]) => `  ${left.padEnd(width)}  ${summary}`),
    '',
    'Their options:',
    ...recipes.map(
      (recipe) =>
        `  ${recipe.name.padEnd(width)}  ${optionsOfRecipe(recipe)
          .map((name) => `--${name}`)
          .join(' ')}`,
    ),
  ];
}
