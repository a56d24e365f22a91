// Breakpoints land: set by the source map at a line of an instrumented body, the debugger stops there, once a call, with the variables
// of the body in sight, as it does in the output without the transformer.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXPECTED_STOPS, STEPPED, STEPS, STOPS, steppedLines, stopsOf } from './breakpoints.js';
import { compile } from './compile.js';

for (const [target, experimentalDecorators] of [
  ['ES2022', true],
  ['ES2017', true],
  ['ES2022', false],
] as const)
  for (const plugin of [{}, null])
    test(`the debugger stops in bodies: ${target}, ${experimentalDecorators ? 'legacy' : 'TC39'}, ${plugin ? 'transformed' : 'without the plugin'}`, () => {
      const compilerOptions = { target, experimentalDecorators };
      const { diagnostics, directory } = compile({ files: { 'src/main.ts': STOPS }, compilerOptions, plugin });
      assert.equal(diagnostics, []);
      assert.equal(stopsOf(directory, 'out/main.js'), EXPECTED_STOPS);
    });

test('while tracing is off, stepping into a call arrives at the first line of its method', () => {
  const { diagnostics, directory } = compile({ files: { 'src/main.ts': STEPS } });
  assert.equal(diagnostics, []);
  const lines = steppedLines(directory, 'out/main.js');
  for (const [call, first] of STEPPED) assert.is(lines[lines.indexOf(call) + 1], first, `${call} in ${lines.join()}`);
});

test.run();
