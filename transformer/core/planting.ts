// Auto mode: every function with a body and a name by place. Each is recorded in the cheapest way that changes nothing: by a prologue
// where the function can be found again, else inline, else by a forwarder. Called by the plan for each function that it walks past.

import type ts from 'typescript';
import { type Compiler, decoratorsOf, type FunctionNode, hasModifier, rangeOf } from './compiler.js';
import { computedKey, type Declared, isRepeatable, memberName, nameByPlace, nameOfCallback, takesName } from './declared.js';
import type { Edit, Member, Registered } from './edit.js';
import { behindSuper, inlineOf } from './inline.js';
import type { DecoratorMark } from './marks.js';
import type { Members } from './members.js';
import type { Enclosure } from './naming.js';
import { enterableAgain, isEvaluatedOnce, isMovable, prologueOf } from './prologue.js';
import type { SelfReference } from './self.js';
import { isServerFunction } from './server-function.js';
import type { Inline, Prologue, Range, Site } from './site.js';
import { isSkipped } from './skipped.js';

/** Limits of auto mode in one file. */
export interface AutoBounds {
  /** Functions that span fewer lines are left out. Undefined: closures of fewer than {@link CLOSURE_LINES} are. */
  readonly minLines: number | undefined;
  /** Code of an installed package: functions of fewer characters than {@link PACKAGE_TEXT} are left out unless `minLines` is given. */
  readonly installed?: boolean;
}

/** Fewest lines of a closure that is planted by default: most calls of real code are to shorter ones, which do little. */
const CLOSURE_LINES = 3;

/** Fewest characters of a function of a package by default: shorter ones would be up to half as long again, and are most of the calls. */
const PACKAGE_TEXT = 160;

/** How a planted function is recorded. */
export interface Planted extends Pick<Site, 'role' | 'adds'> {
  readonly prologue?: Prologue | undefined;
  readonly inline?: Inline | undefined;
}

interface PlantingRequest {
  readonly ts: Compiler;
  readonly file: ts.SourceFile;
  readonly bounds: AutoBounds;
  /** See PlanRequest. */
  readonly covered?: boolean | undefined;
  readonly decorators: 'legacy' | 'standard';
  readonly members: Members;
  readonly reference: SelfReference;
  readonly edits: Edit[];
  addSite(body: FunctionNode, name: Declared, enclosure: Enclosure, inner: boolean, planted: Planted): number;
}

/** A member behind one of Spanwright's decorators. */
export interface Decorated {
  readonly member: ts.ClassElement;
  readonly body: FunctionNode;
  readonly mark: DecoratorMark;
  readonly name: Declared;
  readonly inside: Enclosure;
  /** Collects what the class registers. */
  readonly registered: Registered[];
}

/** Edits of one class: members that its static block registers, and those that get a forwarder there. */
export interface ClassEdits {
  readonly registered: Registered[];
  readonly forwarded: Member[];
}

export function formOf(ts: Compiler, member: ts.Node): Pick<Member, 'static' | 'kind'> {
  const kind = ts.isGetAccessorDeclaration(member) ? 'getter' : ts.isSetAccessorDeclaration(member) ? 'setter' : 'method';
  return { kind, static: hasModifier(member, ts.SyntaxKind.StaticKeyword) };
}

export function plantingIn(request: PlantingRequest) {
  const { ts, file, bounds, members, reference, edits, addSite } = request;

  function isShort(node: ts.Node, wanted = bounds.minLines ?? 1): boolean {
    if (bounds.installed && bounds.minLines === undefined && node.end - node.getStart(file) < PACKAGE_TEXT) return true;
    if (wanted <= 1) return false;
    const [first, last] = [node.getStart(file), node.end].map((at) => file.getLineAndCharacterOfPosition(at).line);
    return (last as number) - (first as number) + 1 < wanted;
  }

  /** A function declaration, a function expression, an arrow function, or a member of an object literal. */
  function plantFunction(node: FunctionNode, enclosure: Enclosure): void {
    const named = nameOf(node);
    if (named === undefined || isShort(node)) return;
    const { name, role } = named;
    const enterable = enterableAgain(ts, node, true);
    const own = enterable && reference(node);
    if (enterable !== undefined && own !== undefined)
      addSite(node, name, enclosure, false, { prologue: { ...enterable, own }, role });
    else if (isEvaluatedOnce(ts, node) || !isShort(node, bounds.minLines ?? CLOSURE_LINES))
      plantUnnamed(node, name, enclosure, role);
  }

  /** Plants a function that no name refers to. */
  function plantUnnamed(node: FunctionNode, name: Declared, enclosure: Enclosure, role: Planted['role']): void {
    const inline = inlined(node);
    if (inline !== undefined) {
      addSite(node, name, enclosure, false, { inline, role });
      return;
    }
    // a closure would get a forwarder each time it is created
    if (!request.covered || isEvaluatedOnce(ts, node)) plantReplaced(node, name, enclosure, role);
  }

  /** Plants a function that another takes the place of, or that is registered where it is written. */
  function plantReplaced(node: FunctionNode, name: Declared, enclosure: Enclosure, role: Planted['role']): void {
    const declaration = ts.isFunctionDeclaration(node);
    const prologue = declaration ? undefined : (prologueOf(ts, node, true) ?? closurePrologue(node));
    // a forwarder in front of a server function is refused
    if (isServerFunction(ts, node) && prologue === undefined) return;
    if (declaration) {
      if (!ts.isSourceFile(node.parent) || node.name === undefined) return;
      const site = addSite(node, name, enclosure, false, { role });
      edits.push({ kind: 'rebind', at: { start: 0, end: 0 }, site, name: rangeOf(node.name, file) });
    } else if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
      plantExpression(node, name, enclosure, { prologue, role });
    } else if (ts.isMethodDeclaration(node) && isMovable(ts, node)) {
      const site = addSite(node, name, enclosure, false, { prologue, role });
      edits.push({ kind: 'wrap method', at: rangeOf(node, file), site, key: name.text });
    }
  }

  /** Plants a function expression, unless it gets its name from a key that may be evaluated only once. */
  function plantExpression(
    node: ts.ArrowFunction | ts.FunctionExpression,
    name: Declared,
    enclosure: Enclosure,
    planted: Planted,
  ): void {
    const at = rangeOf(node, file);
    const given = node.name === undefined && takesName(ts, node) ? name.text : null;
    const key = given === null ? undefined : computedKey(ts, node);
    if (key !== undefined && !isRepeatable(ts, key)) return;
    const site = addSite(node, name, enclosure, false, planted);
    edits.push({ kind: 'wrap', at, site, options: null, body: at, name: given, key: key && rangeOf(key, file) });
  }

  /** The prologue of a closure, which is created again and again without a call of Spanwright's. */
  function closurePrologue(node: FunctionNode): Prologue | undefined {
    const enterable = isServerFunction(ts, node) ? undefined : enterableAgain(ts, node, true);
    return enterable && { ...enterable, itself: true };
  }

  /** Coverage tools would count the branches of what is recorded inline. */
  function inlined(node: FunctionNode): Inline | undefined {
    return request.covered ? undefined : inlineOf(ts, node);
  }

  /** A member of a class that nothing marks. */
  function plantMember(node: ts.ClassElement, inside: Enclosure, found: ClassEdits): void {
    if (ts.isPropertyDeclaration(node) || !ts.isFunctionLike(node) || isShort(node) || isSkipped(ts, node, file)) return;
    const member = node as FunctionNode & ts.ClassElement;
    if (member.body === undefined) return;
    if (ts.isConstructorDeclaration(member)) {
      plantConstructor(member, inside);
      return;
    }
    const written = member.name as ts.PropertyName;
    const name = { text: memberName(ts, written, file), node: written };
    const decorated = decoratorsOf(ts, member).length > 0;
    const registrable = isRegistrable(member, decorated) && isEvaluatedOnce(ts, member);
    const register = (site: number): void => {
      const key = members.keyOf(written) as string;
      found.registered.push({ ...formOf(ts, member), site, key, options: null });
    };
    const prologue = registrable ? prologueOf(ts, member, true) : undefined;
    if (prologue !== undefined) {
      register(addSite(member, name, inside, false, { prologue }));
      return;
    }
    const inline = inlined(member);
    const entered = ts.isPrivateIdentifier(written) && !decorated ? enterableAgain(ts, member, true) : undefined;
    if (inline !== undefined) {
      const site = addSite(member, name, inside, false, { inline });
      // for siteOf() and metadata
      if (registrable) register(site);
    } else if (entered !== undefined)
      addSite(member, name, inside, false, { prologue: { ...entered, own: `this.${written.getText(file)}` } });
    else if (ts.isMethodDeclaration(member)) forward(member, name, inside, decorated, found);
  }

  function plantConstructor(member: ts.ConstructorDeclaration, inside: Enclosure): void {
    const whole = inlined(member);
    const inline = whole && initializesBehindSuper(member) ? behindSuper(ts, member, whole) : whole;
    const name = { text: 'constructor', node: member };
    if (inline !== undefined) addSite(member, name, inside, false, { inline, role: 'constructor' });
  }

  /** Compilers put initializers behind `super()`, and oxc does not find it within a `try` statement. */
  function initializesBehindSuper({ parent, parameters }: ts.ConstructorDeclaration): boolean {
    if (!parent.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)) return false;
    return (
      parameters.some((parameter) => (parameter.modifiers?.length ?? 0) > 0) ||
      parent.members.some((one) => ts.isPropertyDeclaration(one) && one.initializer !== undefined)
    );
  }

  function forward(
    member: ts.MethodDeclaration,
    name: Declared,
    inside: Enclosure,
    decorated: boolean,
    { forwarded }: ClassEdits,
  ): void {
    const owner = member.parent as ts.ClassLikeDeclaration;
    const key: string | Range | undefined = ts.isPrivateIdentifier(member.name) ? undefined : members.keyOf(member.name);
    // the static block of an anonymous decorated class cannot refer to the class
    if (key === undefined || !members.takesBlock(owner) || (decoratorsOf(ts, owner).length > 0 && owner.name === undefined))
      return;
    forwarded.push({ ...formOf(ts, member), key, site: addSite(member, name, inside, decorated, {}) });
  }

  /** True if the static block of the class finds the function under its key, as it is written. */
  function isRegistrable(member: FunctionNode & ts.ClassElement, decorated: boolean): boolean {
    const owner = member.parent as ts.ClassLikeDeclaration;
    const name = member.name as ts.PropertyName;
    if (ts.isPrivateIdentifier(name) || typeof members.keyOf(name) !== 'string' || !members.findsMembers(owner, 0)) return false;
    // decorators of the method itself may have replaced it, and those of its parameters have not run yet
    if ((decorated && request.decorators === 'standard') || members.hasDecoratedParameters(member)) return false;
    return !owner.members.some((other) => other !== member && replaces(other, member));
  }

  /** If two members have one name, only the last exists; the two halves of an accessor both exist. */
  function replaces(other: ts.ClassElement, { kind, name, modifiers }: FunctionNode & ts.ClassElement): boolean {
    if (other.name === undefined || !(ts.isMethodDeclaration(other) || ts.isAccessor(other)) || other.body === undefined)
      return false;
    if (ts.isAccessor(other) && other.kind !== kind && kind !== ts.SyntaxKind.MethodDeclaration) return false;
    const isStatic = modifiers?.some((one) => one.kind === ts.SyntaxKind.StaticKeyword) ?? false;
    if (hasModifier(other, ts.SyntaxKind.StaticKeyword) !== isStatic) return false;
    return members.keyOf(other.name) === members.keyOf(name as ts.PropertyName);
  }

  function nameOf(node: FunctionNode): { name: Declared; role?: 'callback' } | undefined {
    const { name } = node;
    if (name !== undefined) return { name: { text: memberName(ts, name, file), node: name } };
    if (ts.isFunctionDeclaration(node)) return { name: { text: 'default', node } };
    const byPlace = nameByPlace(ts, node, file);
    if (byPlace !== undefined) return { name: byPlace };
    const callback = nameOfCallback(ts, node);
    return callback === undefined ? undefined : { name: callback, role: 'callback' };
  }

  return { plantFunction, plantMember };
}
