// The types of the public names, checked by compiling what users write, right and wrong.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { complaintsOf, expectedLines, type Snippet } from './check.js';
import { SNIPPETS } from './snippets.js';

for (const kind of ['legacy', 'TC39'] as const) {
  const snippets = SNIPPETS.filter(({ only }) => only === undefined || only === kind);
  if (snippets.length === 0) throw new Error(`no snippets for ${kind}`);
  const complaints = complaintsOf(snippets, kind === 'legacy');
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
}

/** The two lines before a snippet are its imports. */
function lineOf({ code }: Snippet, line: number): string {
  return (code.split('\n')[line - 2] ?? `line ${line} of the imports`).trim();
}

test('the type error at a method that does not fit the callbacks says so', () => {
  const code = '\nclass A { @instrument({ attributes: (a: number) => ({ a }) }) method(_a: string): void {} }\nvoid A;';
  for (const legacy of [true, false]) {
    const [complaints] = complaintsOf([{ says: '', code }], legacy);
    assert.match(complaints?.map(({ message }) => message).join('\n') ?? '', /a callback of @instrument takes other parameters/);
  }
});

test.run();
