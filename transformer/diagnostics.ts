// Every diagnostic of the transformer, one row each: its number, severity and text. The core reports faults by name, as
// plain data; a host turns them into what its compiler shows. DIAGNOSTICS.md lists the same codes, held by a test.

/** Parts of a row's message. All are text of the user's own source or configuration. */
interface Row {
  readonly code: number;
  readonly severity: 'error' | 'warning';
  readonly text: (found: string, hint: string) => string;
}

export const DIAGNOSTICS = {
  'internal-fault': {
    code: 91000,
    severity: 'warning',
    text: (found) =>
      `Spanwright could not transform this file and left it as it was; it runs with the plain decorator. Please report this: ${found}`,
  },
  'unknown-argument': {
    code: 91001,
    severity: 'error',
    text: (found, hint) => `'args' names '${found}', which is not a parameter of the instrumented function. ${hint}`,
  },
  'duplicate-decorator': {
    code: 91002,
    severity: 'error',
    text: (found) => `'${found}' is instrumented twice. Remove one of the two @instrument decorators.`,
  },
  'constructor-target': {
    code: 91003,
    severity: 'error',
    text: () => 'A constructor cannot be instrumented. Instrument the method or function that calls it.',
  },
  'abstract-target': {
    code: 91004,
    severity: 'error',
    text: (found) => `'${found}' is abstract and has no body to instrument. Decorate the methods that implement it.`,
  },
  'overload-target': {
    code: 91005,
    severity: 'error',
    text: (found) =>
      `This declaration of '${found}' is an overload signature. Move @instrument to the implementation, which has the body.`,
  },
  'ambient-target': {
    code: 91006,
    severity: 'error',
    text: (found) => `'${found}' is declared here and implemented elsewhere. Instrument the implementation.`,
  },
  'empty-name': {
    code: 91007,
    severity: 'error',
    text: (found) => `'${found}' is empty. Give it some text, or leave it out to get the one that follows from the source.`,
  },
  'unknown-option': {
    code: 91008,
    severity: 'error',
    text: (found, hint) => `@instrument has no option '${found}'. ${hint}`,
  },
  'dynamic-namespace': {
    code: 91009,
    severity: 'error',
    text: (found) =>
      `'namespace' must be a string literal, so that rules can be read against the source; found '${found}'. For a value known only at run time, use 'attributes'.`,
  },
  'destructured-argument': {
    code: 91010,
    severity: 'error',
    text: (found, hint) => `'${found}' is part of a destructured parameter, which 'args' cannot record by name. ${hint}`,
  },
  'unknown-plugin-option': {
    code: 91011,
    severity: 'error',
    text: (found, hint) => `The plugin spanwright/transformer has no option '${found}'. ${hint}`,
  },
  'bad-plugin-option': {
    code: 91012,
    severity: 'error',
    text: (found, hint) => `Option '${found}' of the plugin spanwright/transformer: ${hint}`,
  },
  'target-without-function': {
    code: 91013,
    severity: 'error',
    text: (found) =>
      `'${found}' is not a function, so a call to it cannot be recorded. @instrument goes on methods, accessors, classes and fields whose initializer is a function.`,
  },
  'absent-dependency': {
    code: 91014,
    severity: 'warning',
    text: (manifest, directory) =>
      `The package of ${manifest} does not have 'spanwright' installed, which instrumented code imports. This file was left as it was. ` +
      `Run: npm install spanwright (or pnpm add spanwright, yarn add spanwright) in ${directory}.`,
  },
  'undeclared-dependency': {
    code: 91015,
    severity: 'warning',
    text: (manifest, directory) =>
      `${manifest} does not list 'spanwright', which instrumented code imports: "Cannot find module" where the package is installed alone. ` +
      `Run: npm install spanwright (or pnpm add spanwright, yarn add spanwright) in ${directory}.`,
  },
  'development-dependency': {
    code: 91016,
    severity: 'warning',
    text: (manifest, directory) =>
      `${manifest} lists 'spanwright' in "devDependencies" only, and instrumented code imports it: "Cannot find module" in a production ` +
      `installation. Run: npm install --save-prod spanwright (or pnpm add --save-prod spanwright) in ${directory}.`,
  },
  'wrong-value': {
    code: 91017,
    severity: 'error',
    text: (found, hint) => `@instrument does not know ${found}. ${hint}`,
  },
  'attributes-of-class': {
    code: 91018,
    severity: 'error',
    text: (found) =>
      `@instrument.attributes on class '${found}': it goes on methods, accessors and fields whose initializer is a function, since each has parameters of its own.`,
  },
  'record-target': {
    code: 91019,
    severity: 'error',
    text: (found, hint) => `@record on '${found}' records nothing: ${hint}`,
  },
} as const satisfies Record<string, Row>;

export type DiagnosticName = keyof typeof DIAGNOSTICS;

/** A misuse found in the source: plain data, with offsets into the authored text. */
export interface Fault {
  readonly name: DiagnosticName;
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Makes a fault at a place. */
export function fault(name: DiagnosticName, at: { start: number; end: number }, found = '', hint = ''): Fault {
  return { name, start: at.start, end: at.end, message: messageOf(name, found, hint) };
}

/** The text of a row. */
export function messageOf(name: DiagnosticName, found = '', hint = ''): string {
  const row: Row = DIAGNOSTICS[name];
  return row.text(found, hint).trimEnd();
}
