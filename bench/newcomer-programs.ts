// The smallest programs in which a newcomer sees a span of a method: with Spanwright as its pages have them, with other packages as their
// documentation has them. Called by newcomer.ts.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

export interface Program {
  /** Row of the table. */
  readonly name: string;
  readonly framework: string;
  /** Packages that the service needs without tracing. */
  readonly service: readonly string[];
  /** Packages of the tracing, without and with those for development. */
  readonly tracing: readonly string[];
  readonly development: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Each command and its arguments; the last starts the service. */
  readonly commands: readonly (readonly [string, ...string[]])[];
  readonly environment: (receiver: string) => Readonly<Record<string, string>>;
  /** Lines of the same service without tracing. */
  readonly lines: number;
}

/** Lines that hold something. */
export const lineCount = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length;

/** Executables by name; a program whose executable is missing has no row. */
const RUNTIMES = {
  node: process.execPath,
  bun: join(ROOT, '.cache/hosts/bundlers/node_modules/.bin/bun'),
  deno: join(ROOT, '.cache/hosts/runtimes/node_modules/.bin/deno'),
} as const;

const MODULE = '{ "type": "module" }\n';
const PLAIN = `import { createServer } from 'node:http';
async function find(id) {
  return { id };
}
createServer(async (request, response) => {
  response.end(JSON.stringify(await find(request.url)));
}).listen(3000);
`;
const NEST = `import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
@Injectable()
class Orders {
  async find(id: string) {
    return { id };
  }
}
@Controller('orders')
class OrdersController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}
  @Get(':id')
  get(@Param('id') id: string) {
    return this.orders.find(id);
  }
}
@Module({ controllers: [OrdersController], providers: [Orders] })
class AppModule {}
async function main() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
void main();
`;
const NEST_PACKAGES = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'];
const TSCONFIG = `{
  "compilerOptions": { "target": "ES2022", "module": "CommonJS", "experimentalDecorators": true, "outDir": "build", "skipLibCheck": true, "rootDir": "." },
  "files": ["main.ts"]
}
`;

/** `find()` of the plain service as a constant that is wrapped. */
const wrapped = (head: string, call: string, name = 'async function find'): string =>
  `${head}${PLAIN.replace('async function find(id) {\n  return { id };\n}', `const find = ${call}${name}(id) {\n  return { id };\n});`)}`;

const plain = { framework: 'plain Node', service: [], development: [], lines: lineCount(PLAIN) } as const;
const otlp = (receiver: string) => ({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver}/v1/traces`,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
});

const OTHERS: readonly Program[] = [
  {
    ...plain,
    name: 'dd-trace',
    tracing: ['dd-trace'],
    files: {
      'package.json': MODULE,
      'app.js': wrapped("import tracer from 'dd-trace';\ntracer.init();\n", "tracer.wrap('find', "),
    },
    commands: [[RUNTIMES.node, 'app.js']],
    environment: (receiver) => ({ DD_TRACE_AGENT_URL: receiver, DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false' }),
  },
  {
    ...plain,
    name: 'autotel',
    tracing: ['autotel'],
    files: {
      'package.json': MODULE,
      'app.js': wrapped(
        "import { init, trace } from 'autotel';\ninit({ service: 'shop', sampling: 'development' });\n",
        "trace('find', ",
      ),
    },
    commands: [[RUNTIMES.node, 'app.js']],
    environment: (receiver) => ({ OTLP_ENDPOINT: receiver, OTEL_EXPORTER_OTLP_ENDPOINT: receiver }),
  },
  {
    ...plain,
    name: 'logfire',
    tracing: ['@pydantic/logfire-node'],
    files: {
      'package.json': MODULE,
      'app.js': wrapped(
        "import * as logfire from '@pydantic/logfire-node';\nlogfire.configure({ serviceName: 'shop' });\n",
        'logfire.instrument(',
      ),
    },
    commands: [[RUNTIMES.node, 'app.js']],
    environment: (receiver) => ({ LOGFIRE_BASE_URL: receiver, LOGFIRE_TOKEN: 'newcomer' }),
  },
  {
    name: 'nestjs-otel',
    framework: 'Nest',
    service: NEST_PACKAGES,
    // Exact, because npm takes an older release on a Node.js that the package does not name.
    tracing: ['nestjs-otel@8.1.1', '@opentelemetry/sdk-node'],
    development: ['typescript@5'],
    files: {
      'tsconfig.json': TSCONFIG,
      'tracing.ts': `import { NodeSDK } from '@opentelemetry/sdk-node';
new NodeSDK({ serviceName: 'shop' }).start();
`,
      'main.ts': `import './tracing';
import { OpenTelemetryModule, Span } from 'nestjs-otel';
${NEST.replace('  async find(', '  @Span()\n  async find(').replace('@Module({', '@Module({ imports: [OpenTelemetryModule.forRoot()],')}`,
    },
    commands: [
      [RUNTIMES.node, 'node_modules/typescript/bin/tsc'],
      [RUNTIMES.node, 'build/main.js'],
    ],
    environment: otlp,
    lines: lineCount(NEST) + lineCount(TSCONFIG),
  },
];

const OWN = {
  name: 'spanwright',
  framework: 'plain Node',
  service: [],
  tracing: ['spanwright', '@opentelemetry/api'],
  development: ['typescript@5'],
  environment: otlp,
};

/** Without a decorator: nothing but a command. */
const AUTO: Program = {
  ...OWN,
  name: 'spanwright/auto',
  files: {
    'package.json': MODULE,
    'app.js': `import { startTracing } from 'spanwright';\nawait startTracing({ enabled: true });\n${PLAIN}`,
  },
  commands: [[RUNTIMES.node, '--import', 'spanwright/auto', 'app.js']],
  lines: lineCount(PLAIN),
};
/** The decorator's way for a function, as the other packages have it. */
const WRAPPED: Program = {
  ...OWN,
  name: 'spanwright',
  development: [],
  files: {
    'package.json': MODULE,
    'app.js': wrapped(
      "import { instrument, startTracing } from 'spanwright';\nawait startTracing({ serviceName: 'shop', enabled: true });\n",
      'instrument(',
    ),
  },
  commands: [[RUNTIMES.node, 'app.js']],
  lines: lineCount(PLAIN),
};

/** The lines of each page that are those of its service, and not of the tracing, are marked by this. */
const OF_TRACING = /spanwright|instrument|admin|tracing/i;

interface Page {
  readonly framework: string;
  readonly service: readonly string[];
  readonly tracing: readonly string[];
  readonly development: readonly string[];
  /** Text by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A page of docs/start: its packages, and its files up to the heading that it runs them under. */
function pageOf(path: string, framework: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const installed = [...text.matchAll(/^npm install (-D )?(.+)$/gm)].map(([, development, names]) => ({
    development: development !== undefined,
    names: (names as string).split(/\s+/).filter((name) => name !== ''),
  }));
  const of = (development: boolean) => installed.filter((one) => one.development === development).flatMap(({ names }) => names);
  const own = (name: string): boolean => /^spanwright$|^@opentelemetry\/|^@spanwright/.test(name);
  const files = Object.fromEntries(
    [...text.replace(/\n## (Run|Switch) it[\s\S]*/, '').matchAll(/^`([\w./-]+)`\n\n```\w+\n([\s\S]*?)^```/gm)].map(
      ([, name, code]) => [name as string, code as string],
    ),
  );
  if (Object.keys(files).length === 0) throw new Error(`bench: ${path} has no files`);
  const names = of(false);
  return {
    framework,
    service: names.filter((name) => !own(name)),
    tracing: names.filter(own),
    development: of(true),
    files,
    text,
  };
}

/** A page that holds its whole service, and the command that starts it. */
function pageProgram(path: string, framework: string): Program {
  const { text, files, ...page } = pageOf(path, framework);
  const [, runtime, started] = /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=\S+ (node|bun|deno) (.+)$/m.exec(text) ?? [];
  if (runtime === undefined || started === undefined) throw new Error(`bench: ${path} has no command`);
  const module = /"type": "module"/.test(text) ? { 'package.json': MODULE } : {};
  const service = Object.values(files).flatMap((code) => code.split('\n').filter((line) => !OF_TRACING.test(line)));
  return {
    ...page,
    name: `spanwright, the page of ${framework}`,
    files: { ...module, ...files },
    commands: [[RUNTIMES[runtime as keyof typeof RUNTIMES], ...started.split(' ')]],
    environment: otlp,
    lines: lineCount(service.join('\n')),
  };
}

const NEXT: Readonly<Record<string, string>> = {
  'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html><body>{children}</body></html>;
}
`,
  'app/orders/[id]/route.ts': `async function find(id: string) {
  return { id };
}
export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }) {
  return Response.json(await find((await params).id));
}
`,
};

/** The page of Next is about an application that exists: all of its lines are for tracing. */
function nextProgram(): Program {
  const { text: _, files, ...page } = pageOf('docs/start/next.md', 'Next');
  const next = [RUNTIMES.node, 'node_modules/next/dist/bin/next'] as const;
  return {
    ...page,
    name: 'spanwright, the page of Next',
    service: ['next@16', 'react@19', 'react-dom@19', 'typescript@5', '@types/react@19', '@types/node@20'],
    files: { ...files, ...NEXT },
    commands: [
      [...next, 'build'],
      [...next, 'start', '-p', '3000'],
    ],
    environment: (receiver) => ({
      ...otlp(receiver),
      SPANWRIGHT_ENABLED: 'true',
      NEXT_TELEMETRY_DISABLED: '1',
      NODE_ENV: 'production',
    }),
    lines: lineCount(Object.values(NEXT).join('\n')),
  };
}

export function programs(): Program[] {
  const pages = {
    node: 'plain Node',
    express: 'Express',
    fastify: 'Fastify',
    hono: 'Hono',
    koa: 'Koa',
    nest: 'Nest',
    bun: 'Bun',
    deno: 'Deno',
  };
  const own = Object.entries(pages).map(([name, framework]) => pageProgram(`docs/start/${name}.md`, framework));
  return [AUTO, WRAPPED, ...OTHERS, ...own, nextProgram()].filter(({ commands }) =>
    commands.every(([executable]) => existsSync(executable)),
  );
}
