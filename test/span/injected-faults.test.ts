// A fault at every statement of the recording path, one after the other: the calls keep their results and errors, bodies run once, and
// nothing is raised that the program did not raise.
// limit: 180 s

import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../evidence.js';
import { compile, execute } from '../transformer/compile.js';
import { COPY, writeCopy } from './injected/copy.js';
import { FILES, programOf, SET_UPS } from './injected/program.js';

const CASES = [
  [true, 'plain'],
  [false, 'plain'],
  [true, 'the flight recorder, keep and captured values'],
  [true, "a tracer provider of the user's SDK"],
] as const;
/** The statements without which no span can end. A span whose end has failed three times stays open. */
const OF_EACH_END =
  /this\.open\.leave\(span\);|this\.#close\(span\);|onEnding\?\.\(span\);|session\.span\.end\(\);|super\.finish\(span\);|this\.#durationMs = |const session = state\.sessions\.get\(key\);|return this\.trace\.anchor \+ now\(\);/;
const isFinal = (line: string): boolean => / open$/.test(line) && OF_EACH_END.test(line);

for (const [experimentalDecorators, setUp] of CASES) {
  const kind = `${experimentalDecorators ? 'legacy' : 'standard'} decorators${setUp === 'plain' ? '' : `, ${setUp}`}`;
  test(`no fault of the recording path reaches a program or leaves a span open, with ${kind}`, () => {
    const { directory, diagnostics } = compile({
      files: { ...FILES, 'src/main.ts': programOf(SET_UPS[setUp]) },
      plugin: { auto: [{ files: 'src/auto/**', minLines: 1 }] },
      compilerOptions: { experimentalDecorators },
    });
    assert.equal(diagnostics, []);
    const points = writeCopy();
    const installed = join(directory, 'node_modules', 'spanwright');
    rmSync(installed);
    symlinkSync(COPY, installed, 'junction');
    const { status, stdout, stderr } = execute(directory, join(directory, 'out', 'main.js'));
    assert.is(status, 0, stderr);
    const { tried, found } = JSON.parse(stdout) as { tried: number; found: string[] };
    const placed = found
      .map((line) => line.replace(/statement (\d+)/, (_, n) => `${points[Number(n)]?.place} ${points[Number(n)]?.text}`))
      .filter((line) => !isFinal(line));
    assert.equal(placed, []);
    assert.ok(tried > 500, `${tried} statements were reached`);
    report({
      part: `a fault at each statement of the recording path, ${kind}`,
      tried,
      survived: tried - placed.length,
      lost: 0,
      unaccounted: 0,
    });
  });
}

test.run();
