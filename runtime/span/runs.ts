// Ways to run a lazy thenable beside `then`: `query.exec()`, `query.catch(...)`, `$transaction([query])`, `for await (row of query)`.
// Each library has its own. A method is observed only where the thenable has it. It gets the caller's arguments and returns its own
// result. Where such methods call each other, the innermost that returns something to follow is the first use.

import { types } from 'node:util';
import { apply, isNative } from '../captured.js';
import { activeContext, withContext } from '../context/active.js';
import { reportFault } from '../fault.js';
import { abandoned } from '../open/abandoned.js';
import type { AnyFunction } from '../site/site.js';
import { observeIterator } from './end/iterable.js';
import { observeEnd } from './end/observe.js';
import { type FirstUse, plainMethod, replaceMethod } from './first-use.js';
import { isIterator } from './steps.js';

/** A local binding, because reading an imported one can be a call of a getter, for which a full stack has no room. */
const faulty = abandoned;

interface Run {
  readonly names: readonly PropertyKey[];
  /** The last argument can be a callback of Node.js's form, which is then what reports the outcome. */
  readonly callback?: boolean;
  /** The result is an iterator, also where the method gets it from another one that is observed. */
  readonly iterates?: boolean;
  /** A result that cannot be awaited is the outcome: the driver is synchronous. */
  readonly returnsOutcome?: boolean;
  /** A method that the thenable must have as well, where other libraries use the names differently. */
  readonly beside?: string;
}

const RUNS: readonly Run[] = [
  { names: ['catch', 'finally'] },
  // Drizzle, Objection, Kysely before 0.28; mongoose; Prisma
  { names: ['execute', 'executeTakeFirst', 'executeTakeFirstOrThrow', 'explain', 'requestTransaction'] },
  // Knex, mongoose, Kysely
  { names: ['stream', 'pipe', 'cursor'] },
  { names: [Symbol.asyncIterator], iterates: true },
  // mongoose (with a callback before 7), superagent, Knex
  { names: ['exec', 'end', 'asCallback'], callback: true },
  // promises of OpenAI's and Anthropic's clients
  { names: ['asResponse', 'withResponse'] },
  { names: ['all', 'get', 'run', 'values', 'sync'], beside: '_prepare', returnsOutcome: true }, // Drizzle
];

/** Observes every method of the thenable that runs it. Methods of the engine, as `Promise.prototype.catch`, call `then`. */
export function observeRuns(use: FirstUse): void {
  for (const run of RUNS) {
    if (run.beside !== undefined && plainMethod(use.thenable, run.beside) === undefined) continue;
    for (const name of run.names) {
      const method = plainMethod(use.thenable, name);
      if (method !== undefined && !isNative(method)) replaceMethod(use.thenable, name, observedRun(use, run, name, method));
    }
  }
}

function observedRun(use: FirstUse, run: Run, name: PropertyKey, method: AnyFunction): AnyFunction {
  const { call } = use;
  return function observed(this: unknown, ...args: unknown[]): unknown {
    if (use.started || this !== use.thenable) return apply(method, this, args);
    if (run.callback && typeof args.at(-1) === 'function') {
      use.start();
      args.push(inConsumer(args.pop(), (error, value) => (error ? call.fail(error) : call.fulfil(value))));
    } else if (name === 'catch') args[0] = inConsumer(args[0], (error) => call.fail(error));
    else if (name === 'finally') args[0] = inConsumer(args[0]);
    let result: unknown;
    try {
      result = call.inside(method, this, args);
    } catch (error) {
      try {
        use.start();
        call.fail(error);
      } catch {
        // nothing is called here, because the stack is full
        call.span.isAbandoned = true;
        faulty.any = true;
      }
      throw error;
    }
    if ((run.iterates || !use.started) && result !== use.thenable && hasOutcome(use, run, result)) use.start();
    return result;
  };
}

/** True when the call ends with the result of a run. */
function hasOutcome(use: FirstUse, run: Run, result: unknown): boolean {
  if (typeof result === 'object' && result !== null && !types.isProxy(result)) {
    try {
      if (run.iterates && isIterator(result)) {
        observeIterator(use.call, result);
        return true;
      }
      if (use.follow(result) || observeEnd(use.call, result)) return true;
    } catch (fault) {
      reportFault(`result of ${use.call.site.id}`, fault);
      return false;
    }
  }
  if (run.returnsOutcome) use.call.fulfil(result);
  return run.returnsOutcome === true;
}

/** A handler that the library calls inside the span, run in the context of the thenable's user. */
function inConsumer(handler: unknown, before?: (...args: unknown[]) => void): unknown {
  if (typeof handler !== 'function') return handler;
  const consumer = activeContext();
  return function handle(this: unknown, ...args: unknown[]): unknown {
    before?.(...args);
    return withContext(consumer, handler as AnyFunction, this, args);
  };
}
