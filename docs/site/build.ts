// `npm run docs`: builds the documents as a site into build/docs, with the API by TypeDoc, the admin hook as OpenAPI, each page as
// Markdown, and llms.txt. The tools are the part `site` of .ci/setup. Fails for a link that leads nowhere.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEFAULT_PREFIX } from '../../runtime/admin/defaults.js';
import { openApiDocument } from '../../runtime/admin/openapi.js';
import { ROUTES } from '../../runtime/admin/routes.js';
import { VERSION } from '../../runtime/version.js';
import { withPrintedAnchors } from './anchors.js';
import { deadLinks } from './links.js';
import { ORDER, type Page, pages, ROOT, stage } from './pages.js';

const PART = join(ROOT, '.cache/hosts/site');
const STAGE = join(PART, 'pages');
const OUT = join(ROOT, 'build/docs');
const DESCRIPTION = 'OpenTelemetry spans on the code of a TypeScript service, switched on while it runs.';

const load = <T>(path: string): Promise<T> => import(pathToFileURL(join(PART, 'node_modules', path)).href) as Promise<T>;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

interface TypeDoc {
  readonly Application: {
    bootstrapWithPlugins(options: Record<string, unknown>): Promise<{
      convert(): Promise<{ children?: { name: string }[] } | undefined>;
      generateOutputs(project: object): Promise<void>;
    }>;
  };
}

/** Entries of the package by source file, without the bundler plugins, which differ only in name. */
function entries(): Map<string, string> {
  const { exports: published } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  const named = Object.entries(published).filter(
    ([entry]) => !/^\.\/(unplugin\/(?!vite)|package\.json|emitted|auto|loader|register)/.test(entry),
  );
  return new Map(
    named.map(([entry, target]) => {
      const built = typeof target === 'string' ? target : target.default;
      return [built.replace('./dist/', '').replace(/\.js$/, ''), `spanwright${entry.slice(1)}`];
    }),
  );
}

/** Pages of the API, one an entry. */
async function writeApi(): Promise<Page[]> {
  const { Application } = await load<TypeDoc>('typedoc/dist/index.js');
  const names = entries();
  const app = await Application.bootstrapWithPlugins({
    entryPoints: [...names.keys()].map((path) => join(ROOT, `${path}.ts`)),
    tsconfig: join(ROOT, 'tsconfig.build.json'),
    skipErrorChecking: true,
    plugin: [join(PART, 'node_modules/typedoc-plugin-markdown/dist/index.js')],
    outputs: [{ name: 'markdown', path: join(STAGE, 'api') }],
    outputFileStrategy: 'modules',
    entryFileName: 'index',
    readme: 'none',
    disableSources: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    logLevel: 'Error',
    name: 'API',
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc read no sources');
  for (const module of project.children ?? []) {
    const name = names.get(module.name) ?? names.get(`${module.name}/index`);
    if (name === undefined) throw new Error(`${module.name} is no entry of the package`);
    module.name = name;
  }
  await app.generateOutputs(project);
  return markdownBelow('api').map((path) => {
    const text = withPrintedAnchors(readFileSync(join(STAGE, path), 'utf8'));
    write(join(STAGE, path), text);
    const title = /^# (.*)$/m.exec(text)?.[1] ?? path;
    return { source: path, path, title, summary: `Declarations of ${title}.`, group: 'Reference' };
  });
}

const markdownBelow = (folder: string): string[] =>
  readdirSync(join(STAGE, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.md'))
    .sort();

/** https://llmstxt.org */
function llmsText(all: readonly Page[]): string {
  const groups = ORDER.map((group) => {
    const lines = all
      .filter((page) => page.group === group)
      .map(({ title, path, summary }) => `- [${title}](${path}): ${summary}`);
    return `## ${group}\n\n${lines.join('\n')}\n`;
  });
  const hook = '- [OpenAPI document of the admin hook](openapi.json): routes, fields and permissions.';
  return `# Spanwright\n\n> ${DESCRIPTION}\n\n${groups.join('\n')}\n## Optional\n\n${hook}\n`;
}

export async function buildSite(): Promise<readonly Page[]> {
  if (!existsSync(join(PART, 'node_modules'))) throw new Error('The part "site" is not installed; run .ci/setup site');
  rmSync(STAGE, { recursive: true, force: true });
  const listed = pages();
  const { texts, images } = stage(listed);
  for (const [path, text] of texts) write(join(STAGE, path), text);
  for (const [path, source] of images) cpSync(join(ROOT, source), join(STAGE, path));
  const all = [...listed, ...(await writeApi())];

  const sidebar = ORDER.map((text) => {
    const items = all.filter(({ group }) => group === text);
    return { text, collapsed: text === 'Decisions', items: items.map(({ title, path }) => ({ text: title, link: `/${path}` })) };
  });
  write(join(STAGE, '.vitepress/site.json'), JSON.stringify({ description: DESCRIPTION, sidebar }));
  for (const name of ['config.mts', 'anchors.ts']) cpSync(join(__dirname, name), join(STAGE, '.vitepress', name));
  const { build } = await load<{ build(root: string, options: object): Promise<void> }>('vitepress/dist/node/index.js');
  rmSync(OUT, { recursive: true, force: true });
  await build(STAGE, { outDir: OUT });
  for (const path of [...all.map((page) => page.path), ...markdownBelow('source'), ...images.keys()])
    cpSync(join(STAGE, path), join(OUT, path));
  write(join(OUT, 'llms.txt'), llmsText(all));
  write(join(OUT, 'openapi.json'), JSON.stringify(openApiDocument(ROUTES, DEFAULT_PREFIX, VERSION), null, 2));
  const dead = deadLinks(OUT);
  if (dead.length > 0) throw new Error(`links that lead nowhere:\n${dead.join('\n')}`);
  return all;
}

if (require.main === module) void buildSite().then((all) => console.log(`${all.length} pages in ${OUT}`));
