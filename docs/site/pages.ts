// Pages of the site: which Markdown files it shows, where each is on the site, and the links between them. A link to a file of the
// repository that is no page leads to a page with its text. Used by build.ts.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

export const ROOT = join(__dirname, '../..');

export interface Page {
  /** In the repository. */
  readonly source: string;
  /** On the site, such as `decisions/index.md`. */
  readonly path: string;
  readonly title: string;
  /** First paragraph, as one line. */
  readonly summary: string;
  readonly group: Group;
}

/** In the order of the side bar. The last group takes the pages that no other group names. */
const GROUPS = {
  Start: /^(README|docs\/(start|instrument|nest|next|lambda|existing-setups|comparison|migrate|start\/.*))\.md$/,
  Operate: /^docs\/(cli|admin|viewer|control|fleet|flight-recorder|troubleshooting|process-end|logs)\.md$/,
  Reference: /^(docs\/(configuration|declarative-configuration|telemetry|hosts|bundles|differences)|transformer\/.*)\.md$/,
  Evidence: /^docs\/(performance|reliability)\.md$/,
  Decisions: /^docs\/decisions\//,
  Project: /^(?!docs\/|README)/,
  Guide: /./,
} as const;
export type Group = keyof typeof GROUPS;
export const ORDER: readonly Group[] = ['Start', 'Guide', 'Operate', 'Reference', 'Evidence', 'Decisions', 'Project'];

/** Markdown files outside of docs/. */
const BESIDE = [
  'README.md',
  'transformer/README.md',
  'transformer/DIAGNOSTICS.md',
  'samples/README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'VERSIONING.md',
  'SUPPORT_MATRIX.md',
  'CODE_OF_CONDUCT.md',
];

const COMMENT = /<!--[\s\S]*?-->/g;
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The site's own folders are those of docs/; a README is the first page of its folder. */
const placeOf = (source: string): string => source.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md');

function pageOf(source: string): Page {
  const text = read(source).replace(COMMENT, '');
  const title = /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '');
  if (title === undefined) throw new Error(`${source} has no heading`);
  const paragraphs = text.split(/\n{2,}/).map((part) => part.trim());
  const summary = paragraphs.find((part) => /^(?!```)[A-Z`[]/.test(part)) ?? title;
  const group = (Object.keys(GROUPS) as Group[]).find((name) => GROUPS[name].test(source)) as Group;
  const plain = summary.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replace(/\s+/g, ' ');
  return { source, path: placeOf(source), title, summary: plain, group };
}

export function pages(): Page[] {
  const inside = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) =>
    posix.join('docs', name.replaceAll('\\', '/')),
  );
  return [...BESIDE, ...inside.filter((path) => path.endsWith('.md')).sort()].map(pageOf);
}

const IMAGE = /\.(png|svg)$/;

/** Markdown files of the site by path, made of the repository's with links between them; images by path, with their place in the repository. */
export interface Staged {
  readonly texts: Map<string, string>;
  readonly images: Map<string, string>;
}

/** @throws for a link to a file that does not exist */
export function stage(all: readonly Page[]): Staged {
  const known = new Map(all.map(({ source, path }) => [source, path]));
  const texts = new Map<string, string>();
  const images = new Map<string, string>();

  const placeOfTarget = (target: string): string => {
    const page = known.get(target) ?? known.get(posix.join(target, 'README.md'));
    if (page !== undefined) return page;
    if (!existsSync(join(ROOT, target))) throw new Error(`${target} does not exist`);
    if (IMAGE.test(target)) {
      images.set(placeOf(target), target);
      return placeOf(target);
    }
    const path = `source/${target.replace(/\.md$/, '')}.md`;
    texts.set(path, sourcePage(target));
    return path;
  };
  for (const { source, path } of all) {
    texts.set(
      path,
      outsideCode(read(source).replace(COMMENT, ''), (prose) =>
        prose.replace(/\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (_, target: string, anchor = '') => {
          const place = placeOfTarget(posix.join(posix.dirname(source), target).replace(/\/$/, ''));
          const relative = posix.relative(posix.dirname(path), place);
          return `](${relative.startsWith('.') ? relative : `./${relative}`}${anchor})`;
        }),
      ),
    );
  }
  return { texts, images };
}

/** A file, or the list of a folder, as a page. */
function sourcePage(path: string): string {
  const full = join(ROOT, path);
  const text = statSync(full).isDirectory() ? readdirSync(full).join('\n') : readFileSync(full, 'utf8');
  const language = /\.(ts|json|toml|yaml)$/.exec(path)?.[1] ?? 'text';
  return `# ${path}\n\n~~~~~~${language}\n${text.trimEnd()}\n~~~~~~\n`;
}

/** Applies a change to what is neither a code block nor code in a line. */
function outsideCode(markdown: string, change: (prose: string) => string): string {
  return markdown
    .split(/(^```[\s\S]*?^```|`[^`\n]+`)/m)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');
}
