// The page's files, as Vite built them, and the shared page made of them. They are read once and served from memory; nothing else of the
// disk can be reached.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { SharedTrace } from './shapes.js';

interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Folder of the page: beside the built server, or in dist/ beside the sources. */
const FOLDERS = [join(__dirname, '../../page'), join(__dirname, '../dist/page')];

let loaded: ReadonlyMap<string, Asset> | undefined;

/** Files by path, `/` for the page itself. @throws Error when the page has not been built. */
export function pageAssets(): ReadonlyMap<string, Asset> {
  if (loaded !== undefined) return loaded;
  const folder = FOLDERS.find((path) => existsSync(join(path, 'index.html')));
  if (folder === undefined) throw new Error('the page of the viewer is not built; run: npm run build -w viewer');
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const type = TYPES[extname(name)];
    if (type !== undefined) assets.set(`/${name.replaceAll('\\', '/')}`, { type, content: readFileSync(join(folder, name)) });
  }
  assets.set('/', assets.get('/index.html') as Asset);
  loaded = assets;
  return assets;
}

/** No inline code, no request to another origin, no frame. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** One HTML file with the page, one trace and nothing else. Its policy allows exactly its own script and style. */
export function sharedPage(shared: SharedTrace): string {
  const assets = [...pageAssets()];
  const textOf = (extension: string): string =>
    assets
      .filter(([path]) => path.endsWith(extension))
      .map(([, { content }]) => content.toString())
      .join('\n');
  // Within a script element only these end or comment it.
  const script = textOf('.js').replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  const style = textOf('.css').replaceAll('</style', '<\\/style');
  const data = JSON.stringify(shared).replaceAll('<', '\\u003c');
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trace ${shared.trace.id}</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="shared-trace">${data}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}
