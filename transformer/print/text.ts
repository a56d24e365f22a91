// Renders emitted code as text. The text printer writes it into the authored source; the AST printer uses it for all code
// that holds no authored part, because one node of text costs the compiler a fortieth of the nodes that it replaces.

import type { ForwarderParameter, Range } from '../core/site.js';
import { type Code, isPropertyIdentifier } from './code.js';

/** Text of a piece of authored source, with its own edits applied. */
export type Piece = (at: Range) => string;

export function printedText(code: Code, piece: Piece): string {
  const render = (part: Code): string => printedText(part, piece);
  switch (code.is) {
    case 'name':
      return code.text;
    case 'string':
      return quoted(code.value);
    case 'number':
    case 'boolean':
      return String(code.value);
    case 'undefined':
      return 'void 0';
    case 'this':
    case 'new.target':
      return code.is;
    case 'call':
      return `${render(code.callee)}(${code.arguments.map(render).join(', ')})`;
    case 'member':
      return access(code.object.is === 'record' ? `(${render(code.object)})` : render(code.object), code.key);
    case 'element':
      return `${render(code.object)}[${render(code.key)}]`;
    case 'class':
      return 'this';
    case 'list':
      return `[${code.items.map(render).join(', ')}]`;
    case 'record':
      return `{ ${code.entries.map(([key, value]) => `${propertyName(key)}: ${render(value)}`).join(', ')} }`;
    case 'or':
      return `${render(code.left)} || ${render(code.right)}`;
    case 'either':
      return `${render(code.test)} ? ${render(code.yes)} : ${render(code.no)}`;
    case 'arrow':
      return `(${code.parameters.join(', ')}) => ${render(code.result)}`;
    case 'named arrow':
      return access(`({ ${propertyName(code.key)}: (${parametersText(code.parameters)}) => ${render(code.result)} })`, code.key);
    case 'method':
    case 'function': {
      const parameters = parametersText(code.parameters);
      const key = propertyName(code.key);
      const head = code.is === 'method' ? key : `${key}: function `;
      return access(`({ ${head}(${parameters}) { return ${render(code.result)}; } })`, code.key);
    }
    case 'authored':
      return piece(code.at);
    case 'authored method':
      return access(`({ ${piece(code.at)} })`, code.key);
    case 'keyed':
      return `({ [${piece(code.key)}]: ${render(code.value)} })[${piece(code.key)}]`;
    case 'group':
      return `(${render(code.value)})`;
    case 'itself':
      return `(${code.variable}=>${code.variable}=${render(code.value)})()`;
  }
}

/** True if part of the code means something to the compiler: authored text, or the class that a block belongs to. */
export function holdsAuthored(code: Code): boolean {
  switch (code.is) {
    case 'authored':
    case 'authored method':
    case 'class':
    case 'element':
    case 'keyed':
      return true;
    case 'call':
      return code.arguments.some(holdsAuthored) || holdsAuthored(code.callee);
    case 'list':
      return code.items.some(holdsAuthored);
    case 'record':
      return code.entries.some(([, value]) => holdsAuthored(value));
    case 'member':
      return holdsAuthored(code.object);
    case 'group':
    case 'itself':
      return holdsAuthored(code.value);
    default:
      // The rest is made of emitted code alone.
      return false;
  }
}

function parametersText(parameters: readonly ForwarderParameter[]): string {
  return parameters.map(({ name, optional, rest }) => (rest ? `...${name}` : optional ? `${name} = void 0` : name)).join(', ');
}

function access(object: string, key: string): string {
  return isPropertyIdentifier(key) ? `${object}.${key}` : `${object}[${quoted(key)}]`;
}

export function propertyName(key: string): string {
  return isPropertyIdentifier(key) ? key : quoted(key);
}

export function quoted(value: string): string {
  return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}
