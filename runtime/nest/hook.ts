// The admin hook as a controller of Nest, so that Nest's guards, the global ones included, decide who reaches it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AdminHandler, type AdminOptions, createAdminHandler } from '../admin/handler.js';
import { callerOf, serve } from '../admin/node.js';
import { state } from '../state.js';
import type { Tracing } from '../tracing.js';
import { loadNest, type NestToken } from './packages.js';

/** Options of the admin hook in a Nest application. */
export interface NestHookOptions extends AdminOptions {
  /** Guards of Nest. A request that passes them may read and change, without a token. Default: none, and tokens decide. */
  readonly guards?: readonly NestToken[];
}

/** Route patterns for each depth of the hook's paths, because Express and Fastify write wildcards differently. */
const ROUTES = ['', ':first', ':first/:second', ':first/:second/:third'];

interface Reply {
  /** Fastify. */
  readonly raw?: ServerResponse;
  hijack?(): unknown;
}

/** @param token of the running tracing */
export function createHookController({ guards = [], ...options }: NestHookOptions, token: symbol): NestToken {
  const { Controller, UseGuards, All, Req, Res, VERSION_NEUTRAL, Inject, ApplicationConfig } = loadNest();
  const { prefix = '/tracing' } = options;

  class SpanwrightHookController {
    readonly #handler: AdminHandler;

    constructor(
      tracing: Tracing,
      private readonly application: { getGlobalPrefix(): string },
    ) {
      this.#handler = createAdminHandler(tracing, options);
    }

    /** The application may exclude the hook from its prefix. */
    onApplicationBootstrap(): void {
      const global = this.application.getGlobalPrefix().replace(/^\/|\/$/gu, '');
      state.hookRequests.addPath(this.#handler.prefix);
      state.hookRequests.addPath(`/${global}${this.#handler.prefix}`);
    }

    answer(request: IncomingMessage & { raw?: IncomingMessage; body?: unknown }, reply: Reply): void {
      reply.hijack?.();
      const raw: IncomingMessage & { originalUrl?: string } = request.raw ?? request;
      // Nest's parser has read the body
      if (request.raw !== undefined) Object.assign(raw, { body: request.body });
      const response = reply.raw ?? (reply as ServerResponse);
      const caller = { ...callerOf(raw), ...(guards.length > 0 && { trusted: true }) };
      serve(this.#handler, raw, response, pathFrom(raw.originalUrl ?? raw.url ?? '/', this.#handler.prefix), caller);
    }
  }

  const { prototype } = SpanwrightHookController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'answer') as PropertyDescriptor;
  Inject(token)(SpanwrightHookController, undefined, 0);
  Inject(ApplicationConfig)(SpanwrightHookController, undefined, 1);
  Req()(prototype, 'answer', 0);
  Res()(prototype, 'answer', 1);
  All(ROUTES)(prototype, 'answer', descriptor);
  if (guards.length > 0) UseGuards(...guards)(SpanwrightHookController);
  Controller({ path: prefix, version: VERSION_NEUTRAL })(SpanwrightHookController);
  return SpanwrightHookController;
}

/** The URL from the hook's prefix on: a global prefix of the application may come before it. */
function pathFrom(url: string, prefix: string): string {
  const path = url.replace(/[?#].*$/su, '');
  for (let at = path.indexOf(prefix); at !== -1; at = path.indexOf(prefix, at + 1))
    if (['', '/'].includes(path.charAt(at + prefix.length))) return url.slice(at);
  return url;
}
