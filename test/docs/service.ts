// The service of the pages' commands, carbide-api: the README's power.ts with a method whose span stays open, built by tspc with the
// README's tsconfig.json, and run with the admin hook and the flight recorder.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { stepOnce } from '../hosts/built.js';
import { link, newDirectory, write } from '../hosts/conformance/project.js';
import { blocksOf, fileOf, ROOT } from './pages.js';

export const TOKEN = 'mFq2-9xWz-Lr71-Tk8v-Pb3n';
const READY_MS = 60_000;

const DRAIN = `
  /** Until the rack is empty. */
  @instrument({ args: ['rack'] })
  async drain(rack: string): Promise<void> {
    await new Promise(() => rack);
  }
}
`;
const MAIN = `import { existsSync } from 'node:fs';
import { startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';
import { PowerService } from './power';

async function main() {
  const tracing = await startTracing({ serviceName: 'carbide-api', flightRecorder: '30s', allowCapture: '*' });
  const admin = await startAdminServer({ tracing, tokenFile: 'token', port: 0 });
  const service = new PowerService();
  let draining = false;
  setInterval(() => {
    if (!draining && tracing.enabled && existsSync('drain')) { draining = true; void service.drain('rack-7'); }
    void service.powerControl('m-17', 'on');
    service.powerControl('m-18', 'off').catch(() => undefined);
  }, 50);
  console.log('READY ' + admin.url);
}
void main();
`;

export interface Service {
  readonly directory: string;
  /** Of the admin hook. */
  readonly url: string;
  readonly pid: number;
  readonly printed: () => string;
  stop(): void;
}

export async function startDocumentedService(endpoint: string): Promise<Service> {
  const directory = newDirectory();
  const packages = {
    spanwright: ROOT,
    '@opentelemetry': '@opentelemetry',
    '@types': '@types',
    typescript: 'typescript',
    'ts-patch': 'ts-patch',
  };
  link(
    directory,
    Object.fromEntries(Object.entries(packages).map(([name, at]) => [name, at === ROOT ? ROOT : join(ROOT, 'node_modules', at)])),
  );
  const file = (name: string): string => blocksOf('README.md').find((block) => fileOf(block) === name)?.code ?? '';
  write(directory, 'package.json', '{ "name": "carbide-api", "dependencies": { "spanwright": "*" } }');
  write(directory, 'tsconfig.json', file('tsconfig.json'));
  const [service = ''] = file('src/power.ts').split('}\n\nasync function main');
  write(directory, 'src/power.ts', service.replace(/^class /m, 'export class ') + DRAIN);
  write(directory, 'src/main.ts', MAIN);
  write(directory, 'token', TOKEN);
  chmodSync(join(directory, 'token'), 0o600);
  stepOnce(directory, directory, [join(ROOT, 'node_modules/ts-patch/bin/tspc.js')]);
  const env = { ...process.env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint };
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', 'build/main.js'], { cwd: directory, env });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(printed)), READY_MS);
    const hear = (data: Buffer): void => {
      printed += data;
      const [, ready] = /READY (\S+)/.exec(printed) ?? [];
      if (ready === undefined) return;
      clearTimeout(timer);
      resolve(ready);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(printed)));
  });
  return { directory, url, pid: child.pid as number, printed: () => printed, stop: () => child.kill('SIGKILL') };
}
