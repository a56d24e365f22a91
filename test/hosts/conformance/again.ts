// Program of the conformance suite for asynchronous functions that are entered again: nothing of their parameters is evaluated twice, and
// closures keep their name, `length`, `this` and variables.

import type { Program } from './programs.js';

const AGAIN = `let evaluated = 0;
/** @spanwright-skip */
const value = <T>(given: T): T => { evaluated++; return given; };
const source = { get id() { evaluated++; return 'i'; }, user: { id: 7 }, more: 1 };
async function bound({ id, ...rest }: any, [first, , third = 'c']: any, limit = 5, ...events: string[]) { id += '!'; return [id, rest, first, third, limit, events]; }
async function late({ a: { b = 1 }, 'c-d': d }: any = value({ a: {}, 'c-d': 3 }), e = value<unknown>(undefined)) { return [b, d, e]; }
async function both({ user, user: { id } }: any, { length }: any) { return [user, id, length]; }
async function listed(a: number, b: number, c: number, d = a, e = 'e') { return [a, b, c, d, e]; }
async function seen(n: number, read = () => n) { n++; return [n, read()]; }
class Bound {
  n = 2;
  async each({ by }: { by: number }, ...all: number[]) { return all.map((one) => one * by * this.n); }
  static async #hidden(a: number, b = 'b', ...rest: number[]) { return [a, b, rest.length, this === Bound]; }
  static hidden() { return Bound.#hidden(1, undefined, 2); }
}
class Over extends Bound {
  override async each({ by }: { by: number }, ...all: number[]) { return (await super.each({ by }, ...all)).reverse(); }
}
function closures(this: unknown, n: number) {
  let own: any; own = async (by: number) => n * by;
  const api = { n, async run(job: string, to = 'x', ...more: string[]) { return [job, to, more.length, this === api]; } };
  const held = Array.of<any>(async ({ by }: any) => [n * by, this], async function (this: unknown, ...all: unknown[]) { return [this, all.length]; });
  const Class = class { async work(by: number) { return n * by; } };
  return { own, api, held, work: new Class() };
}
/** @spanwright-skip */
export async function run() {
  evaluated = 0;
  const failed = await bound(null, []).catch((error: Error) => error.constructor.name);
  const results = [await bound(source, new Set([1, 2]), undefined, 'x', 'y'), await late(), await both(source, [1, 2]), await listed(1, 2, 3)];
  const classes = [await new Over().each({ by: 3 }, 1, 2), await Bound.hidden(), await seen(1)];
  const made = [closures.call('outer', 2), closures.call('outer', 3)];
  const { own, api, held, work } = made[1]!;
  const called = [await made[0]!.own(5), await own(5), await api.run('j', undefined, 'm'), await held[0]!({ by: 2 }), await held[1]!.call('self', 1, 2), await work.work(4)];
  const names = [bound, late, own, api.run, ...held, work.work].map((fn: any) => fn.name + '/' + fn.length + typeof fn.prototype);
  return [evaluated, failed, results, classes, called, names];
}
`;

const NAMES = [
  'bound/2undefined',
  'late/0undefined',
  'own/1undefined',
  'run/1undefined',
  '/1undefined',
  '/0undefined',
  'work/1undefined',
];

/** A tool that may measure coverage plants no closures. */
const CLOSURES = ['api.run', 'map callback', 'map callback', 'of callback', 'of callback', 'own', 'own', 'source.id'];

export const ENTERED_AGAIN: Program = {
  name: 'auto-again',
  source: AGAIN,
  value: [
    3,
    'TypeError',
    [
      ['i!', { user: { id: 7 }, more: 1 }, 1, 'c', 5, ['x', 'y']],
      [1, 3, null],
      [{ id: 7 }, 7, 2],
      [1, 2, 3, 1, 'e'],
    ],
    [
      [12, 6],
      [1, 'b', 1, true],
      [2, 2],
    ],
    [10, 15, ['j', 'x', 1, true], [6, 'outer'], ['self', 2], 12],
    NAMES,
  ],
  spans: [
    ...[
      'Bound.#hidden',
      'Bound.each',
      'Bound.hidden',
      'Class.work',
      'Over.each',
      'api.run',
      'both',
      'bound',
      'bound',
      'closures',
      'closures',
    ],
    ...['late', 'listed', 'map callback', 'map callback', 'of callback', 'of callback', 'own', 'own', 'seen', 'source.id'],
  ],
  namespaces: ['', '::Bound', '::Bound::each', '::Over', '::closures', '::closures::Class', '::closures::api', '::source'].map(
    (below) => `conformance::auto-again${below}`,
  ),
  inline: {
    spans: CLOSURES,
    namespaces: ['::Bound::each', '::closures', '::closures::api', '::source'].map((below) => `conformance::auto-again${below}`),
  },
  auto: true,
};
