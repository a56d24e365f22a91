// The comment `@spanwright-skip` before a declaration, a member or a statement: auto mode leaves out everything within it.

import type ts from 'typescript';
import type { Compiler } from './compiler.js';

const PRAGMA = /(^|[\s*/])@spanwright-skip\b(?!-)/;

/** True if the comments before a node ask to leave it out. */
export function isSkipped(ts: Compiler, node: ts.Node, file: ts.SourceFile): boolean {
  const comments = ts.getLeadingCommentRanges(file.text, node.pos) ?? [];
  return comments.some(({ pos, end }) => PRAGMA.test(file.text.slice(pos, end)));
}
