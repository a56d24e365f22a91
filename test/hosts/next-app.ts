// A small application for Next: instrumentation.ts, a server component, a route handler, a server action, an edge route, a client component.
// Its configuration and its set-up of tracing are the blocks of docs/start/next.md.

import * as assert from 'uvu/assert';
import { blocksOf, fileOf } from '../docs/pages.js';

/** A file of the page, with texts replaced that only a test needs otherwise. */
function pageFile(name: string, changes: Readonly<Record<string, string>> = {}): string {
  let code = blocksOf('docs/start/next.md').find((block) => fileOf(block) === name)?.code ?? '';
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(code.includes(from), `docs/start/next.md, ${name}: ${from}`);
    code = code.replace(from, () => to);
  }
  return code;
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['dom', 'ESNext'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    esModuleInterop: true,
    resolveJsonModule: true,
    isolatedModules: true,
    incremental: true,
    allowJs: true,
    ...JSON.parse(pageFile('tsconfig.json')).compilerOptions,
  },
  include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
  exclude: ['node_modules'],
};

/** Text by path. @param root folder that holds every package */
export const nextApp = (root: string): Readonly<Record<string, string>> => ({
  'package.json': JSON.stringify({ name: 'shop', private: true, dependencies: { spanwright: '*' } }),
  'tsconfig.json': JSON.stringify(TSCONFIG),
  'next.config.mjs': pageFile('next.config.mjs', {
    'turbopack: {': `typescript: { ignoreBuildErrors: true }, turbopack: { root: ${JSON.stringify(root)},`,
  }),
  'instrumentation.ts': pageFile('instrumentation.ts'),
  'tracing.ts': pageFile('tracing.ts', {
    "'shop'": 'String(process.env.SERVICE)',
    'await startAdminServer({ tracing })':
      "console.log('ADMIN ' + (await startAdminServer({ tracing, port: 0, token: 'a-token-of-thirty-two-characters' })).url)",
  }),
  'lib/stock.ts': `import { instrument } from 'spanwright';
export class Stock {
  @instrument({ args: ['item'] })
  async count(item: string): Promise<number> { return item.length; }
}
`,
  'lib/price.ts': `import { instrument } from 'spanwright';
export class Price { @instrument of(item: string) { return item.length * 3; } }
`,
  'app/layout.tsx': `export default function Layout({ children }: { children: React.ReactNode }) { return <html><body>{children}</body></html>; }
`,
  'app/page.tsx': `import { Stock } from '../lib/stock';
import { buy } from './actions';
import { Button } from './button';
export const dynamic = 'force-dynamic';
export default async function Page() {
  return <main><p id="count">{await new Stock().count('pear')}</p><Button /><form action={buy}><input name="item" defaultValue="plum" /><button>Buy</button></form></main>;
}
`,
  'app/button.tsx': `'use client';
import { useState } from 'react';
import { Price } from '../lib/price';
export function Button() {
  const [item, set] = useState('fig');
  return <button id="client" onClick={() => set(item + 'g')}>{new Price().of(item)}</button>;
}
`,
  'app/actions.ts': `'use server';
import { Stock } from '../lib/stock';
export async function buy(form: FormData): Promise<void> { await new Stock().count(String(form.get('item'))); }
`,
  'app/api/work/route.ts': `import { Stock } from '../../../lib/stock';
export const dynamic = 'force-dynamic';
export async function GET(request: Request) {
  return Response.json({ count: await new Stock().count(new URL(request.url).searchParams.get('item') ?? '') });
}
`,
  'app/api/edge/route.ts': `import { Stock } from '../../../lib/stock';
export const runtime = 'edge';
export async function GET() { return Response.json({ edge: await new Stock().count('edge') }); }
`,
});
