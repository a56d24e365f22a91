// Emitted code as compiler nodes, for the AST printer.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import type { Range } from '../core/site.js';
import { type Code, isPropertyIdentifier } from './code.js';
import { holdsAuthored, printedText } from './text.js';

export function nodesOf(ts: Compiler, factory: ts.NodeFactory) {
  /** Nodes for what holds authored parts, and one node of text for each part that holds none. */
  function build(code: Code, piece: (at: Range) => ts.Expression): ts.Expression {
    const make = (part: Code): ts.Expression => build(part, piece);
    if (!holdsAuthored(code)) return verbatim(printedText(code, refuse));
    switch (code.is) {
      case 'authored':
        return piece(code.at);
      case 'authored method':
        return access(factory.createParenthesizedExpression(piece(code.at)), code.key);
      case 'class':
        return factory.createThis();
      case 'call':
        return factory.createCallExpression(make(code.callee), undefined, code.arguments.map(make));
      case 'member': {
        const object = make(code.object);
        const plain =
          ts.isIdentifier(object) || ts.isPropertyAccessExpression(object) || object.kind === ts.SyntaxKind.ThisKeyword;
        return access(plain ? object : factory.createParenthesizedExpression(object), code.key);
      }
      case 'element':
        return factory.createElementAccessExpression(make(code.object), make(code.key));
      case 'list':
        return factory.createArrayLiteralExpression(code.items.map(make));
      case 'record':
        return factory.createObjectLiteralExpression(
          code.entries.map(([key, value]) => factory.createPropertyAssignment(propertyName(key), make(value))),
        );
      case 'keyed': {
        const property = factory.createPropertyAssignment(factory.createComputedPropertyName(piece(code.key)), make(code.value));
        const holder = factory.createParenthesizedExpression(factory.createObjectLiteralExpression([property]));
        return factory.createElementAccessExpression(holder, piece(code.key));
      }
      case 'group':
        return factory.createParenthesizedExpression(make(code.value));
      case 'itself': {
        const parameter = factory.createParameterDeclaration(undefined, undefined, code.variable);
        const assigned = factory.createAssignment(verbatim(code.variable), make(code.value));
        const holder = factory.createArrowFunction(undefined, undefined, [parameter], undefined, undefined, assigned);
        return factory.createCallExpression(factory.createParenthesizedExpression(holder), undefined, []);
      }
      default:
        throw new Error(`authored text within '${code.is}'`);
    }
  }

  function propertyName(key: string): ts.PropertyName {
    return isPropertyIdentifier(key) ? factory.createIdentifier(key) : factory.createStringLiteral(key, true);
  }

  function access(object: ts.Expression, key: string): ts.Expression {
    if (isPropertyIdentifier(key)) return factory.createPropertyAccessExpression(object, key);
    return factory.createElementAccessExpression(object, factory.createStringLiteral(key, true));
  }

  /** An identifier is emitted as its text, which may be anything; TypeScript has no other node for finished code. */
  function verbatim(text: string): ts.Expression {
    return factory.createIdentifier(text);
  }

  return { build, verbatim, propertyName };
}

export function refuse(at: Range): never {
  throw new Error(`unexpected authored text at ${at.start}`);
}
