// The parts of Nest that `spanwright/nest` uses, by structure: Nest is an optional peer, and version 12 is an ES module.

import { SpanwrightError } from '../errors.js';

// biome-ignore lint/suspicious/noExplicitAny: a class or token of Nest or of the application
export type NestToken = any;

interface Nest {
  Module(metadata: object): (target: object) => void;
  Controller(options: object): (target: object) => void;
  UseGuards(...guards: readonly NestToken[]): (target: object) => void;
  All(path: readonly string[]): (target: object, key: string, descriptor: PropertyDescriptor) => void;
  Req(): (target: object, key: string, index: number) => void;
  Res(): (target: object, key: string, index: number) => void;
  Inject(token: NestToken): (target: object, key: undefined, index: number) => void;
  readonly VERSION_NEUTRAL: symbol;
  readonly ModulesContainer: NestToken;
  readonly HttpAdapterHost: NestToken;
  readonly ApplicationConfig: NestToken;
}

/** @throws SpanwrightError MISSING_PACKAGE */
export function loadNest(): Nest {
  try {
    return { ...require('@nestjs/common'), ...require('@nestjs/core') } as Nest;
  } catch (error) {
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `spanwright/nest needs @nestjs/common and @nestjs/core, 11 or 12. Run: npm install @nestjs/common @nestjs/core (${String(error)})`,
    );
  }
}
