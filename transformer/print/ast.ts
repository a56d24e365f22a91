// The AST printer: applies a plan to the tree that a `before` transformer was given. Only nodes on the way to an edit are
// created again; all other nodes, above all the bodies, stay the same objects, so that source maps stay as they were.

import type ts from 'typescript';
import { type Compiler, decoratorsOf, hasModifier, rangeOf, unwrapped } from '../core/compiler.js';
import { computedKey } from '../core/declared.js';
import { type Edit, EMITTED_MODULE, type Plan } from '../core/edit.js';
import { anyWithin } from '../core/relevance.js';
import { isInside } from '../core/rows.js';
import type { Range, Site } from '../core/site.js';
import { nodesOf, refuse } from './ast-code.js';
import { inlineNodes, prologueNodes } from './ast-prologue.js';
import { type CodeEdit, codeOf, fieldContext, named } from './forwarder.js';
import { inlineText, moduleHead, registrations } from './prologue.js';

interface AstRequest {
  readonly ts: Compiler;
  readonly context: ts.TransformationContext;
  /** The tree to change; earlier transformers may have changed it already. */
  readonly file: ts.SourceFile;
  /** The tree as parsed, to which the plan's offsets refer. */
  readonly authored: ts.SourceFile;
  readonly plan: Plan;
  /** The file becomes a CommonJS module: `import x = require()` needs no helper there. */
  readonly commonjs: boolean;
}

export function printToAst({ ts, context, file, authored, plan, commonjs }: AstRequest): ts.SourceFile {
  const { factory } = context;
  const { build, verbatim, propertyName } = nodesOf(ts, factory);
  const starts = plan.edits.flatMap((edit) =>
    edit.kind === 'decorate field' ? [edit.at.start, edit.body.start] : [edit.at.start],
  );
  /** Sites by their bodies, and by the returned expressions that are kept. */
  const bodies = new Map<string, Site>();
  const kept = new Map<string, Site>();
  for (const site of plan.sites.filter(isInside)) {
    const at = (site.prologue ?? site.inline)?.at as Range;
    starts.push(at.start);
    bodies.set(placeOfEdit(at), site);
    for (const value of site.inline?.returns ?? []) {
      starts.push(value.start);
      if (site.inline?.inside !== null) kept.set(placeOfEdit(value), site);
    }
  }
  starts.sort((a, b) => a - b);
  const replacing = new Map(plan.edits.filter(({ at }) => at.end > at.start).map((edit) => [placeOfEdit(edit.at), edit]));
  const adding = plan.edits.filter((edit) => edit.kind === 'add members' || edit.kind === 'register members');
  /** Variables that keep the results of decorators, by the initializers of the decorated fields. */
  const fields = new Map(
    plan.edits
      .filter((edit) => edit.kind === 'decorate field')
      .map((edit) => [placeOfEdit(edit.body), { edit, kept: undefined as ts.Identifier | undefined }]),
  );
  /** Nodes whose own edit is being applied, so that what is within is visited for further edits only. */
  const inside = new Set<ts.Node>();

  function visit(node: ts.Node): ts.Node | undefined {
    const original = ts.getOriginalNode(node);
    const known = original.pos >= 0 && original.getSourceFile() === authored;
    if (known && !anyWithin(starts, original.pos, original.end)) return node;
    if (known && ts.isDecorator(node) && replacing.get(placeOfEdit(rangeOf(original, authored)))?.kind === 'remove decorator')
      return undefined;
    const found = known ? edited(node, original) : undefined;
    if (found !== undefined) return found;
    // Types hold no code, and TypeScript's visitors throw on some that are malformed.
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
    return ts.visitEachChild(node, visit, context);
  }

  /** The node with its own edit, or undefined where it has none. */
  function edited(node: ts.Node, original: ts.Node): ts.Node | undefined {
    const place = placeOfEdit({ start: original.getStart(authored), end: original.end });
    const body = isBody(original) ? bodies.get(place) : undefined;
    if (body !== undefined) {
      bodies.delete(place);
      return entered(body, node);
    }
    if (ts.isMethodDeclaration(node) && !inside.has(original)) {
      const edit = replacing.get(place);
      if (edit?.kind === 'wrap method') return property(edit, node);
    }
    if (ts.isReturnStatement(node)) return returning(node, original as ts.ReturnStatement);
    // The base of a class is two nodes in one place; the outer one is not an expression.
    if (ts.isExpression(node) && !ts.isExpressionWithTypeArguments(node) && !inside.has(original)) {
      const edit = replacing.get(place);
      if (edit !== undefined) return replaced(edit as CodeEdit, node);
      const field = fields.get(place);
      if (field !== undefined) return initializer(field, node);
    }
    return ts.isClassLike(node) ? withAdded(node, original as ts.ClassLikeDeclaration) : undefined;
  }

  function returning(node: ts.ReturnStatement, { expression }: ts.ReturnStatement): ts.Node | undefined {
    const site = expression && kept.get(placeOfEdit(rangeOf(expression, authored)));
    if (site === undefined || node.expression === undefined) return undefined;
    return factory.updateReturnStatement(node, keepingValue(site, visit(node.expression) as ts.Expression));
  }

  function withAdded(node: ts.ClassLikeDeclaration, { members: { pos } }: ts.ClassLikeDeclaration): ts.Node | undefined {
    const added = adding.filter(({ at }) => at.start === pos);
    if (added.length === 0) return undefined;
    const blocks = added.map((edit) => blockOf(edit, node));
    return withBlocks(blocks, ts.visitEachChild(node, visit, context));
  }

  function isBody(node: ts.Node): boolean {
    return (
      node.parent !== undefined && ts.isFunctionLike(node.parent) && (node.parent as ts.FunctionLikeDeclaration).body === node
    );
  }

  /** The body with what records it, on lines of their own that map to nothing. */
  function entered(site: Site, node: ts.Node): ts.Node {
    if (!ts.isBlock(node)) {
      const value = visit(node) as ts.Expression;
      const keeps = site.inline !== undefined && site.inline.returns.length > 0;
      const returned = ts.setTextRange(factory.createReturnStatement(keeps ? keepingValue(site, value) : value), node);
      return ts.setTextRange(factory.createBlock(recorded(site, [returned]), true), node);
    }
    const block = ts.visitEachChild(node, visit, context);
    const first = statementAt(block.statements, (site.prologue ?? site.inline)?.inside as number);
    const statements = [...block.statements.slice(0, first), ...recorded(site, block.statements.slice(first))];
    const list = ts.setTextRange(factory.createNodeArray(statements), block.statements);
    return ts.setTextRange(ts.setOriginalNode(factory.createBlock(list, true), node), node);
  }

  function recorded(site: Site, statements: readonly ts.Statement[]): ts.Statement[] {
    return site.inline === undefined
      ? [prologueNodes(ts, factory, site, plan), ...statements]
      : inlineNodes(ts, factory, site, plan, statements);
  }

  function keepingValue(site: Site, value: ts.Expression): ts.Expression {
    return factory.createAssignment(verbatim(inlineText(site, plan.module).keep.slice(0, -1)), value);
  }

  /** Index of the first statement that is not before an offset. */
  function statementAt(statements: readonly ts.Statement[], inside: number): number {
    let first = statements.length;
    while (first > 0 && !isBefore(statements[first - 1] as ts.Statement, inside)) first--;
    return first;
  }

  function isBefore(statement: ts.Statement, offset: number): boolean {
    const { pos, end } = ts.getOriginalNode(statement);
    return pos >= 0 && end <= offset;
  }

  function firstStatement(statements: readonly ts.Statement[]): number {
    const first = statements.findIndex((one) => !ts.isExpressionStatement(one) || !ts.isStringLiteral(one.expression));
    return first === -1 ? statements.length : first;
  }

  /** A static block runs before any other static member. */
  function blockOf(edit: Edit, node: ts.ClassLikeDeclaration): ts.ClassStaticBlockDeclaration {
    const codes = edit.kind === 'register members' ? registrations(edit, plan) : [codeOf(edit as CodeEdit, plan)];
    const piece = pieces(edit, node);
    const statements = codes.map((code) => factory.createExpressionStatement(build(code, piece)));
    return factory.createClassStaticBlockDeclaration(factory.createBlock(statements));
  }

  function withBlocks(blocks: readonly ts.ClassElement[], node: ts.ClassLikeDeclaration): ts.ClassLikeDeclaration {
    const members = ts.setTextRange(factory.createNodeArray([...blocks, ...node.members]), node.members);
    const { modifiers, name, typeParameters, heritageClauses } = node;
    return ts.isClassDeclaration(node)
      ? factory.updateClassDeclaration(node, modifiers, name, typeParameters, heritageClauses, members)
      : factory.updateClassExpression(node, modifiers, name, typeParameters, heritageClauses, members);
  }

  /** `f = wrap(..., f)`. The assigned name leads to the declaration, so that exports of it are assigned as well. */
  function rebinding(edit: Edit & { kind: 'rebind' }): ts.Statement {
    const { text } = authored;
    const local = text.slice(edit.name.start, edit.name.end);
    const declared = authored.statements.find(
      (statement) => ts.isFunctionDeclaration(statement) && statement.name?.end === edit.name.end,
    ) as ts.FunctionDeclaration;
    const byDefault = hasModifier(declared, ts.SyntaxKind.DefaultKeyword);
    const target = factory.createIdentifier(local);
    // For a default export, TypeScript 5 would assign the property of the local name, so that one is assigned here.
    if (!byDefault) ts.setOriginalNode(target, declared.name);
    const value = build(codeOf(edit, plan), () => factory.createIdentifier(local));
    const assignment = factory.createAssignment(target, value);
    const exported = byDefault && commonjs ? factory.createAssignment(verbatim('exports.default'), assignment) : assignment;
    return factory.createExpressionStatement(exported);
  }

  function replaced(edit: CodeEdit, node: ts.Expression): ts.Expression {
    const decorator = build(codeOf(edit, plan), pieces(edit, node));
    const expression = edit.kind === 'decorate field' ? keeping(edit, decorator) : decorator;
    ts.setSourceMapRange(expression, ts.getSourceMapRange(node));
    return expression;
  }

  /** A method of an object literal as a property. */
  function property(edit: Edit & { kind: 'wrap method' }, node: ts.MethodDeclaration): ts.PropertyAssignment {
    const value = build(codeOf(edit, plan), () => factory.createObjectLiteralExpression([whole(node)]));
    return ts.setTextRange(factory.createPropertyAssignment(propertyName(edit.key), value), node);
  }

  /** `(kept = decorator(void 0, context), () => {})`: evaluated in the place of the decorator, and then a decorator that does nothing. */
  function keeping(edit: Edit & { kind: 'decorate field' }, decorator: ts.Expression): ts.Expression {
    const kept = factory.createUniqueName('field');
    context.hoistVariableDeclaration(kept);
    const field = fields.get(placeOfEdit(edit.body));
    if (field !== undefined) field.kept = kept;
    const made = factory.createCallExpression(
      decorator,
      undefined,
      fieldContext(edit, plan.sites).map((part) => build(part, refuse)),
    );
    return factory.createParenthesizedExpression(factory.createComma(factory.createAssignment(kept, made), verbatim('() => {}')));
  }

  /** `(kept || (initial => initial)).call(this, value)`: an instance may be made before its class has been decorated. */
  function initializer(
    { edit, kept }: { edit: Edit & { kind: 'decorate field' }; kept: ts.Identifier | undefined },
    node: ts.Expression,
  ): ts.Expression {
    if (kept === undefined) throw new Error('a field is visited before its decorator');
    const value = build(named({ is: 'authored', at: edit.body }, edit.name), () => whole(node));
    const maker = factory.createParenthesizedExpression(factory.createLogicalOr(kept, verbatim('((initial) => initial)')));
    return factory.createCallExpression(factory.createPropertyAccessExpression(maker, 'call'), undefined, [
      factory.createThis(),
      value,
    ]);
  }

  /** The authored parts of an edit, visited for the edits within them. */
  function pieces(edit: Edit, node: ts.Node): (at: Range) => ts.Expression {
    let inner: ts.Node = node;
    while ('expression' in inner && !ts.isCallExpression(inner)) inner = inner.expression as ts.Node;
    const key = 'key' in edit ? computedKey(ts, ts.getOriginalNode(node)) : undefined;
    const candidates = [...argumentsOf(inner), ...('members' in edit ? piecesOfClass(node) : []), ...(key ? [key] : [])];
    return (at) => {
      if (placeOfEdit(at) === placeOfEdit(edit.at)) return whole(node as ts.Expression);
      const found = candidates.find((candidate) => {
        const original = ts.getOriginalNode(candidate);
        return original.pos >= 0 && original.getStart(authored) === at.start && original.end === at.end;
      });
      if (found === undefined) throw new Error(`no expression at ${at.start} to ${at.end}`);
      return visit(found) as ts.Expression;
    };
  }

  /** Computed keys of a class, and options of its decorators that were taken away. */
  function piecesOfClass(node: ts.Node): ts.Expression[] {
    const original = ts.getOriginalNode(node);
    const owner = (ts.isClassLike(original) ? original : original.parent.parent) as ts.ClassLikeDeclaration;
    const keys = owner.members.flatMap(({ name }) => (name && ts.isComputedPropertyName(name) ? [name.expression] : []));
    const decorators = [owner, ...owner.members].flatMap((decorated) => decoratorsOf(ts, decorated));
    return [...keys, ...decorators.flatMap(({ expression }) => argumentsOf(unwrapped(ts, expression)))];
  }

  function argumentsOf(node: ts.Node): readonly ts.Expression[] {
    return ts.isCallExpression(node) ? node.arguments : [];
  }

  /** An expression that is itself the authored part of its edit. */
  function whole<Node extends ts.Node>(node: Node): Node {
    const original = ts.getOriginalNode(node);
    inside.add(original);
    const visited = visit(node) as Node;
    inside.delete(original);
    return visited;
  }

  function importOfEmitted(): ts.Statement {
    const local = factory.createIdentifier(plan.binding);
    const module = factory.createStringLiteral(EMITTED_MODULE, true);
    // In a file without imports and exports, TypeScript emits an import as it is written.
    if (commonjs && !ts.isExternalModule(authored)) {
      const required = factory.createVariableDeclaration(local, undefined, undefined, verbatim(`require('${EMITTED_MODULE}')`));
      return factory.createVariableStatement(undefined, factory.createVariableDeclarationList([required], ts.NodeFlags.Const));
    }
    if (commonjs)
      return factory.createImportEqualsDeclaration(undefined, false, local, factory.createExternalModuleReference(module));
    const clause = factory.createImportClause(false, undefined, factory.createNamespaceImport(local));
    return factory.createImportDeclaration(undefined, clause, module);
  }

  const visited = ts.visitEachChild(file, visit, context);
  const first = firstStatement(visited.statements);
  const head = factory.createExpressionStatement(verbatim(moduleHead(plan).slice(0, -1)));
  const rebound = plan.edits.filter((edit) => edit.kind === 'rebind').map(rebinding);
  const statements = [
    ...visited.statements.slice(0, first),
    importOfEmitted(),
    head,
    ...rebound,
    ...visited.statements.slice(first),
  ];
  return factory.updateSourceFile(visited, ts.setTextRange(factory.createNodeArray(statements), visited.statements));
}

function placeOfEdit({ start, end }: Range): string {
  return `${start}:${end}`;
}
