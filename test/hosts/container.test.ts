// Containers that read the names of parameters from the text of a function (awilix in CLASSIC mode, B19) find them in instrumented
// functions, whether they have a prologue or a forwarder.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from '../transformer/compile.js';
import { part, testWith } from './conformance/suite.js';

const PROGRAM = `import { instrument } from 'spanwright';
const { asClass, asFunction, asValue, createContainer, InjectionMode } = require('awilix');

interface Db { name: string }
const plain = instrument((db: Db) => 'plain ' + db.name);
const defaulted = instrument((db: Db, log = { name: 'none' }) => 'defaulted ' + db.name + log.name);
const make = (tag: string) => instrument((db: Db, log: Db = { name: 'none' }) => tag + db.name + log.name);
const marked = instrument(function marked(db: Db) { return 'marked ' + db.name; });
const later = instrument(async (db: Db, log: Db) => 'later ' + db.name + log.name);
export const exported = (db: Db) => 'exported ' + db.name;
export async function asynchronous(db: Db) { return 'asynchronous ' + db.name; }
@instrument class Service { constructor(private readonly db: Db, private readonly log: Db) {} work() { return this.db.name + this.log.name; } }

async function main() {
  const container = createContainer({ injectionMode: InjectionMode.CLASSIC });
  container.register({ db: asValue({ name: 'db' }), log: asValue({ name: 'log' }), service: asClass(Service) });
  const functions = { plain, defaulted, closed: make('closed '), marked, later, exported, asynchronous };
  for (const [name, fn] of Object.entries(functions)) container.register({ [name]: asFunction(fn) });
  const seen: unknown[] = [];
  for (const name of Object.keys(functions)) seen.push(await container.resolve(name));
  seen.push(container.resolve('service').work());
  console.log(JSON.stringify(seen));
}
void main();
`;

testWith('coverage')('awilix finds the parameters of instrumented functions and classes', () => {
  const [bare, transformed] = [null, { auto: [{ files: '**' }] }].map((plugin) => {
    const { directory, diagnostics } = compile({
      below: part('coverage'),
      plugin,
      files: {
        'src/main.ts': plugin === null ? PROGRAM.replace(/instrument\((.*)\);$/gm, '$1;').replace('@instrument ', '') : PROGRAM,
      },
      compilerOptions: { experimentalDecorators: true },
    });
    assert.equal(diagnostics, []);
    const { stdout, stderr } = execute(directory, 'out/main.js');
    return JSON.parse(stdout || JSON.stringify(stderr));
  });
  assert.equal(transformed, bare);
  assert.is(bare[0], 'plain db');
});

test.run();
