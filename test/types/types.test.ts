// The types of the public names, checked by compiling what users write, right and wrong.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { complaintsOf, expectedLines, type Snippet } from './check.js';
import { SNIPPETS } from './snippets.js';

/** A callback that does not fit the method. */
const UNFIT = '\nclass A { @instrument({ attributes: (a: number) => ({ a }) }) method(_a: string): void {} }\nvoid A;';

const WRONG_OPTIONS: readonly (readonly [code: string, at: string, message: RegExp])[] = [
  ['class A { @instrument({ attribute: {} }) b(): void {} }', 'attribute', /Did you mean to write 'attributes'\?$/],
  ['@instrument({ attribute: {} }) class A {}', 'attribute', /Did you mean to write 'attributes'\?$/],
  ["class A { @instrument({ kind: 'severe' }) b(): void {} }", 'kind', /Did you mean '"server"'\?$/],
  [
    'class A { @instrument({ attributes: (c: number) => ({ c }), minDuration: true }) b(_c: number): void {} }',
    'minDuration',
    /boolean/,
  ],
  ['class A { @instrument.attributes({ arg: [] }) b(): void {} }', 'arg', /'arg' does not exist/],
  ['const A = instrument({ attribute: {} }, (b: string) => b);\nA("");', 'attribute', /Did you mean to write 'attributes'\?$/],
  ["const A = startSpan('b', { attribute: {} });", 'attribute', /Did you mean to write 'attributes'\?$/],
];

const TEXTS = [UNFIT, ...WRONG_OPTIONS.map(([code]) => `\n${code}\nvoid A;`)];

for (const kind of ['legacy', 'TC39'] as const) {
  const snippets = SNIPPETS.filter(({ only }) => only === undefined || only === kind);
  if (snippets.length === 0) throw new Error(`no snippets for ${kind}`);
  const all = [...snippets, ...TEXTS.map((code) => ({ says: '', code }))];
  const complaints = complaintsOf(all, kind === 'legacy');
  snippets.forEach((snippet, index) => {
    test(`${kind}: ${snippet.says}`, () => {
      const found = complaints[index] ?? [];
      const lines = [...new Set(found.map(({ line }) => line))].sort((a, b) => a - b);
      const texts = (numbers: readonly number[]): string[] => numbers.map((line) => lineOf(snippet, line));
      assert.equal(
        texts(lines),
        texts(expectedLines(snippet)),
        found.map(({ line, message }) => `${line}: ${message}`).join('\n'),
      );
    });
  });

  const [unfit, ...wrong] = complaints.slice(snippets.length);

  test(`${kind}: the type error at a method that does not fit the callbacks says so`, () => {
    assert.match(unfit?.map(({ message }) => message).join('\n') ?? '', /a callback of @instrument takes other parameters/);
  });

  test(`${kind}: a wrong option is one error of at most three lines, at its key`, () => {
    WRONG_OPTIONS.forEach(([code, at, message], index) => {
      const found = wrong[index] ?? [];
      assert.equal(
        found.map((complaint) => complaint.at),
        [at],
        `${code}: ${JSON.stringify(found)}`,
      );
      assert.match(found[0]?.message ?? '', message);
      assert.ok((found[0]?.message.split('\n').length ?? 0) <= 3, found[0]?.message);
    });
  });
}

/** The two lines before a snippet are its imports. */
function lineOf({ code }: Snippet, line: number): string {
  return (code.split('\n')[line - 2] ?? `line ${line} of the imports`).trim();
}

test.run();
