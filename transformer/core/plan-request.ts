// Input of a plan: the knowledge of a host about one file.

import type ts from 'typescript';
import type { Compiler } from './compiler.js';
import type { NamingRules } from './naming.js';
import type { AutoBounds } from './planting.js';
import type { Recognition } from './recognition.js';

export interface PlanRequest {
  readonly ts: Compiler;
  /** The file as authored, with parent pointers. */
  readonly file: ts.SourceFile;
  readonly recognition: Recognition;
  readonly naming: NamingRules;
  /** Segments of the file below the root directory. */
  readonly segments: readonly string[];
  /** `code.file.path`. */
  readonly path: string;
  /** Which decorators the compiler emits: those of `experimentalDecorators`, or those of the language. */
  readonly decorators: 'legacy' | 'standard';
  /** Design types are emitted beside the decorators of a class, so that one decorator has to stay. */
  readonly designTypes?: boolean;
  /**
   * How static blocks of a class with decorators are compiled. `typescript`: `this` is lost in them below ES2022. `esbuild`: `this` is
   * kept, but the class is renamed if it names itself, or if a member has a decorator of the language. `renaming`: esbuild and Oxc below
   * ES2022, which rename any class that has a block.
   */
  readonly staticBlocks: 'typescript' | 'esbuild' | 'renaming';
  /**
   * TypeScript lowers static blocks (a target below ES2022). From an anonymous default class with one, TypeScript 5 and 6 emit a class
   * statement without a name, which is no JavaScript, and 7 gives the class another name.
   */
  readonly lowersBlocks?: boolean;
  /** Fields are defined, as the language specifies, which names an anonymous function; an assignment does not. */
  readonly fieldsNameFunctions: boolean;
  /** TypeScript makes assignments of the exports, which name no function as a declaration does. */
  readonly commonjs: boolean;
  /** Instrument unmarked functions too, within these bounds. */
  readonly auto: AutoBounds | undefined;
  /** The output runs under a coverage tool: emit only code that the tool can be asked to ignore. */
  readonly covered?: boolean;
}
