// Finds the test files and what each says of itself in its opening comment. Called by the suite.
//   `// alone: <reason>`     runs while nothing else of the suite runs (files that measure time)
//   `// limit: <seconds> s`  may run that long instead of the default

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const DEFAULT_LIMIT_MS = 120_000;
/** Inputs of tests, never tests themselves. */
const NOT_TESTS = new Set(['fixtures', 'golden', 'node_modules']);

export interface TestFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly alone: boolean;
  readonly limitMs: number;
}

export function findTestFiles(root: string, folder = 'test'): TestFile[] {
  const found: TestFile[] = [];
  const visit = (path: string): void => {
    const entries = readdirSync(join(root, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!NOT_TESTS.has(entry.name)) visit(child);
      } else if (entry.name.endsWith('.test.ts')) {
        found.push(describe(child, readFileSync(join(root, child), 'utf8')));
      }
    }
  };
  visit(folder);
  return found;
}

/** Reads the directives; they count only in the comment that opens the file. */
export function describe(path: string, source: string): TestFile {
  const opening = /^(?:\/\/.*\r?\n)*/.exec(source)?.[0] ?? '';
  const limit = /^\/\/ limit: (\d+) s\s*$/m.exec(opening)?.[1];
  return { path, alone: /^\/\/ alone: \S/m.test(opening), limitMs: limit ? Number(limit) * 1000 : DEFAULT_LIMIT_MS };
}
