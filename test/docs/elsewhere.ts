// Blocks that another test runs, each with that test and a text of it which shows that. Most need an installation, a real Redis, a
// backend or a compiler that the other test has already. Four commands are not run as they are written: kubectl needs a cluster, and the
// test swaps the mounted file as the kubelet does; Weaver is no part of the setup, and the test checks spans against the same registry;
// `npm run soak` and `npm run mutate` take longer than the suite, and the rows name what they run.

import type { Row } from './evaluate.js';

interface Elsewhere extends Row {
  readonly test: string;
  readonly holds: string;
}

function of(page: string, ...rows: readonly (readonly [has: string, test: string, holds: string])[]): Elsewhere[] {
  return rows.map(([has, test, holds]) => ({ page, has, test: `test/${test}`, holds }));
}

const NEWCOMER = 'package/newcomer.ts';
const README = 'samples/readme.test.ts';
const EXAMPLE = 'samples/readme-example.ts';

export const ELSEWHERE: readonly Elsewhere[] = [
  ...of(
    'README.md',
    ['npm install spanwright @opentelemetry/api', NEWCOMER, 'user.install(spanwright'],
    ['npm install && npm start', 'samples/drive.test.ts', 'with no endpoint the driver starts a receiver'],
    ['typescript@5 ts-patch@3', NEWCOMER, "['@opentelemetry/api', 'typescript', 'ts-patch']"],
    ['"plugins": [{ "transform"', EXAMPLE, "readmeBlock('`tsconfig.json`', 'json')"],
    ['class PowerService', EXAMPLE, "readmeBlock('`src/power.ts`', 'ts')"],
    ['npx spanwright view --open', NEWCOMER, "spawn(program, ['view'"],
    ['npx tspc && ', NEWCOMER, "['--no-install', 'tspc']"],
    ['PowerService.powerControl  5.2 ms', README, 'npx spanwright receive` prints them'],
    ['class Orders', README, "readmeBlock('`app.mts`', 'ts')"],
    ['spanwright/auto app.mts', README, "['--import', 'spanwright/auto', 'app.mts']"],
    ['# whether tracing is on', 'docs/sample.test.ts', "has: '# whether tracing is on'"],
  ),
  ...of('CONTRIBUTING.md', ['npm test -- gate', 'runner/suite.test.ts', 'a filter picks files by path']),
  ...of('viewer/README.md', ['npx spanwright traces slow', NEWCOMER, 'user.install(viewer']),
  ...of('docs/cli.md', ['spanwright traces from-log', 'samples/street-ops.test.ts', 'from-log']),
  ...of('docs/control.md', ['kubectl create configmap', 'control/file.test.ts', 'three replicas follow a swapped ConfigMap']),
  ...of('docs/declarative-configuration.md', ['npm install yaml', 'config/declarative.test.ts', "OTEL_CONFIG_FILE: 'otel.yaml'"]),
  ...of('docs/fleet.md', ['spanwright audit --fleet', 'fleet/audit.test.ts', '--collector-metrics']),
  ...of(
    'docs/hosts.md',
    ['async function init()', 'hosts/frameworks.test.ts', "pageFile('src/hooks.server.ts')"],
    ['defineNuxtConfig', 'hosts/frameworks.test.ts', "pageFile('nuxt.config.ts')"],
    ['npx tspc ', 'docs/service.ts', 'ts-patch/bin/tspc.js'],
    ['npx spanwright build ', 'hosts/native.test.ts', "'build'"],
    ['npm install -D unplugin', 'package/tarball.test.ts', 'the plugin for bundlers names the package that it needs'],
    ['node --import spanwright/register app.ts', 'docs/start.test.ts', 'FOLLOWED'],
    ['node --import spanwright/auto app.ts', 'hosts/auto.test.ts', "spanwright/auto records the project's own functions"],
    ['npm install --omit=dev', 'package/published.test.ts', "'--omit=dev', '--omit=optional'"],
  ),
  ...of('docs/instrument.md', [
    'class NotReady',
    'instrument/documented.test.ts',
    'the example records the spans that the page shows',
  ]),
  ...of('docs/instrumentations.md', ['npm install @opentelemetry', 'docs/start.test.ts', "line.startsWith('npm install ')"]),
  ...of('docs/logs.md', ['trace_id  (?:', 'logs/logs.test.ts', 'the documented expressions are those of the package']),
  ...of('docs/recording.md', ['spanwright.arg.password', 'gate/capture.test.ts', 'a parameter that redact covers is hidden']),
  ...of(
    'docs/reliability.md',
    ['npm run soak', 'real/soak.test.ts', 'SPANWRIGHT_SOAK_SECONDS'],
    ['npm run mutate', 'mutation/main.ts', 'npm run mutate'],
  ),
  ...of(
    'docs/start/lambda.md',
    ['npm install', 'hosts/lambda.test.ts', "esbuild: part('bundlers/node_modules/esbuild')"],
    ['tracing.forceFlush()', 'hosts/lambda.test.ts', "blocksOf('docs/start/lambda.md')"],
  ),
  ...of(
    'docs/start/nest.md',
    ['guards: [AdminGuard]', 'nest/module.test.ts', 'the hook answers behind a guard'],
    ['@Inject(SPANWRIGHT)', 'nest/application.ts', '@Inject(SPANWRIGHT)'],
  ),
  ...of(
    'docs/start/next.md',
    ['npm install spanwright', 'hosts/next.test.ts', "join(folder, 'node_modules/spanwright')"],
    ['turbopack: {', 'hosts/next-app.ts', "pageFile('next.config.mjs'"],
    ['{ "name": "next" }', 'hosts/next-app.ts', "pageFile('tsconfig.json')"],
    ['NEXT_RUNTIME', 'hosts/next-app.ts', "pageFile('instrumentation.ts')"],
    ["serviceName: 'shop'", 'hosts/next-app.ts', "pageFile('tracing.ts'"],
    ['set tracing-enabled true', 'hosts/next.test.ts', '/enabled'],
  ),
  ...of('docs/telemetry.md', ['weaver registry live-check', 'real/live-check.test.ts', 'live check']),
  ...of(
    'docs/viewer.md',
    ['# in another terminal', NEWCOMER, "spawn(program, ['view'"],
    ['view --hook', 'viewer/announced-hook.test.ts', 'the token of --hook is sent to that hook'],
    ['spanwright diff --jaeger', 'viewer/diff-command.test.ts', "['--jaeger', query.url]"],
    ['mcpServers', NEWCOMER, "['view', '--mcp'"],
    ['/api/traces?errors', 'docs/sample.test.ts', "has: '/api/traces?errors'"],
  ),
];
