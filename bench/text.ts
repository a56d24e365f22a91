// Auto mode over real code: how many of the functions with a body and a name by place it instruments, and how much longer the text becomes.
// The functions are counted by a walk of this file's own.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { parserFor } from '../transformer/hosts/parse.js';
import { textsOf } from '../transformer/hosts/texts.js';
import type { Budget, Outcome } from './report.js';

const ROOT = join(__dirname, '..');
/** The least share of functions that auto mode plants with `minLines: 1`. */
export const PLANTED = 0.99;
const GROWTH = 0.15;

/** Code bases by name: a folder, and which files of it. */
const CODE: readonly (readonly [name: string, folder: string, files: RegExp])[] = [
  ['this runtime', 'runtime', /\.ts$/],
  ['samples', 'samples', /\.ts$/],
  ['rxjs', '.cache/hosts/published/node_modules/rxjs/src', /\.ts$/],
  ['mobx', '.cache/hosts/published/node_modules/mobx/src', /\.ts$/],
  ['immer', '.cache/hosts/published/node_modules/immer/src', /\.ts$/],
  ['express', 'node_modules/express/lib', /\.js$/],
  ['fastify', 'node_modules/fastify/lib', /\.js$/],
  ['knex', 'node_modules/knex/lib', /\.js$/],
  ['pg', 'node_modules/pg/lib', /\.js$/],
  ['hono', 'node_modules/hono/dist/cjs', /\.js$/],
  ['zod', '.cache/hosts/bundlers/node_modules/zod', /\.c?js$/],
];

function filesBelow(folder: string, wanted: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path, wanted);
    return wanted.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name) ? [path] : [];
  });
}

/** Functions with a body and a name by place. Those in the options of a site are apart: Spanwright calls them, and records none of its calls. */
function namedFunctions(file: ts.SourceFile): { functions: ts.Node[]; options: number } {
  const functions: ts.Node[] = [];
  let options = 0;
  const visit = (node: ts.Node, ofOptions: boolean): void => {
    if (ts.isFunctionLike(node) && (node as ts.FunctionLikeDeclaration).body !== undefined && hasName(node)) {
      if (ofOptions) options++;
      else functions.push(node);
    }
    ts.forEachChild(node, (child) => visit(child, ofOptions || isOptions(child)));
  };
  visit(file, false);
  return { functions, options };
}

/** The object literal of `@instrument({ ... })` and `instrument({ ... }, fn)`. */
function isOptions(node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isObjectLiteralExpression(node) || !ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  return /^instrument\b/.test(parent.expression.getText());
}

function hasName(node: ts.SignatureDeclaration): boolean {
  if (node.name !== undefined || ts.isConstructorDeclaration(node) || ts.isFunctionDeclaration(node)) return true;
  let value: ts.Node = node;
  while (ts.isParenthesizedExpression(value.parent) || ts.isAsExpression(value.parent)) value = value.parent;
  const { parent } = value;
  if (ts.isVariableDeclaration(parent)) return ts.isIdentifier(parent.name);
  if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent) || ts.isExportAssignment(parent)) return true;
  if (ts.isBinaryExpression(parent))
    return parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && !ts.isElementAccessExpression(parent.left);
  if (!(ts.isCallExpression(parent) || ts.isNewExpression(parent)) || parent.expression === value) return false;
  return ts.isIdentifier(parent.expression) || ts.isPropertyAccessExpression(parent.expression);
}

interface Measured {
  readonly files: number;
  readonly functions: number;
  readonly planted: number;
  /** Functions in the options of sites. */
  readonly options: number;
  readonly authored: number;
  readonly printed: number;
  /** Functions that were left out, by kind. */
  readonly left: ReadonlyMap<string, number>;
}

export function measure(folder: string, wanted: RegExp, minLines?: number): Measured {
  const auto = [
    { files: '**', ...(minLines && { minLines }) },
    { packages: ['*', '@*/*'], ...(minLines && { minLines }) },
  ];
  const texts = textsOf({
    parser: parserFor(ROOT),
    directory: ROOT,
    tsconfig: null,
    options: { namespace: 'bench', auto },
    purpose: 'bundle',
  });
  const left = new Map<string, number>();
  let [files, functions, planted, options, authored, printed] = [0, 0, 0, 0, 0, 0];
  for (const path of filesBelow(folder, wanted)) {
    const text = readFileSync(path, 'utf8');
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const made = texts.transform(path, text, /\bexports\b|\brequire\(/.test(text) && path.endsWith('js'));
    const starts = new Set(made?.plan.sites.map(({ place }) => place.start));
    files++;
    authored += text.length;
    printed += made?.printed?.code.length ?? text.length;
    const named = namedFunctions(source);
    options += named.options;
    for (const node of named.functions) {
      functions++;
      if (starts.has(node.getStart(source))) planted++;
      else {
        const kind = `${(node as { modifiers?: ts.NodeArray<ts.ModifierLike> }).modifiers?.some((one) => one.kind === ts.SyntaxKind.AsyncKeyword) ? 'async ' : ''}${(node as ts.FunctionExpression).asteriskToken ? 'generator ' : ''}${ts.SyntaxKind[node.kind]}`;
        left.set(kind, (left.get(kind) ?? 0) + 1);
        if (process.env.LEFT)
          console.error(
            path,
            source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
            kind,
            made?.reports[0]?.line ?? '',
          );
      }
    }
  }
  return { files, functions, planted, options, authored, printed, left };
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

export async function measureText(): Promise<Outcome> {
  const rows: string[][] = [];
  const budgets: Budget[] = [];
  for (const [name, folder, wanted] of CODE) {
    if (!existsSync(join(ROOT, folder))) continue;
    const { files, functions, planted, options, authored, printed, left } = measure(join(ROOT, folder), wanted, 1);
    const each = (printed - authored) / planted;
    const bounded = measure(join(ROOT, folder), wanted);
    const growth = bounded.printed / authored - 1;
    rows.push([
      name,
      String(files),
      functions.toLocaleString('en-US'),
      percent(planted / functions),
      percent(printed / authored - 1),
      each.toFixed(0),
      percent(bounded.planted / functions),
      percent(growth),
      [...left].map(([kind, count]) => `${count} ${kind}`).join(', '),
      String(options),
    ]);
    budgets.push({
      what: `functions planted in ${name}, minLines 1`,
      limit: percent(PLANTED),
      measured: percent(planted / functions),
      met: planted >= functions * PLANTED,
    });
    budgets.push({
      what: `text of ${name}, by default`,
      limit: `+${percent(GROWTH)}`,
      measured: `+${percent(growth)}`,
      met: growth <= GROWTH,
    });
  }
  const note =
    'Functions with a body and a name by place: their own, or that of a variable, a property, an assignment, or the call that they are passed to. ' +
    'Those in the options of a site are apart: Spanwright calls them, and records none of its own calls.';
  const head = [
    'code',
    'files',
    'functions',
    'planted, minLines 1',
    'more text',
    'characters each',
    'planted by default',
    'more text',
    'left out',
    'in options',
  ];
  return { tables: [{ title: 'Auto mode: functions and text', note, head, rows }], budgets };
}
