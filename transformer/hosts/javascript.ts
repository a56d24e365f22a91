// One file to JavaScript by the project's own TypeScript, without a look at any other, with a map that leads to the authored text.
// Called where no later step compiles the output of the transformer: by `spanwright/register`, and by the plugins for bundlers that
// leave decorators as they are.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import { chained } from '../print/chain.js';
import type { Printed } from '../print/text-edits.js';
import type { Parser } from './parse.js';
import { targetOf } from './project.js';

interface JavaScriptRequest {
  readonly path: string;
  readonly authored: string;
  /** Output of the transformer, if it changed the file. */
  readonly printed: Printed | undefined;
  /** Options of the compiler; see {@link optionsFor}. */
  readonly options: ts.CompilerOptions;
  /** The coverage of what is compiled is measured by V8. Default false. */
  readonly measured?: boolean;
}

/** The code without the line that names its map, and the map, which has the authored text in it. */
interface JavaScript {
  readonly code: string;
  readonly map: string | undefined;
}

export function javaScriptOf(parser: Parser, { path, authored, printed, options, measured }: JavaScriptRequest): JavaScript {
  const { code, map } = parser.transpile(path, printed?.code ?? authored, options);
  const whole = map === undefined || printed === undefined ? map : chained(map, () => ({ printed, authored }), measured);
  return {
    code: code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    map: whole === undefined ? undefined : JSON.stringify({ ...JSON.parse(whole), sources: [path], sourcesContent: [authored] }),
  };
}

/** The compiler options of a project that concern one file, and neither other files nor output. */
const OWN = [
  ...['experimentalDecorators', 'emitDecoratorMetadata', 'useDefineForClassFields', 'esModuleInterop', 'importHelpers'],
  ...['jsx', 'jsxFactory', 'jsxFragmentFactory', 'jsxImportSource', 'allowSyntheticDefaultImports', 'verbatimModuleSyntax'],
] as const;

const COMMONJS = 1;
const ESNEXT = 99;
const PRESERVE = 1;

/** Options for the running Node: syntax that it does not support is lowered. */
export function optionsForNode(ts: Compiler, options: ts.CompilerOptions, commonjs: boolean): ts.CompilerOptions {
  const { ES2022 } = ts.ScriptTarget;
  const target = options.target === undefined ? ES2022 : Math.min(options.target, ES2022);
  return {
    ...optionsFor(ts, options, target),
    ...(commonjs && { module: COMMONJS as ts.ModuleKind, verbatimModuleSyntax: false }),
  };
}

/** Options for bundlers, which link modules, know JSX, and have a target of their own. */
export function optionsForBundlers(ts: Compiler, options: ts.CompilerOptions): ts.CompilerOptions {
  const { ES2022 } = ts.ScriptTarget;
  const useDefineForClassFields = options.useDefineForClassFields ?? targetOf(ts, options) >= ES2022;
  return { ...optionsFor(ts, options, ES2022), useDefineForClassFields, jsx: PRESERVE as ts.JsxEmit };
}

function optionsFor(ts: Compiler, options: ts.CompilerOptions, target: ts.ScriptTarget): ts.CompilerOptions {
  const kept = Object.fromEntries(OWN.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
  const module = ts.ModuleKind?.ESNext ?? (ESNEXT as ts.ModuleKind);
  const esModuleInterop = options.esModuleInterop ?? impliesInterop(ts, options);
  return { ...kept, esModuleInterop, target, module, isolatedModules: true, sourceMap: true };
}

/** True if `esModuleInterop` is implied: by Node's kinds of modules and `preserve`, and since TypeScript 6 by all. */
function impliesInterop(ts: Compiler, { module = 0 }: ts.CompilerOptions): boolean {
  return module >= NODE16 || Number.parseInt(ts.version, 10) > 5;
}

const NODE16 = 100;
