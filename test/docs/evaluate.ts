// Runs a TypeScript block of a page in this process, against the real runtime, inside the surrounding that its row declares.

import { createRequire } from 'node:module';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import ts from 'typescript';
import * as assert from 'uvu/assert';
import * as admin from '../../runtime/admin/index.js';
import * as control from '../../runtime/control/index.js';
import type { Tracing, TracingOptions } from '../../runtime/index.js';
import * as spanwright from '../../runtime/index.js';
import * as logs from '../../runtime/logs/index.js';
import * as vite from '../../transformer/unplugin/vite.js';
import * as viewer from '../../viewer/receiver/index.js';
import { type Block, blocksOf, isShown, moduleOf } from './pages.js';

const load = createRequire(__filename);
const MODULES: Readonly<Record<string, object>> = {
  spanwright,
  'spanwright/admin': admin,
  'spanwright/control': control,
  'spanwright/logs': logs,
  'spanwright/unplugin/vite': vite,
  '@spanwright/viewer': viewer,
};

/** A block, by its whole text, or by a text that it alone holds among the blocks of its page. */
export interface Row {
  readonly page: string;
  readonly has: string;
}

export interface CodeRow extends Row {
  /** Texts of the blocks of the page that show what the block printed or made. */
  readonly shows?: readonly string[];
  /** Commands without which it cannot run. */
  readonly needs?: readonly string[];
  run(page: Page, block: Block): Promise<void>;
}

export function blockOf({ page, has }: Row): Block {
  const blocks = blocksOf(page);
  const same = blocks.filter(({ code }) => code.trim() === has);
  const found = same.length === 1 ? same : blocks.filter(({ code }) => code.includes(has));
  if (found.length !== 1) throw new Error(`${found.length} blocks of ${page} hold "${has}"`);
  return found[0] as Block;
}

export interface Surrounding {
  /** Names that the block uses and leaves out, and modules' exports that the test watches. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Statements behind the block, in its scope. */
  readonly after?: string;
  /** Bodies in place of `{ ... }`, in their order. */
  readonly bodies?: readonly string[];
  /** Name of the class around a block that shows members only. */
  readonly className?: string;
}

/** State of one page's block while it runs: one tracing at a time, recording into memory, with its log lines kept. */
export class Page {
  /** Lines of all pages of this process. */
  static readonly logged: string[] = [];
  readonly lines: string[] = [];
  readonly #exporter = new InMemorySpanExporter();
  #tracing: Tracing | undefined;

  /** `startTracing()` as the block calls it, with the exporter of the test added. */
  readonly startTracing = async (options: TracingOptions = {}): Promise<Tracing> => {
    const logger = ({ message }: { message: string }): void => {
      this.lines.push(message);
      Page.logged.push(message);
    };
    this.#tracing = await spanwright.startTracing({ exporter: this.#exporter, logger, logLevel: 'info', ...options });
    return this.#tracing;
  };

  recording(options: TracingOptions = {}): Promise<Tracing> {
    return this.startTracing({ serviceName: 'page', enabled: true, ...options });
  }

  async spans(): Promise<readonly ReadableSpan[]> {
    await this.#tracing?.forceFlush();
    return this.#exporter.getFinishedSpans();
  }

  /** Runs in a recorded call. */
  inSpan<T>(run: () => Promise<T>): Promise<T> {
    return spanwright.instrument({ name: 'around', namespace: 'page' }, run)();
  }

  /** @returns what `after` returns */
  // biome-ignore lint/suspicious/noExplicitAny: values of a page's code
  evaluate({ code, place }: Block, surrounding: Surrounding = {}): Promise<any> {
    const { given = {}, after = '', bodies = [], className } = surrounding;
    const left = [...bodies];
    const whole = code.replace(/\{ \.\.\. \}/g, () => left.shift() ?? '{}');
    const compilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      experimentalDecorators: true,
      esModuleInterop: true,
    };
    const { outputText } = ts.transpileModule(`${moduleOf(whole, className)}\n${after}`, { compilerOptions });
    const shared = { ...spanwright, startTracing: this.startTracing, tracing: this.#tracing, ...given };
    const own = (name: string): unknown => {
      const module = name === 'spanwright' ? shared : MODULES[name];
      return module === undefined ? load(name) : { __esModule: true, ...module, ...given };
    };
    const declared = new Set(
      [...outputText.matchAll(/^(?:const|let|class|(?:async )?function) (\w+)/gm)].map(([, name]) => name),
    );
    const names = Object.keys(shared).filter((name) => !declared.has(name) && /^\w+$/.test(name));
    const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
    try {
      const run = new AsyncFunction('require', 'exports', ...names, outputText.replace(/^"use strict";/, ''));
      return run(own, {}, ...names.map((name) => (shared as Record<string, unknown>)[name]));
    } catch (error) {
      throw new Error(`${place}: ${(error as Error).message}`);
    }
  }

  async end(): Promise<void> {
    await this.#tracing?.shutdown();
  }
}

/** @throws AssertionError if an output is not the one of the block that holds a text */
export function assertShown(row: Row, output: string): void {
  const { code, place } = blockOf(row);
  assert.ok(isShown(code, output), `${place} shows\n${code}\nand the output is\n${output}`);
}
