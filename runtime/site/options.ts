// Options of a site after validation, in the form that the recording path reads.

import type { Attributes, Link } from '@opentelemetry/api';
import { INFO, type RootMark } from './marks.js';

/** A parameter with `@record`. */
export interface MarkedParameter {
  readonly index: number;
  /** Attribute key; undefined: the name of the parameter. */
  readonly key: string | undefined;
}

/** An argument to record: its position, its parameter's name where that is known, and the attribute's key. */
interface RecordedArgument {
  readonly index: number;
  readonly parameter: string;
  readonly key: string;
}

/** Options after validation, in the form that the recording path reads. */
export interface ResolvedOptions {
  /** No span of its own: these attributes, and what else the options name, are added to the span in which it is called. */
  readonly adds: Attributes | undefined;
  readonly attributes: ((this: unknown, ...args: unknown[]) => Attributes | undefined) | undefined;
  readonly args: readonly RecordedArgument[] | undefined;
  readonly result: ((this: unknown, result: unknown) => Attributes | undefined) | undefined;
  /** Each call starts a new trace. */
  readonly root: boolean;
  readonly rootMark: RootMark;
  /** Index in LEVELS. */
  readonly level: number;
  readonly parent: ((this: unknown, ...args: unknown[]) => unknown) | undefined;
  /** The upstream span is linked to in its own trace, instead of being the parent. */
  readonly linked: boolean;
  readonly links: ((this: unknown, ...args: unknown[]) => readonly Link[] | undefined) | undefined;
  readonly expected: ((error: unknown) => boolean) | undefined;
  readonly longRunning: boolean;
  readonly untilEnd: boolean;
  /** Milliseconds; 0 keeps all. */
  readonly minDuration: number;
}

/** Options of a site that was declared without any. */
export const DEFAULT_OPTIONS: ResolvedOptions = {
  adds: undefined,
  attributes: undefined,
  args: undefined,
  result: undefined,
  root: false,
  rootMark: 'may',
  level: INFO,
  parent: undefined,
  linked: false,
  links: undefined,
  expected: undefined,
  longRunning: false,
  untilEnd: false,
  minDuration: 0,
};
