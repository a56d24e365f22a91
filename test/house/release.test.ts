// The step of the release workflow that names the repository in both manifests: it runs before the packages are published, and npm then
// finds the links of the README, the issues and the source. The manifests of the repository name none.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { PROJECT } from './sources.js';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

test('the release writes the address of its repository into both manifests, before it publishes', () => {
  const workflow = parse(readFileSync(join(PROJECT, '.github/workflows/release.yml'), 'utf8'));
  const steps: readonly Step[] = workflow.jobs.publish.steps;
  const at = steps.findIndex(({ name }) => name?.startsWith('The manifests name the repository'));
  assert.ok(at >= 0 && at < steps.findIndex(({ run }) => run?.startsWith('npm publish')), 'before npm publish');
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-release-'));
  try {
    mkdirSync(join(folder, 'viewer'));
    for (const manifest of ['package.json', 'viewer/package.json']) cpSync(join(PROJECT, manifest), join(folder, manifest));
    const env = { ...process.env, GITHUB_SERVER_URL: 'https://forge.example', GITHUB_REPOSITORY: 'acme/spanwright' };
    execFileSync('bash', ['-e', '-c', steps[at]?.run ?? ''], { cwd: folder, env });
    const address = 'https://forge.example/acme/spanwright';
    for (const [manifest, directory] of [
      ['package.json', undefined],
      ['viewer/package.json', 'viewer'],
    ] as const) {
      const before = JSON.parse(readFileSync(join(PROJECT, manifest), 'utf8'));
      const after = JSON.parse(readFileSync(join(folder, manifest), 'utf8'));
      const repository = { type: 'git', url: `git+${address}.git`, ...(directory && { directory }) };
      assert.equal(after, { ...before, repository, homepage: `${address}#readme`, bugs: { url: `${address}/issues` } });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
