// The plan of one file: walks the authored tree once and answers, as plain data, which functions are sites, what to edit
// and what the user got wrong. Called by every host; keeps no state between files and never changes the tree.

import type ts from 'typescript';
import type { SiteRecord } from '../../runtime/site/site.js';
import { type Fault, fault } from '../diagnostics.js';
import { decoratorsOf, type FunctionNode, hasModifier, isTypeOnly, rangeOf } from './compiler.js';
import { type Declared, declaredName, memberName, nameByPlace, takesName } from './declared.js';
import type { Edit, Member, Plan, Registered } from './edit.js';
import { callMark, type DecoratorMark, isMarked, type Marks, marksOf } from './marks.js';
import { membersIn } from './members.js';
import { freeName, moduleNames } from './names.js';
import { type Enclosure, insideOwner, insideScope, namesOf, TOP_LEVEL } from './naming.js';
import { checkOptionLiterals, literalOption } from './options.js';
import type { PlanRequest } from './plan-request.js';
import { type ClassEdits, type Decorated, formOf, type Planted, plantingIn } from './planting.js';
import { isEvaluatedOnce, prologueOf, useOfOptions } from './prologue.js';
import { recordFaults } from './recorded.js';
import { anyWithin, relevantOffsets } from './relevance.js';
import { numberRows } from './rows.js';
import { selfReferences } from './self.js';
import { forwarderOf, parameterNames, shapeOf } from './shape.js';
import type { Range, Site } from './site.js';
import { isSkipped } from './skipped.js';

export function planFile(request: PlanRequest): Plan {
  const { ts, file, recognition } = request;
  const members = membersIn(request);
  const { methodsOf, ownerInBlock, findsMembers, hasDecoratedParameters, registrableKey, targetOf } = members;
  const sites: Site[] = [];
  const edits: Edit[] = [];
  const faults: Fault[] = [];
  const relevant = request.auto ? undefined : relevantOffsets(ts, file, recognition.names(file));
  const planting =
    request.auto &&
    plantingIn({ ...request, members, edits, bounds: request.auto, reference: selfReferences(ts, file), addSite: add });
  /** Functions that are marked, or are called by Spanwright itself. */
  const taken = new Set<ts.Node>();

  /** True if no function within the node can have a decorator. */
  function isPlain({ pos, end }: ts.Node): boolean {
    return relevant !== undefined && !anyWithin(relevant, pos, end);
  }

  function addSite(...[body, name, enclosure, inner, planted]: Parameters<typeof add>): number {
    taken.add(body);
    const site = add(body, name, enclosure, inner, planted);
    (sites[site] as { marked: boolean }).marked = true;
    return site;
  }

  function add(body: FunctionNode, name: Declared, enclosure: Enclosure, inner: boolean, planted: Planted): number {
    const at = file.getLineAndCharacterOfPosition(name.node.getStart(file));
    const record: SiteRecord = {
      ...namesOf(request.segments, enclosure, name.text, request.naming),
      file: request.path,
      line: at.line + 1,
      column: at.character + 1,
      parameters: parameterNames(ts, body),
      shape: shapeOf(ts, body),
    };
    if (planted.role === 'constructor' && request.naming.spanName === 'short') record.name = `new ${enclosure.owner}`;
    const { start, end } = rangeOf(body, file);
    const place = { segments: enclosure.segments, scopes: enclosure.scopes, start, end };
    const forwarder = forwarderOf(ts, body, name.text, inner);
    const early = planted.prologue === undefined && planted.inline === undefined && !isEvaluatedOnce(ts, body);
    return sites.push({ record, forwarder, place, early, marked: false, row: -1, ...planted }) - 1;
  }

  /** The one mark of a target. More than one is a fault at each further one. */
  function onlyMark({ marks }: Marks, text: string): DecoratorMark | undefined {
    for (const extra of marks.slice(1)) faults.push(fault('duplicate-decorator', rangeOf(extra.decorator, file), text));
    return marks[0];
  }

  function visit(node: ts.Node, enclosure: Enclosure): void {
    if (isPlain(node)) return;
    if (ts.isClassLike(node)) {
      visitClass(node, enclosure);
      return;
    }
    if (isTypeOnly(ts, node)) return;
    if (planting !== undefined && !taken.has(node)) {
      if (isSkipped(ts, node, file)) return;
      if (ts.isFunctionLike(node) && 'body' in node && node.body) planting.plantFunction(node as FunctionNode, enclosure);
    }
    if (ts.isCallExpression(node)) visitCall(node, enclosure);
    else ts.forEachChild(node, (child) => visit(child, within(node, enclosure)));
  }

  /** The enclosure of the children of a node. */
  function within(node: ts.Node, enclosure: Enclosure): Enclosure {
    if (ts.isModuleDeclaration(node)) return insideScope(enclosure, node.name.text, node);
    if (ts.isObjectLiteralExpression(node)) {
      const name = nameByPlace(ts, node, file)?.text;
      return name === undefined || name === 'default' ? enclosure : insideOwner(enclosure, name, node);
    }
    if (!ts.isFunctionLike(node)) return enclosure;
    return insideScope(enclosure, declaredName(ts, node, file)?.text, node);
  }

  function visitCall(call: ts.CallExpression, enclosure: Enclosure): void {
    const mark = callMark(ts, call, recognition);
    if (mark === undefined) {
      ts.forEachChild(call, (child) => visit(child, enclosure));
      return;
    }
    const { body, options, adds, named } = mark;
    const own = named ? declaredName(ts, body, file) : body.name && { text: body.name.text, node: body.name };
    const chosen = literalOption(ts, options, 'name');
    const name = own ?? nameByPlace(ts, call, file) ?? { text: chosen?.trim() || 'anonymous', node: body };
    const prologue = named || useOfOptions(ts, options, undefined) === 'unknown' ? undefined : prologueOf(ts, body);
    const index = addSite(body, name, enclosure, false, { prologue, adds });
    faults.push(...checkOptionLiterals(ts, file, { options, adds }, [body]));
    edits.push({
      kind: 'wrap',
      at: rangeOf(call, file),
      site: index,
      options: options === undefined ? null : rangeOf(options, file),
      body: rangeOf(mark.argument, file),
      name: null,
    });
    if (options !== undefined) visitOptions(options, enclosure);
    if (named) return;
    const inside = insideScope(enclosure, name.text, body);
    ts.forEachChild(body, (child) => visit(child, inside));
  }

  function visitClass(node: ts.ClassLikeDeclaration, outside: Enclosure): void {
    const ambient = hasModifier(node, ts.SyntaxKind.DeclareKeyword);
    const text = declaredName(ts, node, file)?.text ?? 'anonymous';
    const inside = insideOwner(outside, text, node);
    const marks = marksOf(ts, node, recognition);
    const mark = onlyMark(marks, text);
    const found: ClassEdits = { registered: [], forwarded: [] };
    const plants = planting !== undefined && !ambient && !marks.skipped && !isSkipped(ts, node, file);
    if (mark !== undefined && ambient) faults.push(fault('ambient-target', rangeOf(mark.decorator, file), text));
    else if (mark !== undefined) decorateClass(node, mark, inside);
    for (const decorator of decoratorsOf(ts, node)) visitDecorator(decorator, outside);
    const bases = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types ?? [];
    for (const { expression } of bases) visit(expression, outside);
    for (const member of node.members.filter((one) => !isPlain(one))) {
      const own = marksOf(ts, member, recognition);
      faults.push(...recordFaults(request, member, own, mark !== undefined));
      if (plants && !isMarked(own) && !taken.has(member)) planting.plantMember(member, inside, found);
      visitMember(member, inside, ambient, found.registered);
    }
    const { registered, forwarded } = found;
    if (registered.length > 0) registerMembers(node, registered, null);
    if (forwarded.length === 0) return;
    keepNameless(node);
    const at = { start: node.members.pos, end: node.members.pos };
    edits.push({ kind: 'add members', at, members: forwarded, owner: ownerInBlock(node) });
  }

  /** Takes functions with a prologue into the module's table when the class is defined, before other decorators and static members. */
  function registerMembers(node: ts.ClassLikeDeclaration, members: readonly Registered[], options: Range | null): void {
    keepNameless(node);
    const at = { start: node.members.pos, end: node.members.pos };
    edits.push({ kind: 'register members', at, members, owner: ownerInBlock(node), options });
  }

  /** A lowered static block assigns the class to a variable, which would give an anonymous class its name. */
  function keepNameless(node: ts.ClassLikeDeclaration): void {
    if (!ts.isClassExpression(node) || node.name !== undefined || takesName(ts, node)) return;
    const at = rangeOf(node, file);
    if (!edits.some((edit) => edit.kind === 'keep name' && edit.at.start === at.start && edit.at.end === at.end))
      edits.push({ kind: 'keep name', at, name: '' });
  }

  function decorateClass(node: ts.ClassLikeDeclaration, mark: DecoratorMark, inside: Enclosure): void {
    if (mark.adds) {
      faults.push(fault('attributes-of-class', rangeOf(mark.decorator, file), node.name?.text ?? 'anonymous'));
      return;
    }
    const methods = methodsOf(node);
    const constant = useOfOptions(ts, mark.options, node.name?.text) === 'constant';
    const finds = constant && findsMembers(node, 1);
    const instrumented = methods.map((method) => memberOf(method, inside, finds));
    const bodies = methods.map(({ node: body }) => body);
    faults.push(...checkOptionLiterals(ts, file, mark, bodies));
    const [registered, decorated] = byPrologue(instrumented);
    const options = optionsRange(mark);
    if (registered.length > 0) registerMembers(node, registered, options);
    if (decorated.length === 0 && registered.length > 0 && !request.designTypes)
      edits.push({ kind: 'remove decorator', at: rangeOf(mark.decorator, file) });
    else {
      // options are emitted once: in the block, or at the decorator
      const rest = registered.length > 0 && decorated.length === 0 ? null : options;
      edits.push({ kind: 'decorate class', at: rangeOf(mark.decorator.expression, file), members: decorated, options: rest });
    }
  }

  function byPrologue(members: readonly Member[]): [Registered[], Member[]] {
    const inner = (member: Member): boolean => sites[member.site]?.prologue !== undefined;
    return [members.filter(inner).map((member) => ({ ...member, options: null })), members.filter((member) => !inner(member))];
  }

  function memberOf(
    { node, key }: { node: ts.MethodDeclaration; key: string | Range },
    inside: Enclosure,
    finds: boolean,
  ): Member {
    const name = { text: memberName(ts, node.name, file), node: node.name };
    const decorated = node.modifiers?.some((modifier) => ts.isDecorator(modifier)) ?? false;
    const isStatic = hasModifier(node, ts.SyntaxKind.StaticKeyword);
    // decorators of the method itself may have replaced it, and those of its parameters have not run yet
    const raw = finds && !(decorated && request.decorators === 'standard') && !hasDecoratedParameters(node);
    const prologue = raw ? prologueOf(ts, node) : undefined;
    return { site: addSite(node, name, inside, decorated, { prologue }), key, static: isStatic, kind: 'method' };
  }

  function visitMember(member: ts.ClassElement, inside: Enclosure, ambient: boolean, registered: Registered[]): void {
    const declared = declaredName(ts, member, file);
    const text = declared?.text ?? 'member';
    const mark = onlyMark(marksOf(ts, member, recognition), text);
    if (mark !== undefined) {
      const target = targetOf(member, text, ambient);
      if ('body' in target)
        decorate({ member, body: target.body, mark, name: declared ?? { text, node: member }, inside, registered });
      else faults.push(fault(target.name, rangeOf(mark.decorator, file), target.text));
    }
    if (ambient || (ts.isPropertyDeclaration(member) && hasModifier(member, ts.SyntaxKind.DeclareKeyword))) return;
    for (const decorator of decoratorsOf(ts, member)) visitDecorator(decorator, inside);
    const deeper = within(member, inside);
    ts.forEachChild(member, (child) => {
      if (ts.isParameter(child)) visitParameter(child, deeper);
      else if (!ts.isDecorator(child)) visit(child, deeper);
    });
  }

  function decorate({ member, body, mark, name, inside, registered }: Decorated): void {
    const owner = member.parent as ts.ClassLikeDeclaration;
    const use = useOfOptions(ts, mark.options, owner.name?.text);
    const literal = ts.isPropertyDeclaration(member) || mark.inner || use === 'unknown' ? undefined : prologueOf(ts, body);
    const site = addSite(body, name, inside, mark.inner, { prologue: literal, adds: mark.adds });
    faults.push(...checkOptionLiterals(ts, file, mark, [body]));
    const key = literal === undefined ? undefined : registrableKey(member, owner, use);
    if (key === undefined) decorateInPlace({ member, body, mark, name }, site);
    else {
      registered.push({ ...formOf(ts, member), site, key, options: optionsRange(mark) });
      edits.push({ kind: 'remove decorator', at: rangeOf(mark.decorator, file) });
    }
  }

  function decorateInPlace({ member, body, mark, name }: Omit<Decorated, 'inside' | 'registered'>, site: number): void {
    const edit = { at: rangeOf(mark.decorator.expression, file), site, options: optionsRange(mark) };
    const initializer = ts.isPropertyDeclaration(member) ? member.initializer : undefined;
    const anonymous = body.name === undefined && name.node.parent === member && !ts.isComputedPropertyName(name.node);
    const given = request.fieldsNameFunctions && anonymous ? name.text : null;
    // Legacy decorators of static members run after the initializers, which therefore must not use them.
    const late = request.decorators === 'legacy' && hasModifier(member, ts.SyntaxKind.StaticKeyword);
    if (initializer === undefined || late) edits.push({ kind: 'decorate', ...edit });
    else if (request.decorators === 'legacy')
      edits.push({ kind: 'decorate field', ...edit, body: rangeOf(initializer, file), name: given });
    else {
      edits.push({ kind: 'decorate', ...edit });
      if (given !== null) edits.push({ kind: 'keep name', at: rangeOf(initializer, file), name: given });
    }
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

  /** Visits the code within a decorator: other calls, functions and classes. The call of the decorator itself is not a site. */
  function visitDecorator({ expression }: ts.Decorator, enclosure: Enclosure): void {
    if (ts.isCallExpression(expression)) ts.forEachChild(expression, (child) => visitOptions(child, enclosure));
    else visit(expression, enclosure);
  }

  /** Options of a site. Their functions are called by Spanwright, which records none of its own calls. */
  function visitOptions(options: ts.Node, enclosure: Enclosure): void {
    const take = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) taken.add(node);
      ts.forEachChild(node, take);
    };
    if (planting !== undefined) take(options);
    visit(options, enclosure);
  }

  function optionsRange({ options }: DecoratorMark): Range | null {
    return options === undefined ? null : rangeOf(options, file);
  }

  for (const statement of file.statements) visit(statement, TOP_LEVEL);
  numberRows(sites, edits);
  edits.sort((a, b) => a.at.start - b.at.start);
  faults.sort((a, b) => a.start - b.start);
  const binding = freeName(file.text, '__spanwright');
  return { sites, edits, faults, binding, module: moduleNames(request), covered: request.covered === true };
}
