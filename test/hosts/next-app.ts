// A small application for Next: instrumentation.ts, a server component, a route handler, a server action, an edge route, a client component.

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
    experimentalDecorators: true,
    plugins: [
      { name: 'next' },
      { transform: 'spanwright/transformer', namespace: 'shop', auto: [{ files: ['app/**', 'lib/**'] }] },
    ],
  },
  include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
  exclude: ['node_modules'],
};

/** Text by path. @param root folder that holds every package */
export const nextApp = (root: string): Readonly<Record<string, string>> => ({
  'package.json': JSON.stringify({ name: 'shop', private: true, dependencies: { spanwright: '*' } }),
  'tsconfig.json': JSON.stringify(TSCONFIG),
  'next.config.mjs': `import spanwright from 'spanwright/unplugin/webpack';
export default {
  typescript: { ignoreBuildErrors: true },
  turbopack: {
    root: ${JSON.stringify(root)},
    rules: { '*.{ts,tsx}': { loaders: ['spanwright/loader'], condition: { all: [{ not: 'foreign' }, { not: 'browser' }] } } },
  },
  webpack(config, { nextRuntime }) {
    if (nextRuntime === 'nodejs') config.plugins.push(spanwright());
    return config;
  },
};
`,
  'instrumentation.ts': `export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') await import('./tracing');
}
`,
  'tracing.ts': `import { startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';
const tracing = await startTracing({ serviceName: String(process.env.SERVICE) });
const { url } = await startAdminServer({ tracing, port: 0, token: 'a-token-of-thirty-two-characters' });
console.log('ADMIN ' + url);
`,
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
