// The workflows of GitHub: valid against their schema, and with every system, runtime and step that the release promises.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { mustSkip } from '../missing.js';
import { PROJECT } from './sources.js';

const FOLDER = join(PROJECT, '.github/workflows');
const VALIDATOR = join(PROJECT, '.cache/hosts/actions/node_modules/.bin/action-validator');

interface Job {
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly { readonly run?: string }[];
}
const read = (name: string) =>
  parse(readFileSync(join(FOLDER, name), 'utf8')) as { permissions: object; jobs: Record<string, Job> };

if (!mustSkip(existsSync(VALIDATOR) ? [] : ['the part actions'])) {
  test('every workflow is valid against the schema, and one with an unknown key is not', () => {
    for (const name of readdirSync(FOLDER)) {
      const { status, stdout } = spawnSync(VALIDATOR, [join(FOLDER, name)], { encoding: 'utf8' });
      assert.is(status, 0, `${name}: ${stdout}`);
    }
    const { status } = spawnSync(VALIDATOR, ['--', join(PROJECT, '.github/ISSUE_TEMPLATE/config.yml')]);
    assert.is.not(status, 0);
  });
}

test('the suite runs on each supported Node.js, on Linux, macOS and Windows, and the runtimes on each system', () => {
  const { whole, systems, runtimes } = read('ci.yml').jobs;
  const versions = /^\| Node\.js \| ([\d, ]+) \|/m
    .exec(readFileSync(join(PROJECT, 'SUPPORT_MATRIX.md'), 'utf8'))?.[1]
    ?.split(', ');
  assert.ok(versions !== undefined && versions.length > 0);
  assert.equal(whole?.strategy?.matrix.node, versions);
  assert.equal(systems?.strategy?.matrix, { os: ['macos-latest', 'windows-latest'], node: versions });
  assert.equal(runtimes?.strategy?.matrix.os, ['ubuntu-latest', 'macos-latest', 'windows-latest']);
});

test('a release has the whole suite, provenance by trusted publishing, and a bill of materials', () => {
  const { permissions, jobs } = read('release.yml');
  assert.equal(permissions, { contents: 'write', 'id-token': 'write' });
  const runs = (jobs.publish?.steps ?? []).map(({ run }) => run ?? '');
  const place = (text: string): number => runs.findIndex((run) => run.includes(text));
  const order = ['.ci/run', 'npm sbom', 'npm publish --provenance', 'gh release create'].map(place);
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.ok(order[0] !== undefined && order[0] >= 0, order.join());
  assert.not.match(readFileSync(join(FOLDER, 'release.yml'), 'utf8'), /NPM_TOKEN|NODE_AUTH_TOKEN/);
});

test.run();
