// The module itself: it starts tracing, or uses the running one, and shuts down with the application what it has started. Its changes to
// the application (classes, requests, the admin hook) happen while providers are created, before Nest reads the routes.

import type { TracingOptions } from '../config/options.js';
import { startTracing } from '../setup/on-demand.js';
import { state } from '../state.js';
import type { Tracing } from '../tracing.js';
import { instrumentClasses, type NestKind, type ScannedModule } from './classes.js';
import { createHookController, type NestHookOptions } from './hook.js';
import { statusOfException } from './http-exception.js';
import { loadNest, type NestToken } from './packages.js';
import { type HttpAdapter, traceRequests } from './requests.js';

/** Token of the running tracing: `constructor(@Inject(SPANWRIGHT) private readonly tracing: Tracing) {}`. */
export const SPANWRIGHT: unique symbol = Symbol.for('spanwright.nest.tracing');
const OPTIONS = Symbol('spanwright.nest.options');
const PARTS = Symbol('spanwright.nest.parts');

/** Options of `SpanwrightModule.forRoot()`. */
export interface SpanwrightModuleOptions {
  /** Options of startTracing(). Not read where tracing runs already, as with a file loaded by `--import`. */
  tracing?: TracingOptions;
  /** First part of the namespaces that the module gives: `shop` makes `shop::orders::OrdersController`. Default: the service's name. */
  namespace?: string;
  /**
   * Instruments the classes of the application: their own methods, and of guards, interceptors, pipes and filters the one that Nest calls.
   * Functions that are instrumented already stay as they are. Default `true`, all kinds; a list: these kinds; `false`: none.
   */
  instrument?: boolean | readonly NestKind[];
  /** Classes, and modules with all of their classes, that are not instrumented. */
  exclude?: readonly NestToken[];
  /**
   * A span of kind `server` for each request, continuing the caller's trace, unless something else, such as the HTTP
   * instrumentation, has started one. Default `true`.
   */
  requests?: boolean;
}

/** Options of `SpanwrightModule.forRootAsync()`. */
export interface SpanwrightModuleAsyncOptions {
  /** Modules whose providers `inject` names. */
  imports?: readonly NestToken[];
  /** Tokens of the arguments of `useFactory`. */
  inject?: readonly NestToken[];
  /** Returns the options; its arguments are the providers of `inject`. */
  // biome-ignore lint/suspicious/noExplicitAny: the providers that `inject` names
  useFactory: (...injected: any[]) => SpanwrightModuleOptions | Promise<SpanwrightModuleOptions>;
  /** Mounts the admin hook. Default: it is not mounted. */
  hook?: NestHookOptions;
}

/** Nest's dynamic module. */
export interface NestDynamicModule {
  module: typeof SpanwrightModule;
  global: true;
  imports: NestToken[];
  providers: NestToken[];
  controllers: NestToken[];
  exports: NestToken[];
}

/**
 * Tracing in a Nest application, 11 or 12, on Express or Fastify.
 * @example
 * ```ts
 * @Module({ imports: [SpanwrightModule.forRoot({ tracing: { serviceName: 'shop' } }), OrdersModule] })
 * export class AppModule {}
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: the form of Nest's modules
export class SpanwrightModule {
  /** @throws SpanwrightError MISSING_PACKAGE without Nest; what startTracing() throws rejects the start of the application. */
  static forRoot({ hook, ...options }: SpanwrightModuleOptions & { hook?: NestHookOptions } = {}): NestDynamicModule {
    return SpanwrightModule.forRootAsync({ useFactory: () => options, ...(hook && { hook }) });
  }

  /**
   * The options from other providers.
   * @throws as {@link SpanwrightModule.forRoot} does
   * @example
   * ```ts
   * SpanwrightModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ tracing: { serviceName: 'shop', enabled: config.get('TRACING') === 'on' } }),
   * })
   * ```
   */
  static forRootAsync({ imports = [], inject = [], useFactory, hook }: SpanwrightModuleAsyncOptions): NestDynamicModule {
    const nest = loadNest();
    nest.Module({})(SpanwrightModule);
    return {
      module: SpanwrightModule,
      global: true,
      imports: [...imports],
      providers: [
        { provide: OPTIONS, useFactory, inject: [...inject] },
        { provide: PARTS, useFactory: start, inject: [OPTIONS, nest.ModulesContainer, nest.HttpAdapterHost] },
        { provide: SPANWRIGHT, useFactory: ({ tracing }: Parts) => tracing, inject: [PARTS] },
      ],
      controllers: hook === undefined ? [] : [createHookController(hook, SPANWRIGHT)],
      exports: [SPANWRIGHT],
    };
  }
}

/** A provider, so that Nest calls it when the application closes. */
interface Parts {
  readonly tracing: Tracing;
  onApplicationShutdown(): Promise<void>;
}

async function start(
  options: SpanwrightModuleOptions,
  modules: ReadonlyMap<string, ScannedModule>,
  host: { readonly httpAdapter?: HttpAdapter },
): Promise<Parts> {
  const running = state.tracing;
  const tracing = running ?? (await startTracing(options.tracing));
  const { namespace = tracing.state().serviceName, instrument = true, exclude = [], requests = true } = options;
  if (state.recorder !== undefined) state.recorder.statusOf = statusOfException;
  instrumentClasses(modules.values(), namespace, { kinds: instrument, exclude: new Set([SpanwrightModule, ...exclude]) });
  if (requests && host.httpAdapter) traceRequests(host.httpAdapter, `${namespace}::http`);
  return {
    tracing,
    async onApplicationShutdown() {
      if (running === undefined) await tracing.shutdown();
    },
  };
}
