// limit: 240 s
// Each finding of `spanwright doctor`: it is reported for a project, a service or a Collector with that fault, its fix is carried out as printed, and
// the finding is gone. The type of the table demands a row for each finding.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FINDINGS, type FindingName } from '../../cli/doctor/finding.js';
import { checkNode } from '../../cli/doctor/wiring.js';
import { VERSION } from '../../runtime/version.js';
import { startReceiver } from '../../viewer/receiver/index.js';
import { freePorts } from '../real/support/program.js';
import { link, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';
import { CLASSIC, compile, doctor, NO_SERVICE, names, project, spanwright, TOKEN, withService } from './patient.js';

/** Findings before and after the fix. */
interface Course {
  readonly before: readonly FindingName[];
  readonly after: readonly FindingName[];
  /** Exit code before the fix, where the fault is the only one. */
  readonly status?: number;
}

interface Row {
  /** Parts of .cache that it needs. */
  readonly parts?: readonly string[];
  readonly run: () => Promise<Course>;
}

/** A row whose fault is in files: `spoil` creates it, `fix` applies the printed fix. */
function inFiles(spoil: () => string, fix: (directory: string) => void): Row['run'] {
  return async () => {
    const directory = spoil();
    const checked = await doctor(directory);
    fix(directory);
    return { before: names(checked), after: await foundAgain(directory), status: checked.status };
  };
}

/** The same for a sound project that `spoil` changes. */
const inProject = (spoil: (directory: string) => void, fix: (directory: string) => void): Row['run'] =>
  inFiles(() => {
    const directory = project();
    spoil(directory);
    return directory;
  }, fix);

/** Findings of a new process: Node.js remembers within one which packages are missing. */
async function foundAgain(directory: string): Promise<readonly FindingName[]> {
  const { out } = await spanwright(['doctor', directory, '--json', '--sidecar', 'http://127.0.0.1:9'], NO_SERVICE);
  return names(JSON.parse(out));
}

/** A project with a generated package. */
function withPackage(version: string): string {
  const directory = project();
  const folder = join(directory, 'node_modules/spanwright');
  rmSync(folder);
  mkdirSync(folder);
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  return directory;
}

const settings = (directory: string, toml: string): void => write(directory, 'tracing.toml', `[tracing]\n${toml}\n`);
const configured = (toml: string) => (): string => {
  const directory = project();
  settings(directory, toml);
  return directory;
};

function inTsconfig(directory: string, change: (options: { plugins?: Record<string, unknown>[] }) => void): void {
  const path = join(directory, 'tsconfig.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  change(config.compilerOptions);
  writeFileSync(path, JSON.stringify(config));
}

/** One built project for the services. */
let built: string | undefined;
function builtProject(): string {
  if (built === undefined) {
    built = project();
    compile(built);
  }
  return built;
}

type Service = Record<string, string>;

async function found(service: Service, options: Readonly<Record<string, string>> = {}): Promise<readonly FindingName[]> {
  let seen: readonly FindingName[] = [];
  await withService(builtProject(), service, async (url) => {
    seen = names(await doctor(builtProject(), TOKEN, { url, ...options }));
  });
  return seen;
}

/** A row whose fix is another configuration and a restart. */
function restarted(before: (endpoint: string) => Service, after: (endpoint: string) => Service): Row['run'] {
  return () => withReceiver(async (endpoint) => ({ before: await found(before(endpoint)), after: await found(after(endpoint)) }));
}

/** A row whose fix is a command: the one that the finding prints. */
function commanded(name: FindingName, toml: string): Row['run'] {
  return () =>
    withReceiver(async (endpoint) => {
      const [, command = ''] = /spanwright (set [a-z-]+ (?:true|false)(?: --for \w+)?)/u.exec(FINDINGS[name].fix) ?? [];
      let course: Course | undefined;
      await withService(builtProject(), { ENDPOINT: endpoint, SITES: 'built', toml: `${toml}\n${at(endpoint)}` }, async (url) => {
        const before = names(await doctor(builtProject(), TOKEN, { url }));
        const { status, err } = await spanwright([...command.split(' '), '--url', url], TOKEN);
        assert.is(status, 0, err);
        course = { before, after: names(await doctor(builtProject(), TOKEN, { url })) };
      });
      return course as Course;
    });
}

const at = (endpoint: string): string => `otlp_endpoint = "${endpoint}"`;

async function withReceiver<T>(look: (endpoint: string) => Promise<T>): Promise<T> {
  const receiver = await startReceiver({ port: 0 });
  try {
    return await look(receiver.endpoint);
  } finally {
    await receiver.close();
  }
}

/** Serves the metrics of a Collector with these counts. */
async function withMetrics<T>(counts: Record<string, number>, look: (address: string) => Promise<T>): Promise<T> {
  const text = Object.entries(counts).map(([name, value]) => `otelcol_${name}_total{exporter="otlp"} ${value}\n`);
  const server = createServer((_request, response) => response.end(text.join('')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await look(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

const SOUND_COLLECTOR = { receiver_accepted_spans: 8, exporter_sent_spans: 8 };
const metricsOf = async (counts: Record<string, number>): Promise<readonly FindingName[]> =>
  withMetrics(counts, async (address) => names(await doctor(builtProject(), {}, { 'collector-metrics': address })));

const ROWS: Readonly<Record<FindingName, Row>> = {
  'node-too-old': {
    run: async () => {
      const by = (version: string): readonly FindingName[] => checkNode(version).name?.split(' ') as FindingName[];
      for (const version of ['18.20.0', '19.9.0', '20.18.3']) assert.equal(by(version), ['node-too-old'], version);
      for (const version of ['20.19.0', '22.0.0', '24.21.0']) assert.is(checkNode(version).level, 'ok', version);
      return { before: ['node-too-old'], after: names(await doctor(builtProject())) };
    },
  },
  'not-installed': {
    run: inProject(
      (directory) => {
        rmSync(join(directory, 'node_modules/spanwright'));
      },
      (directory) => link(directory, { spanwright: ROOT }),
    ),
  },
  'not-a-dependency': {
    run: inProject(
      (directory) => {
        write(directory, 'package.json', '{ "name": "conformance", "devDependencies": { "spanwright": "*" } }');
      },
      (directory) => write(directory, 'package.json', '{ "name": "conformance", "dependencies": { "spanwright": "*" } }'),
    ),
  },
  'other-version': {
    run: async () => {
      const directory = withPackage('99.0.0');
      const folder = join(directory, 'node_modules/spanwright');
      cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const version = join(folder, 'dist/runtime/shared.js');
      writeFileSync(version, readFileSync(version, 'utf8').replace(VERSION, '99.0.0'));
      const before = names(await doctor(directory));
      const own = spawnSync(process.execPath, [join(folder, 'dist/cli/main.js'), 'doctor', directory, '--json'], {
        encoding: 'utf8',
      });
      return { before, after: names(JSON.parse(own.stdout)) };
    },
  },
  'two-apis': {
    run: inProject(
      (directory) => {
        rmSync(join(directory, 'node_modules/@opentelemetry'));
        write(directory, 'node_modules/@opentelemetry/api/package.json', '{ "name": "@opentelemetry/api", "version": "1.0.0" }');
        write(directory, 'node_modules/@opentelemetry/api/index.js', '');
      },
      (directory) => {
        rmSync(join(directory, 'node_modules/@opentelemetry'), { recursive: true });
        link(directory, { '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') });
      },
    ),
  },
  'api-versions': {
    run: inProject(
      (directory) => {
        const nested = 'node_modules/library/node_modules/@opentelemetry/api/package.json';
        write(directory, nested, '{ "name": "@opentelemetry/api", "version": "1.99.0" }');
      },
      (directory) => rmSync(join(directory, 'node_modules/library/node_modules'), { recursive: true }),
    ),
  },
  'no-api': {
    run: inFiles(
      () => {
        const directory = withPackage(VERSION);
        for (const entry of ['index', 'emitted']) write(directory, `node_modules/spanwright/dist/runtime/${entry}.js`, '');
        rmSync(join(directory, 'node_modules/@opentelemetry'));
        return directory;
      },
      (directory) => link(directory, { '@opentelemetry/api': join(ROOT, 'node_modules/@opentelemetry/api') }),
    ),
  },
  'no-compiler': {
    run: inFiles(
      () => project({}),
      (directory) => link(directory, CLASSIC),
    ),
  },
  'no-patch': {
    run: inFiles(
      () => project({ typescript: CLASSIC.typescript }),
      (directory) => link(directory, { 'ts-patch': CLASSIC['ts-patch'] }),
    ),
  },
  'wrong-patch': {
    parts: ['ts6'],
    run: inFiles(
      () => project({ typescript: CLASSIC.typescript, 'ts-patch': part('ts6/node_modules/ts-patch') }),
      (directory) => {
        rmSync(join(directory, 'node_modules/ts-patch'));
        link(directory, { 'ts-patch': CLASSIC['ts-patch'] });
      },
    ),
  },
  'native-too-old': {
    parts: ['ts7'],
    run: inFiles(
      () => project({ typescript: part('ts7/node_modules/typescript-7.0') }),
      (directory) => {
        rmSync(join(directory, 'node_modules/typescript'));
        link(directory, { typescript: part('ts7/node_modules/typescript') });
      },
    ),
  },
  'no-plugin': {
    run: inProject(
      (directory) => {
        inTsconfig(directory, (options) => {
          options.plugins = [];
        });
      },
      (directory) =>
        inTsconfig(directory, (options) => {
          options.plugins = [JSON.parse(/\{ "transform".*?\}/u.exec(FINDINGS['no-plugin'].fix)?.[0] ?? '')];
        }),
    ),
  },
  'bad-manifest': {
    run: inProject(
      (directory) => {
        write(directory, 'package.json', '{ "name": "work", oops');
      },
      (directory) => write(directory, 'package.json', '{ "name": "work", "dependencies": { "spanwright": "*" } }'),
    ),
  },
  'bad-tsconfig': {
    run: inProject(
      (directory) => {
        const path = join(directory, 'tsconfig.json');
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace('"compilerOptions"', '"extends": "./absent.json", "compilerOptions"'),
        );
      },
      (directory) => write(directory, 'absent.json', '{}'),
    ),
  },
  'bad-option': {
    run: inProject(
      (directory) => {
        inTsconfig(directory, ({ plugins: [plugin = {}] = [] }) => {
          plugin.namspace = 'x';
        });
      },
      (directory) =>
        inTsconfig(directory, ({ plugins: [plugin = {}] = [] }) => {
          delete plugin.namspace;
        }),
    ),
  },
  'not-built': {
    run: inFiles(
      () => project(),
      (directory) => compile(directory),
    ),
  },
  'not-transformed': {
    run: inProject(
      (directory) => {
        compile(directory, 'typescript/bin/tsc');
      },
      (directory) => compile(directory),
    ),
  },
  'old-output': {
    run: inProject(
      (directory) => {
        compile(directory);
        utimesSync(join(directory, 'out/work.js'), new Date(0), new Date(0));
      },
      (directory) => compile(directory),
    ),
  },
  'other-service': {
    run: async () => {
      const directory = configured('service_name = "billing"')();
      const look = async (service: Service): Promise<readonly FindingName[]> => {
        let seen: readonly FindingName[] = [];
        await withService(directory, service, async (url) => {
          seen = names(await doctor(directory, TOKEN, { url }));
        });
        return seen;
      };
      return { before: await look({}), after: await look({ SERVICE_NAME: 'billing' }) };
    },
  },
  'bad-configuration': { run: inFiles(configured('enabld = false'), (directory) => settings(directory, 'enabled = false')) },
  'ignored-variable': {
    run: async () => {
      const by = async (value: string) => names(await doctor(builtProject(), { OTEL_BSP_MAX_QUEUE_SIZE: value }));
      return { before: await by('many'), after: await by('4096') };
    },
  },
  disabled: { run: commanded('disabled', 'enabled = false') },
  'changes-refused': {
    run: restarted(
      () => ({ toml: 'allow_runtime_changes = false' }),
      () => ({ toml: 'allow_runtime_changes = true' }),
    ),
  },
  'no-endpoint': {
    run: restarted(
      () => ({ toml: 'enabled = true' }),
      (endpoint) => ({ toml: `enabled = true\n${at(endpoint)}` }),
    ),
  },
  'no-endpoint-yet': {
    run: restarted(
      () => ({}),
      (endpoint) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }),
    ),
  },
  'endpoint-wrong': {
    run: restarted(
      (endpoint) => ({ toml: at(endpoint.replace('http:', 'https:')) }),
      (endpoint) => ({ toml: at(endpoint) }),
    ),
  },
  'sidecar-unused': {
    run: () =>
      withReceiver(async (sidecar) => ({
        before: names(await doctor(builtProject(), {}, { sidecar })),
        after: names(await doctor(builtProject(), { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: sidecar }, { sidecar })),
      })),
  },
  'delivery-fails': {
    run: async () => {
      const [closed] = await freePorts(1);
      const full = { OTEL_BSP_MAX_QUEUE_SIZE: '2', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1', SITES: 'built' };
      return restarted(
        () => ({ ...full, toml: `enabled = true\n${at(`http://127.0.0.1:${closed}`)}` }),
        (endpoint) => ({ OTEL_EXPORTER_OTLP_TIMEOUT: '20000', SITES: 'built', toml: `enabled = true\n${at(endpoint)}` }),
      )();
    },
  },
  'backend-unknown': {
    run: () =>
      withReceiver((endpoint) =>
        withMetrics(SOUND_COLLECTOR, async (metrics) => {
          const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '20000', OTEL_BSP_EXPORT_TIMEOUT: '20000' };
          const service = { ...patient, SITES: 'built', toml: `enabled = true\n${at(endpoint)}` };
          return { before: await found(service), after: await found(service, { 'collector-metrics': metrics }) };
        }),
      ),
  },
  'backend-fails': {
    run: async () => ({
      before: await metricsOf({ receiver_accepted_spans: 8, exporter_send_failed_spans: 8 }),
      after: await metricsOf(SOUND_COLLECTOR),
    }),
  },
  'collector-unreached': {
    run: async () => {
      const [closed] = await freePorts(1);
      const unreached = await doctor(builtProject(), {}, { 'collector-metrics': `http://127.0.0.1:${closed}` });
      return { before: names(unreached), after: await metricsOf(SOUND_COLLECTOR) };
    },
  },
  'left-on': { run: commanded('left-on', 'enabled = true') },
  sparse: {
    run: async () => {
      const inNamespace = configured('roots = ["carbide"]\nrules = "carbide::db=off"');
      return inFiles(inNamespace, (directory) => settings(directory, 'roots = "*"\nrules = ""'))();
    },
  },
  'other-tracing': {
    run: restarted(
      (endpoint) => ({ PROVIDER: 'alone', SITES: 'built', toml: at(endpoint) }),
      () => ({ PROVIDER: 'connected', SITES: 'built' }),
    ),
  },
  'unconnected-sdk': {
    run: inProject(
      (directory) => {
        compile(directory);
        const manifest = { name: 'conformance', dependencies: { spanwright: '*', '@opentelemetry/sdk-node': '*' } };
        write(directory, 'package.json', JSON.stringify(manifest));
      },
      (directory) => {
        write(
          directory,
          'src/start.ts',
          "import { createSampler } from 'spanwright';\nexport const sampler: object = createSampler({ enabled: true });\n",
        );
        compile(directory);
      },
    ),
  },
  'no-sites': {
    run: restarted(
      () => ({}),
      () => ({ SITES: 'built' }),
    ),
  },
  'plain-sites': {
    run: restarted(
      () => ({ SITES: 'plain' }),
      () => ({ SITES: 'built' }),
    ),
  },
  unreached: {
    run: async () => ({ before: names(await doctor(builtProject())), after: await found({ SITES: 'built' }) }),
  },
};

/** Exit code of a check whose gravest finding is of that level. */
const STATUS = { error: 1, warning: 0, note: 0 } as const;

for (const [name, { parts = [], run }] of Object.entries(ROWS) as [FindingName, Row][]) {
  testWith(...parts)(`${name} is found, and is gone once its fix was applied`, async () => {
    const { before, after, status } = await run();
    assert.ok(before.includes(name), `before: ${before.join(', ')}`);
    assert.not.ok(after.includes(name), `after: ${after.join(', ')}`);
    if (status !== undefined) assert.is(status, STATUS[FINDINGS[name].level]);
  });
}

test.run();
