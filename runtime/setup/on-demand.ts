// startTracing(), createSampler() and what else sets up, as users import it. Its modules load with the first call,
// because most modules of a service import `spanwright` only to mark methods. The requires are literal, so that bundlers follow them.

import type { TracingOptions } from '../config/options.js';
import type { SqlQueries, SqlQueriesOptions } from '../instrumentations/sql-queries.js';
import type { Tracing } from '../tracing.js';
import type { SamplerOptions } from './own.js';
import type { OpenSpanProcessor } from './processor.js';
import type { SpanwrightSampler } from './sampler.js';

const loadStart = (): typeof import('./start.js') => require('./start.js');
const sampler = (): typeof import('./sampler.js') => require('./sampler.js');
const processor = (): typeof import('./processor.js') => require('./processor.js');
const sql = (): typeof import('../instrumentations/sql-queries.js') => require('../instrumentations/sql-queries.js');

/**
 * Sets tracing up. Off by default: nothing is recorded until the flag is on, and nothing is built until there is an endpoint.
 *
 * @param options override the environment, which overrides the TOML file (docs/configuration.md)
 * @throws ConfigurationError naming every unknown key and bad value, with its place and the nearest valid one
 * @throws SpanwrightError ALREADY_STARTED when tracing runs in this process already. Not in a development server, which loads modules again:
 * there it returns the running one (SPW045)
 * @example
 * ```ts
 * const tracing = await startTracing({ serviceName: 'carbide-api' });
 * process.on('SIGTERM', async () => { await tracing.shutdown(); });
 * ```
 */
export async function startTracing(options: TracingOptions = {}): Promise<Tracing> {
  return loadStart().startTracing(options);
}

/**
 * The sampler for an SDK set-up of the user's own; takes the place of startTracing(). Roots are recorded when the flag is on and
 * their namespace may start a trace, at the ratio in force; children inherit; dropped spans are never recorded. It is an instance
 * of the `ParentBasedSampler` of `@opentelemetry/sdk-trace`.
 * @throws ConfigurationError, SpanwrightError as startTracing() does; in a development server a second call returns the first sampler.
 * SpanwrightError MISSING_PACKAGE without the SDK
 * @example
 * ```ts
 * const sampler = createSampler({ roots: 'carbide' });
 * new NodeSDK({ sampler, spanProcessors: [createSpanProcessor(), new BatchSpanProcessor(exporter)] }).start();
 * sampler.tracing.setEnabled(true, { for: '10m' });
 * ```
 */
export function createSampler(options: SamplerOptions = {}): SpanwrightSampler {
  return sampler().createSampler(options);
}

/**
 * The decision about roots alone, to compose with: what a parent decides is the user's own. With other samplers for parents
 * than the SDK's defaults, dropped spans below a parent are theirs to decide too.
 * @throws as {@link createSampler} does, except that no package of the SDK is needed
 * @example
 * ```ts
 * new ParentBasedSampler({ root: createRootSampler({ roots: 'carbide' }), remoteParentNotSampled: new AlwaysOnSampler() });
 * ```
 */
export function createRootSampler(options: SamplerOptions = {}): SpanwrightSampler {
  return sampler().createRootSampler(options);
}

/**
 * A span processor that counts, lists and watches the open spans of the SDK that it is given to. Spans of instrumented code are
 * counted where they are made, and not again here.
 * @example new NodeSDK({ sampler, spanProcessors: [createSpanProcessor(), new BatchSpanProcessor(exporter)] })
 */
export function createSpanProcessor(): OpenSpanProcessor {
  return processor().createSpanProcessor();
}

/**
 * Records the queries of a client under the span that they run in; while nothing can be recorded it calls `run` and nothing else.
 * @throws SpanwrightError MISUSE when an option cannot be one
 * @example
 * ```ts
 * const sqlite = sqlQueries({ system: 'sqlite', queries: 'totals' });
 * const all = (sql: string, ...values: unknown[]) => sqlite.run(sql, () => database.prepare(sql).all(...values));
 * ```
 */
export function sqlQueries(options: SqlQueriesOptions): SqlQueries {
  return sql().sqlQueries(options);
}
