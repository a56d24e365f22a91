// Turns faults, which are plain data, into diagnostics of the compiler at hand. Used by hosts that drive a TypeScript with
// a `Diagnostic` type; where the host takes no diagnostics, they are printed.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import type { SettingsFault } from '../core/settings.js';
import { DIAGNOSTICS, type DiagnosticName, type Fault } from '../diagnostics.js';

import type { DependencyProblem } from './dependency.js';

/** Destination of diagnostics. */
export type Sink = (diagnostic: ts.Diagnostic) => void;

interface Place {
  readonly file: ts.SourceFile | undefined;
  readonly start: number;
  readonly end: number;
}

const NOWHERE: Place = { file: undefined, start: 0, end: 0 };

function diagnosticOf(ts: Compiler, name: DiagnosticName, messageText: string, place: Place): ts.Diagnostic {
  const { code, severity } = DIAGNOSTICS[name];
  const category = severity === 'error' ? ts.DiagnosticCategory.Error : ts.DiagnosticCategory.Warning;
  const { file, start, end } = place;
  const at = file === undefined ? { start: undefined, length: undefined } : { start, length: end - start };
  return { code, category, messageText, source: 'spanwright', file, ...at };
}

export function faultDiagnostic(ts: Compiler, { name, message, start, end }: Fault, file: ts.SourceFile): ts.Diagnostic {
  return diagnosticOf(ts, name, message, { file, start, end });
}

/** A problem of the package that a file belongs to, at the start of the file. */
export function dependencyDiagnostic(ts: Compiler, { name, message }: DependencyProblem, file: ts.SourceFile): ts.Diagnostic {
  return diagnosticOf(ts, name, message, { file, start: 0, end: 0 });
}

/** A fault of the plugin's options, at the option in tsconfig.json when it is in that file. */
export function settingsDiagnostic(ts: Compiler, fault: SettingsFault, options: ts.CompilerOptions): ts.Diagnostic {
  const file = options.configFile as ts.TsConfigSourceFile | undefined;
  const node = file === undefined ? undefined : optionInConfig(ts, file, fault.option);
  const place = file === undefined || node === undefined ? NOWHERE : { file, start: node.getStart(file), end: node.end };
  return diagnosticOf(ts, fault.name, fault.message, place);
}

/** The key of an option within the entry of this plugin. */
function optionInConfig(ts: Compiler, file: ts.TsConfigSourceFile, option: string): ts.Node | undefined {
  const compilerOptions = property(ts, file.statements[0]?.expression, 'compilerOptions')?.initializer;
  const plugins = property(ts, compilerOptions, 'plugins')?.initializer;
  if (plugins === undefined || !ts.isArrayLiteralExpression(plugins)) return undefined;
  for (const entry of plugins.elements) {
    const transform = property(ts, entry, 'transform')?.initializer;
    if (transform === undefined || !ts.isStringLiteral(transform) || !transform.text.includes('spanwright')) continue;
    const found = property(ts, entry, option);
    if (found !== undefined) return found.name;
  }
  return undefined;
}

function property(ts: Compiler, node: ts.Node | undefined, name: string): ts.PropertyAssignment | undefined {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return undefined;
  return node.properties.find(
    (one): one is ts.PropertyAssignment => ts.isPropertyAssignment(one) && ts.isStringLiteral(one.name) && one.name.text === name,
  );
}

/** A diagnostic for a fault of the transformer's own. */
export function internalDiagnostic(ts: Compiler, error: unknown, file: ts.SourceFile): ts.Diagnostic {
  const found = error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 2).join(' ') : String(error);
  return diagnosticOf(ts, 'internal-fault', DIAGNOSTICS['internal-fault'].text(found), { file, start: 0, end: 0 });
}

/** For hosts that take no diagnostics: prints them, as the compiler would. */
export function printingSink(ts: Compiler): Sink {
  return (diagnostic) => {
    const host: ts.FormatDiagnosticsHost = {
      getCurrentDirectory: () => process.cwd(),
      getCanonicalFileName: (name) => name,
      getNewLine: () => '\n',
    };
    process.stderr.write(ts.formatDiagnostic(diagnostic, host));
  };
}
