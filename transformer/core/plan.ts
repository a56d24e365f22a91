// The plan of one file: walks the authored tree once and answers, as plain data, which functions are sites, what to edit
// and what the user got wrong. Called by every host; keeps no state between files and never changes the tree.

import type ts from 'typescript';
import type { SiteRecord } from '../../runtime/site/site.js';
import { type DiagnosticName, type Fault, fault } from '../diagnostics.js';
import { exportedFunctions, isSkipped } from './auto.js';
import { type Compiler, type FunctionNode, functionLiteral, hasModifier, isTypeOnly, rangeOf } from './compiler.js';
import { type Declared, declaredName, memberName, nameByPlace, takesName } from './declared.js';
import type { Edit, Member, Plan } from './edit.js';
import { callMark, type DecoratorMark, type Marks, marksOf } from './marks.js';
import { type Enclosure, type NamingRules, namesOf, TOP_LEVEL } from './naming.js';
import { checkOptions, literalOption } from './options.js';
import { type Recognition, referenceOfImport } from './recognition.js';
import { anyWithin, relevantOffsets } from './relevance.js';
import { forwarderOf, parameterNames, shapeOf } from './shape.js';
import type { Range, Site } from './site.js';

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
  /** Fields are defined, as the language has it, and so name an anonymous function; assigned ones do not. */
  readonly fieldsNameFunctions: boolean;
  /** TypeScript makes assignments of the exports, which name no function as a declaration does. */
  readonly commonjs: boolean;
  /** Instrument also what nothing marks. */
  readonly auto: boolean;
}

/** What a decorator stands on and, when it can be instrumented, the function. */
type Target = { readonly name: DiagnosticName; readonly text: string } | { readonly body: FunctionNode };

export function planFile(request: PlanRequest): Plan {
  const { ts, file, recognition } = request;
  const sites: Site[] = [];
  const edits: Edit[] = [];
  const faults: Fault[] = [];
  const relevant = request.auto ? undefined : relevantOffsets(ts, file, recognition.names(file));

  /** Nothing within the node can be marked. */
  function isPlain({ pos, end }: ts.Node): boolean {
    return relevant !== undefined && !anyWithin(relevant, pos, end);
  }

  function addSite(body: FunctionNode, name: Declared, enclosure: Enclosure, inner: boolean): number {
    const at = file.getLineAndCharacterOfPosition(name.node.getStart(file));
    const record: SiteRecord = {
      ...namesOf(request.segments, enclosure, name.text, request.naming),
      file: request.path,
      line: at.line + 1,
      column: at.character + 1,
      parameters: parameterNames(ts, body),
      shape: shapeOf(ts, body),
    };
    return sites.push({ record, forwarder: forwarderOf(ts, body, name.text, inner) }) - 1;
  }

  /** The one mark of a target. More than one is a fault at each further one. */
  function onlyMark({ marks }: Marks, text: string): DecoratorMark | undefined {
    for (const extra of marks.slice(1)) faults.push(fault('duplicate-decorator', rangeOf(extra.decorator, file), text));
    return marks[0];
  }

  function visit(node: ts.Node, enclosure: Enclosure): void {
    if (isPlain(node)) return;
    if (ts.isClassLike(node)) visitClass(node, enclosure);
    else if (isTypeOnly(ts, node)) return;
    else if (ts.isCallExpression(node)) visitCall(node, enclosure);
    else ts.forEachChild(node, (child) => visit(child, within(node, enclosure)));
  }

  /** The enclosure of what stands within a node. */
  function within(node: ts.Node, enclosure: Enclosure): Enclosure {
    if (ts.isModuleDeclaration(node)) return { segments: [...enclosure.segments, node.name.text], owner: null };
    if (ts.isObjectLiteralExpression(node)) {
      const name = nameByPlace(ts, node, file)?.text;
      return name === undefined ? enclosure : { segments: [...enclosure.segments, name], owner: name };
    }
    if (!ts.isFunctionLike(node)) return enclosure;
    const name = declaredName(ts, node, file)?.text;
    return { segments: name === undefined ? enclosure.segments : [...enclosure.segments, name], owner: null };
  }

  function visitCall(call: ts.CallExpression, enclosure: Enclosure): void {
    const mark = callMark(ts, call, recognition);
    if (mark === undefined) {
      ts.forEachChild(call, (child) => visit(child, enclosure));
      return;
    }
    const { body, options, named } = mark;
    const own = named ? declaredName(ts, body, file) : body.name && { text: body.name.text, node: body.name };
    const chosen = literalOption(ts, options, 'name');
    const name = own ?? nameByPlace(ts, call, file) ?? { text: chosen?.trim() || 'anonymous', node: body };
    const index = addSite(body, name, enclosure, false);
    faults.push(...checkOptions(ts, file, options, [body]));
    edits.push({
      kind: 'wrap',
      at: rangeOf(call, file),
      site: index,
      options: options === undefined ? null : rangeOf(options, file),
      body: rangeOf(mark.argument, file),
      name: null,
    });
    if (options !== undefined) visit(options, enclosure);
    if (named) return;
    const inside: Enclosure = { segments: [...enclosure.segments, name.text], owner: null };
    ts.forEachChild(body, (child) => visit(child, inside));
  }

  function visitClass(node: ts.ClassLikeDeclaration, outside: Enclosure): void {
    const ambient = hasModifier(node, ts.SyntaxKind.DeclareKeyword);
    const text = declaredName(ts, node, file)?.text ?? 'anonymous';
    const inside: Enclosure = { segments: [...outside.segments, text], owner: text };
    const marks = marksOf(ts, node, recognition);
    const mark = onlyMark(marks, text);
    if (mark !== undefined && ambient) faults.push(fault('ambient-target', rangeOf(mark.decorator, file), text));
    else if (mark !== undefined) decorateClass(node, mark, inside);
    else if (request.auto && !ambient && !marks.skipped && !isSkipped(ts, node, file)) addMembers(node, inside);
    for (const modifier of node.modifiers ?? []) if (ts.isDecorator(modifier)) visitDecorator(modifier, outside);
    for (const { token, types } of node.heritageClauses ?? [])
      if (token === ts.SyntaxKind.ExtendsKeyword) for (const { expression } of types) visit(expression, outside);
    for (const member of node.members) if (!isPlain(member)) visitMember(member, inside, ambient);
  }

  function decorateClass(node: ts.ClassLikeDeclaration, mark: DecoratorMark, inside: Enclosure): void {
    const methods = methodsOf(node);
    const members = methods.map((method) => memberOf(method, inside));
    const bodies = methods.map(({ node: body }) => body);
    faults.push(...checkOptions(ts, file, mark.options, bodies));
    edits.push({ kind: 'decorate class', at: rangeOf(mark.decorator.expression, file), members, options: optionsRange(mark) });
  }

  function addMembers(node: ts.ClassLikeDeclaration, inside: Enclosure): void {
    const methods = methodsOf(node).filter(({ node: method }) => !isSkipped(ts, method, file));
    if (methods.length === 0) return;
    // Where the block is lowered, a class without any name would get one from the variable that it is put into.
    if (ts.isClassExpression(node) && node.name === undefined && !takesName(ts, node))
      edits.push({ kind: 'keep name', at: rangeOf(node, file), name: '' });
    const at = { start: node.members.pos, end: node.members.pos };
    edits.push({ kind: 'add members', at, members: methods.map((method) => memberOf(method, inside)) });
  }

  /** The methods that instrumenting a class as a whole takes: with a body, reachable from outside, not marked themselves. */
  function methodsOf(node: ts.ClassLikeDeclaration): { node: ts.MethodDeclaration; key: string | Range }[] {
    return node.members.flatMap((member) => {
      if (!ts.isMethodDeclaration(member) || member.body === undefined || ts.isPrivateIdentifier(member.name)) return [];
      const { skipped, marks } = marksOf(ts, member, recognition);
      const key = keyOf(member.name);
      return skipped || marks.length > 0 || key === undefined ? [] : [{ node: member, key }];
    });
  }

  function memberOf({ node, key }: { node: ts.MethodDeclaration; key: string | Range }, inside: Enclosure): Member {
    const name = { text: memberName(ts, node.name, file), node: node.name };
    const decorated = node.modifiers?.some((modifier) => ts.isDecorator(modifier)) ?? false;
    const isStatic = hasModifier(node, ts.SyntaxKind.StaticKeyword);
    return { site: addSite(node, name, inside, decorated), key, static: isStatic, kind: 'method' };
  }

  function addExports(): void {
    for (const found of exportedFunctions(ts, file, request.commonjs)) {
      const site = addSite(found.node, found.name, TOP_LEVEL, false);
      const at = rangeOf(found.node, file);
      if (found.kind === 'value') edits.push({ kind: 'wrap', at, site, options: null, body: at, name: found.given });
      else edits.push({ kind: 'rebind', at: { start: 0, end: 0 }, site, name: rangeOf(found.name.node, file) });
    }
  }

  /** The key of a member as text, or the expression of a computed name if it can be evaluated twice with one result. */
  function keyOf(name: ts.PropertyName): string | Range | undefined {
    if (!ts.isComputedPropertyName(name)) return name.text;
    const { expression } = name;
    if (ts.isStringLiteralLike(expression) || ts.isNumericLiteral(expression)) return expression.text;
    return ts.isIdentifier(expression) || readsTwice(expression) ? rangeOf(expression, file) : undefined;
  }

  /** A property of `Symbol`, of an enum or of what is imported: reading it once more does nothing. Others may be accessors of the user's. */
  function readsTwice(expression: ts.Expression): boolean {
    if (!ts.isPropertyAccessExpression(expression)) return false;
    let root: ts.Expression = expression.expression;
    while (ts.isPropertyAccessExpression(root)) root = root.expression;
    if (!ts.isIdentifier(root)) return false;
    if (root.text === 'Symbol' && root === expression.expression) return true;
    const declaration = recognition.declaration(root);
    return declaration !== undefined && (ts.isEnumDeclaration(declaration) || referenceOfImport(ts, declaration) !== undefined);
  }

  function visitMember(member: ts.ClassElement, inside: Enclosure, ambient: boolean): void {
    const declared = declaredName(ts, member, file);
    const text = declared?.text ?? 'member';
    const mark = onlyMark(marksOf(ts, member, recognition), text);
    if (mark !== undefined) {
      const target = targetOf(member, text, ambient);
      if ('body' in target) decorate(member, target.body, mark, declared ?? { text, node: member }, inside);
      else faults.push(fault(target.name, rangeOf(mark.decorator, file), target.text));
    }
    if (ambient || (ts.isPropertyDeclaration(member) && hasModifier(member, ts.SyntaxKind.DeclareKeyword))) return;
    for (const modifier of (member as { modifiers?: ts.NodeArray<ts.ModifierLike> }).modifiers ?? [])
      if (ts.isDecorator(modifier)) visitDecorator(modifier, inside);
    const deeper = within(member, inside);
    ts.forEachChild(member, (child) => {
      if (ts.isParameter(child)) visitParameter(child, deeper);
      else if (!ts.isDecorator(child)) visit(child, deeper);
    });
  }

  function decorate(member: ts.ClassElement, body: FunctionNode, mark: DecoratorMark, name: Declared, inside: Enclosure): void {
    const site = addSite(body, name, inside, mark.inner);
    faults.push(...checkOptions(ts, file, mark.options, [body]));
    const edit = { at: rangeOf(mark.decorator.expression, file), site, options: optionsRange(mark) };
    const initializer = ts.isPropertyDeclaration(member) ? member.initializer : undefined;
    const anonymous = body.name === undefined && name.node.parent === member && !ts.isComputedPropertyName(name.node);
    const given = request.fieldsNameFunctions && anonymous ? name.text : null;
    // Legacy decorators of static members run after the initializers, which then cannot ask them.
    const late = request.decorators === 'legacy' && hasModifier(member, ts.SyntaxKind.StaticKeyword);
    if (initializer === undefined || late) edits.push({ kind: 'decorate', ...edit });
    else if (request.decorators === 'legacy')
      edits.push({ kind: 'decorate field', ...edit, body: rangeOf(initializer, file), name: given });
    else {
      edits.push({ kind: 'decorate', ...edit });
      if (given !== null) edits.push({ kind: 'keep name', at: rangeOf(initializer, file), name: given });
    }
  }

  function targetOf(member: ts.ClassElement, text: string, ambient: boolean): Target {
    if (ambient || hasModifier(member, ts.SyntaxKind.DeclareKeyword)) return { name: 'ambient-target', text };
    if (ts.isConstructorDeclaration(member)) return { name: 'constructor-target', text };
    if (hasModifier(member, ts.SyntaxKind.AbstractKeyword)) return { name: 'abstract-target', text };
    if (ts.isMethodDeclaration(member) || ts.isAccessor(member))
      return member.body === undefined ? { name: 'overload-target', text } : { body: member };
    const literal = ts.isPropertyDeclaration(member) ? functionLiteral(ts, member.initializer) : undefined;
    if (literal === undefined || hasModifier(member, ts.SyntaxKind.AccessorKeyword))
      return { name: 'target-without-function', text };
    return { body: literal };
  }

  function visitParameter(parameter: ts.ParameterDeclaration, enclosure: Enclosure): void {
    const mark = marksOf(ts, parameter, recognition).marks[0];
    if (mark !== undefined)
      faults.push(fault('target-without-function', rangeOf(mark.decorator, file), parameter.name.getText(file)));
    ts.forEachChild(parameter, (child) => {
      if (!ts.isDecorator(child)) visit(child, enclosure);
      else if (child !== mark?.decorator) visitDecorator(child, enclosure);
    });
  }

  /** What is written within a decorator: other calls, functions and classes. The call of the decorator itself is no site. */
  function visitDecorator({ expression }: ts.Decorator, enclosure: Enclosure): void {
    if (ts.isCallExpression(expression)) ts.forEachChild(expression, (child) => visit(child, enclosure));
    else visit(expression, enclosure);
  }

  function optionsRange({ options }: DecoratorMark): Range | null {
    return options === undefined ? null : rangeOf(options, file);
  }

  for (const statement of file.statements) visit(statement, TOP_LEVEL);
  if (request.auto) addExports();
  edits.sort((a, b) => a.at.start - b.at.start);
  faults.sort((a, b) => a.start - b.start);
  return { sites, edits, faults, binding: freeName(file.text, '__spanwright') };
}

/** A name that the text does not contain. */
function freeName(text: string, wanted: string): string {
  let name = wanted;
  for (let number = 1; text.includes(name); number++) name = `${wanted}_${number}`;
  return name;
}
