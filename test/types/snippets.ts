// Uses of @instrument that its types accept and refuse. A line that says `// error` is one that the compiler must refuse; no other.

import type { Snippet } from './check.js';

export const SNIPPETS: readonly Snippet[] = [
  {
    says: 'methods, accessors and classes take the bare decorator and one with options',
    code: `
      @instrument class Whole { method() {} @instrument.skip left() {} }
      @instrument({ kind: 'server' }) class WholeWithOptions {}
      class Service {
        @instrument plain(a: string): string { return a; }
        @instrument() called(): void {} // error
        @instrument async later(a: string, b?: number): Promise<number> { return a.length + (b ?? 0); }
        @instrument *items(): Generator<number, string> { yield 1; return ''; }
        @instrument async *stream(): AsyncGenerator<number> { yield 1; }
        @instrument static make(): Service { return new Service(); }
        @instrument get size(): number { return 1; }
        @instrument set level(_value: number) {}
        @instrument ['computed'](): void {}
        @instrument [Symbol.iterator](): Iterator<number> { return [][Symbol.iterator](); }
        @instrument({ name: 'n', namespace: 'a::b', root: true, longRunning: true, minDuration: '5ms', until: 'end' }) all(): void {}
      }
      void [Whole, WholeWithOptions, Service];`,
  },
  {
    says: 'the signature of a decorated method stays: parameters, result, overloads, type parameters, this',
    code: `
      class Service {
        @instrument plain(a: string, b?: number): Promise<string> { return Promise.resolve(a + b); }
        @instrument generic<T extends object>(value: T): T { return value; }
        over(a: string): string;
        over(a: number): number;
        @instrument over(a: string | number): string | number { return a; }
        @instrument chain(): this { return this; }
      }
      class Derived extends Service { extra = 1; }
      const service = new Service();
      const text: Promise<string> = service.plain('a', 1);
      const same: { a: 1 } = service.generic({ a: 1 });
      const first: string = service.over('a');
      const second: number = service.over(1);
      const extra: number = new Derived().chain().extra;
      service.plain(1); // error
      service.generic(1); // error
      service.over(true); // error
      void [text, same, first, second, extra];`,
  },
  {
    says: 'callbacks see the arguments of the method',
    code: `
      interface Job { id: string; }
      class Service {
        @instrument({ attributes: (job: Job) => ({ id: job.id }) }) one(job: Job, retries: number): number { return retries + job.id.length; }
        @instrument({ attributes: (job: Job, retries: number) => ({ id: job.id, retries }) }) two(_job: Job, _retries: number): void {}
        @instrument({ attributes: (job: { id: string }) => ({ id: job.id }) }) wider(_job: Job): void {}
        @instrument({ attributes: (job: unknown) => ({ id: String(job) }) }) widest(_job: Job): void {}
        @instrument({ attributes: () => ({ fixed: 1 }) }) none(_job: Job): void {}
        @instrument({ attributes: (job: string) => ({ id: job }) }) wrong(_job: Job): void {} // error
        @instrument({ attributes: (job: Job, more: boolean) => ({ id: job.id, more }) }) many(_job: Job): void {} // error
        @instrument({ parent: (job: number) => ({ job }) }) parent(_job: Job): void {} // error
        @instrument({ links: (job: number) => [] }) links(_job: Job): void {} // error
        @instrument({ attributes: (job: Job) => ({ id: job.id }), links: (_job: Job, _n: number) => [] }) both(_job: Job, _n: number): void {}
      }
      void Service;`,
  },
  {
    says: 'result sees what the call comes to',
    code: `
      class Service {
        @instrument({ result: (rows: readonly string[]) => ({ rows: rows.length }) }) async rows(): Promise<string[]> { return []; }
        @instrument({ result: (count: number) => ({ count }) }) count(): number { return 1; }
        @instrument({ result: (end: string) => ({ end }) }) *items(): Generator<number, string> { yield 1; return 'end'; }
        @instrument({ result: (end: string) => ({ end }) }) async *stream(): AsyncGenerator<number, string> { yield 1; return 'end'; }
        @instrument({ result: () => ({ done: true }) }) any(): void {}
        @instrument({ result: (rows: number) => ({ rows }) }) async wrong(): Promise<string[]> { return []; } // error
        @instrument({ result: (end: number) => ({ end }) }) *wrongEnd(): Generator<number, string> { yield 1; return 'end'; } // error
      }
      void Service;`,
  },
  {
    says: 'callbacks that name this are for that class only',
    code: `
      class Service {
        rack = 4;
        @instrument({ attributes(this: Service) { return { rack: this.rack }; } }) own(): void {}
        @instrument({ attributes(this: { rack: number }) { return { rack: this.rack }; } }) wider(): void {}
        @instrument({ attributes(this: Date) { return { at: this.getTime() }; } }) wrong(): void {} // error
      }
      void Service;`,
  },
  {
    says: 'attributes are those that OpenTelemetry has',
    code: `
      class Service {
        @instrument({ attributes: { text: 'a', count: 1, flag: true, list: ['a'] } }) good(): void {}
        @instrument({ attributes: { nested: { a: 1 } } }) nested(): void {} // error
        @instrument({ attributes: () => ({ nested: new Map() }) }) returned(): void {} // error
        @instrument({ attributes: async () => ({ a: 1 }) }) promised(): void {} // error
      }
      void Service;`,
  },
  {
    says: 'options are checked: names, kinds, types',
    code: `
      class Service {
        @instrument({ kind: 'client', args: ['a'], expectedErrors: [RangeError, TypeError] }) good(_a: string): void {}
        @instrument({ args: { a: 'key' }, expectedErrors: (error: unknown) => error === null }) map(_a: string): void {}
        @instrument({ attribute: {} }) unknown(): void {} // error
        @instrument({ kind: 'severe' }) kind(): void {} // error
        @instrument({ args: 'a' }) args(_a: string): void {} // error
        @instrument({ until: 'start' }) until(): void {} // error
        @instrument({ root: 'yes' }) root(): void {} // error
        @instrument({ expectedErrors: [new RangeError()] }) expected(): void {} // error
      }
      void Service;`,
  },
  {
    says: 'functions: the type stays, and callbacks are inferred from the function',
    code: `
      const double = instrument((value: number) => value * 2);
      const result: number = double(1);
      const named = instrument({ name: 'n' }, async function named<T>(value: T): Promise<T> { return value; });
      const later: Promise<string> = named('a');
      const plan = instrument({ attributes: (job: { id: string }) => ({ id: job.id }), result: (n: number) => ({ n }) }, (job: { id: string }) => job.id.length);
      const length: number = plan({ id: 'a' });
      double('1'); // error
      plan(1); // error
      instrument({ attributes: (job: number) => ({ job }) }, (job: { id: string }) => job.id); // error
      instrument({ result: (n: string) => ({ n }) }, (job: string) => job.length); // error
      instrument(1); // error
      instrument({}, 1); // error
      void [result, later, length];`,
  },
  {
    says: 'function-valued fields under TC39 keep their type',
    only: 'TC39',
    code: `
      class Service {
        @instrument handle = (a: string): number => a.length;
        @instrument({ attributes: (a: string) => ({ a }) }) fits = (a: string): number => a.length;
        @instrument text = 'not a function'; // error
        @instrument({ attributes: (a: number) => ({ a }) }) wrong = (a: string): number => a.length; // error
        @instrument accessor auto = 1; // error
        @instrument #secret(): number { return 1; }
        use(): number { return this.#secret(); }
      }
      const size: number = new Service().handle('a');
      void size;`,
  },
  {
    says: 'parameters can be marked under legacy decorators',
    only: 'legacy',
    code: `
      class Service {
        @instrument method(@record('machine.id') id: string): string { return id; }
        @instrument wrong(@record(1) id: string): string { return id; } // error
        @instrument field = (a: string): number => a.length;
      }
      void Service;`,
  },
  {
    says: 'parameters cannot be marked under TC39 decorators',
    only: 'TC39',
    code: `
      class Service {
        method(@record('machine.id') id: string): string { return id; } // error
      }
      void Service;`,
  },
  {
    says: 'a span by hand is disposable, and runs work',
    code: `
      async function work(): Promise<number> {
        using span = startSpan('work', { kind: 'client', attributes: { a: 1 } });
        await using other = startSpan('other');
        const count: number = span.run(() => 1);
        const later: Promise<string> = other.run(async () => 'a');
        startSpan(1); // error
        startSpan('a', { attribute: {} }); // error
        return count + (await later).length;
      }
      void work;`,
  },
  {
    says: 'options can be written apart, with their type',
    code: `
      const shared: InstrumentOptions = { kind: 'client', attributes: { backend: 'nsm' } };
      class Service {
        @instrument(shared) one(_a: string): void {}
        @instrument({ ...shared, name: 'two' }) two(): void {}
      }
      void Service;`,
  },
];
