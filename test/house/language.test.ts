// The check of words, openings, paragraphs and subjects (language.ts): it finds each breach and leaves its lawful twin alone.
// `npm run check` runs it over the project.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { languageOf, languageOfSubjects } from './language.js';

const rules = (path: string, source: string): string[] => languageOf(path, source).map(({ place, found }) => `${place} ${found}`);

const CODE: readonly (readonly [string, string, string])[] = [
  ['opens with Whether', '/** Whether it is open. */\nlet open;', '/** True if it is open. */\nlet open;'],
  [
    'opens with What in a second block',
    'let a; // fine\n// What it holds.\nlet b;',
    'let a; // fine\n// Its content. What it holds.\nlet b;',
  ],
  ['a word, in the second line of a comment', '// A fault\n// is told once.\nlet a;', '// A fault\n// is logged once.\nlet a;'],
  ['a word in a comment inside a call', 'run(/* whatever it is */ 1);', 'run(/* any value */ 1);'],
  ['a word in a message', 'throw new Error("a name that is none");', 'throw new Error("an invalid name");'],
  ['a word in a template', 'log(`the story of \u0024{a} begins`);', 'log(`the trace of \u0024{a} starts`);'],
  ['the name of a test', "test('a fault is said once', () => 1);", "test('a fault is logged once', () => 1);"],
  ['markup', 'const a = <p title="no matter, it is told so">b</p>;', 'const a = <p>// What is in text is no comment</p>;'],
];

for (const [what, breach, twin] of CODE) {
  test(`code: ${what}`, () => {
    assert.is(rules('a.tsx', breach).length, 1, breach);
    assert.equal(rules('a.tsx', twin), [], twin);
  });
}

test('names the line of the word, and of the comment for its opening', () => {
  assert.equal(rules('a.ts', 'let a;\n\n// One.\n// It is told.\nlet b;\n/**\n * Where it is.\n */\nlet c;'), [
    'a.ts:4 told',
    'a.ts:6 Where',
  ]);
});

test('passes over code in backticks, programs in strings, and strings of one or two words', () => {
  assert.equal(rules('a.ts', '// `told` is a variable.\nlet a = "told twice";\nrun("const told = 1; log(told)");'), []);
});

test('documents: words outside of code, and paragraphs over five lines', () => {
  const long = `${'word '.repeat(150)}\n`;
  assert.equal(rules('a.md', `# A\n\nIt is\ntold.\n\n\`\`\`sh\ntold\n\`\`\`\n\n${long}`), ['a.md:4 told', 'a.md:10 750']);
  assert.equal(rules('a.md', `# A\n\n| ${long.trim()} |\n\n- ${'word '.repeat(80)}\n- ${'word '.repeat(80)}\n`), []);
});

test('subjects of commits: an area, and at most 72 characters', () => {
  const subjects = ['area: fix it', `area: ${'x'.repeat(66)}`, `area: ${'x'.repeat(67)}`, 'no area', 'Revert "area: fix it"'];
  assert.equal(
    languageOfSubjects(subjects).map(({ place }) => place),
    [subjects[2], subjects[3]],
  );
});

test.run();
