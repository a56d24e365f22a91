// The admin hook as a Fastify plugin. Fastify parses JSON bodies before a handler runs, and its parser would consume the body, and
// answer an invalid one in its own format; the plugin's scope has no parsers, so the body arrives as it was sent. The hooks of the
// application (authentication, logging) run first, as for every route. Types are structural: no dependency on Fastify.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminHandler } from './handler.js';
import { serve } from './node.js';

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The part of a Fastify instance that the plugin uses. */
export interface FastifyLike {
  /** The prefix under which the plugin is registered. */
  readonly prefix: string;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    contentType: '*',
    parser: (request: FastifyRequestLike, payload: IncomingMessage, done: (error: Error | null) => void) => void,
  ): unknown;
  all(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => void): unknown;
}

/** A plugin for `fastify.register()`. */
export type FastifyPlugin = (fastify: FastifyLike, options: unknown, done: () => void) => void;

/**
 * Mounts the handler in Fastify: `fastify.register(toFastifyPlugin(admin))`, under a base path with
 * `fastify.register(toFastifyPlugin(admin), { prefix: '/internal' })`.
 */
export function toFastifyPlugin(handler: AdminHandler): FastifyPlugin {
  return function spanwrightAdmin(fastify, _options, done) {
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    const base = fastify.prefix.replace(/\/$/, '');
    const answer = ({ raw }: FastifyRequestLike, reply: FastifyReplyLike): void => {
      reply.hijack();
      serve(handler, raw, reply.raw, (raw.url ?? '/').slice(base.length) || '/');
    };
    fastify.all(handler.prefix || '/', answer);
    fastify.all(`${handler.prefix}/*`, answer);
    done();
  };
}
