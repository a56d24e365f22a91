// The host for ts-patch (`tspc`, `ts-patch/compiler`) on TypeScript 5 and 6: a `before` transformer. It never fails a file:
// on a fault of its own the file is emitted as authored, with a diagnostic. No state spans files but caches of pure answers.

import { dirname, resolve } from 'node:path';
import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import type { Plan } from '../core/edit.js';
import { planFile } from '../core/plan.js';
import type { Recognition } from '../core/recognition.js';
import { recognitionByScopes } from '../core/scopes.js';
import { readSettings } from '../core/settings.js';
import { printToAst } from '../print/ast.js';
import { recognitionByChecker } from './checker.js';
import { isCovered } from './covered.js';
import { dependencyReader, problemOf } from './dependency.js';
import { noteSites } from './manifest.js';
import { packagesOf } from './packages.js';
import { definesFields, isCommonJs, lowersBlocks, projectOf } from './project.js';
import {
  dependencyDiagnostic,
  faultDiagnostic,
  internalDiagnostic,
  printingSink,
  type Sink,
  settingsDiagnostic,
} from './report.js';

/** Argument of a plugin of type `program` in ts-patch. */
export interface HostExtras {
  readonly ts: Compiler;
  readonly addDiagnostic?: (diagnostic: ts.Diagnostic) => unknown;
}

/**
 * Makes the transformer for one emit.
 * @param program undefined when files are compiled one by one; imports are then recognised by their text.
 * @param config the plugin's entry in tsconfig.json.
 */
export function transformerFor(
  program: ts.Program | undefined,
  config: Readonly<Record<string, unknown>>,
  { ts, addDiagnostic }: HostExtras,
): ts.TransformerFactory<ts.SourceFile> {
  const report: Sink = addDiagnostic ?? printingSink(ts);
  const options = program?.getCompilerOptions() ?? {};
  const { settings, faults } = readSettings(config);
  for (const fault of faults) report(settingsDiagnostic(ts, fault, options));
  const packages = packagesOf(ts);
  const project = projectOf(program, settings, packages);
  const manifest =
    settings.manifest === undefined ? undefined : { path: project.locate(settings.manifest), locate: project.locate };
  let checked: Recognition | undefined;

  function recognition(): Recognition {
    if (program === undefined) return recognitionByScopes(ts);
    checked ??= recognitionByChecker(ts, program.getTypeChecker(), packages);
    return checked;
  }

  /** The plan of a file, or undefined when there is nothing to do. */
  function plan(file: ts.SourceFile, options: ts.CompilerOptions, commonjs: boolean): Plan | undefined {
    const path = project.withoutQuery(file.fileName);
    if (file.isDeclarationFile || !settings.include(path) || settings.exclude(path)) return undefined;
    const recognised = recognition();
    const auto = settings.auto(path);
    if (auto === undefined && !recognised.reaches(file)) return undefined;
    return planFile({
      auto,
      covered: isCovered(),
      commonjs,
      fieldsNameFunctions: definesFields(ts, options),
      designTypes: options.emitDecoratorMetadata === true,
      staticBlocks: 'typescript',
      lowersBlocks: lowersBlocks(ts, options),
      decorators: options.experimentalDecorators ? 'legacy' : 'standard',
      ts,
      file,
      recognition: recognised,
      naming: project.naming,
      segments: project.segmentsOf(file.fileName),
      path,
    });
  }

  const dependencyIn = dependencyReader();
  const reported = new Set<string>();

  /** True when compiled code would fail to load what it imports; reports that, and what production installations lack, once a package. */
  function leavesOut(file: ts.SourceFile): boolean {
    const problem = problemOf(dependencyIn(dirname(resolve(file.fileName))), file.text, 'output');
    if (problem === undefined) return false;
    if (problem.fatal || !reported.has(problem.message)) report(dependencyDiagnostic(ts, problem, file));
    reported.add(problem.message);
    return problem.fatal;
  }

  return (context) => (file) => {
    // A bundle (`outFile`) has no single text that offsets could refer to.
    if (!ts.isSourceFile(file)) return file;
    const authored = ts.getOriginalNode(file, ts.isSourceFile);
    try {
      const commonjs = isCommonJs(ts, program, context.getCompilerOptions(), authored);
      const found = plan(authored, context.getCompilerOptions(), commonjs);
      if (manifest !== undefined && !authored.isDeclarationFile)
        noteSites(manifest, project.withoutQuery(authored.fileName), found?.sites ?? []);
      if (found === undefined) return file;
      for (const fault of found.faults) report(faultDiagnostic(ts, fault, authored));
      if (found.sites.length === 0 || leavesOut(authored)) return file;
      return printToAst({ ts, context, file, authored, plan: found, commonjs });
    } catch (error) {
      report(internalDiagnostic(ts, error, authored));
      return file;
    }
  };
}
