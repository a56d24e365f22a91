// Emitted code of each edit: calls into the module's table, and the forwarder of the site. The only
// place that knows the form of compiled code; both printers read it. Changing it means a new contract number.

import type { Edit, Member, Plan } from '../core/edit.js';
import type { Forwarder, Range, Site } from '../core/site.js';
import { type Code, call, literal, member, name } from './code.js';

/** Edits that put one expression in place. */
export type CodeEdit = Exclude<Edit, { kind: 'remove decorator' | 'register members' }>;

/** The code that an edit puts into the file. */
export function codeOf(edit: CodeEdit, { sites, module: { table, early, value } }: Plan): Code {
  const isEarly = sitesOf(edit, sites).some((site) => site?.early);
  const owner = isEarly ? call(name(early)) : name(table);
  const decorator = (code: Code): Code => (isEarly ? { is: 'group', value: code } : code);
  const emitted = (callee: string, ...args: Code[]): Code => call(member(owner, callee), ...args);
  if ('site' in edit && sites[edit.site]?.prologue !== undefined) {
    const site = sites[edit.site] as Site;
    const inside = (callee: string, ...args: Code[]): Code => emitted(callee, literal(site.row), ...args);
    if (site.prologue?.itself && edit.kind === 'wrap method') return itself(value, authoredMethod(edit));
    if (site.prologue?.itself && edit.kind === 'wrap') return itself(value, namedByPlace(edit, ''));
    if (edit.kind === 'decorate') return inside('inside', ...optionsOf(site, edit.options));
    if (edit.kind === 'wrap') return inside('own', givenOptions(site, edit.options), namedByPlace(edit));
    if (edit.kind === 'wrap method') return inside('own', authored(null), authoredMethod(edit));
  }
  switch (edit.kind) {
    case 'decorate':
    case 'decorate field':
      return decorator(
        emitted('decorate', ...siteArguments(sites, edit.site), ...optionsOf(sites[edit.site] as Site, edit.options)),
      );
    case 'wrap':
      return emitted(
        'wrap',
        ...siteArguments(sites, edit.site),
        givenOptions(sites[edit.site] as Site, edit.options),
        namedByPlace(edit),
      );
    case 'wrap method':
      return emitted('wrap', ...siteArguments(sites, edit.site), authored(null), authoredMethod(edit));
    case 'keep name':
      return named(authored(edit.at), edit.name);
    case 'decorate class':
      return decorator(
        emitted('decorateClass', membersOf(edit.members, sites), ...(edit.options === null ? [] : [authored(edit.options)])),
      );
    case 'add members':
      return call(
        emitted('decorateClass', membersOf(edit.members, sites)),
        edit.owner === null ? { is: 'class' } : name(edit.owner),
      );
    case 'rebind':
      return emitted('wrap', ...siteArguments(sites, edit.site), authored(null), authored(edit.name));
  }
}

function sitesOf(edit: CodeEdit, sites: readonly Site[]): readonly (Site | undefined)[] {
  if ('site' in edit) return [sites[edit.site]];
  return 'members' in edit ? edit.members.map(({ site }) => sites[site]) : [];
}

/** Arguments of a standard field decorator, which returns the function that takes an initial value. */
export function fieldContext(edit: Edit & { kind: 'decorate field' }, sites: readonly Site[]): Code[] {
  return [{ is: 'undefined' }, literal({ kind: 'field', name: (sites[edit.site] as Site).record.function, static: false })];
}

function siteArguments(sites: readonly Site[], index: number): [Code, Code] {
  const { row, forwarder } = sites[index] as Site;
  return [literal(row), factoryOf(forwarder)];
}

function membersOf(members: readonly Member[], sites: readonly Site[]): Code {
  const items = members.map((one): Code => {
    const [row, factory] = siteArguments(sites, one.site);
    const key = typeof one.key === 'string' ? literal(one.key) : authored(one.key);
    const entries = { key, static: literal(one.static), kind: literal(one.kind), row, factory };
    return { is: 'record', entries: Object.entries(entries) };
  });
  return { is: 'list', items };
}

/** `(gate, body, run, site) => <forwarder>`: one literal for each site, so that the engine can specialise each. */
function factoryOf({ key, parameters, pass, form }: Forwarder): Code {
  const whole = pass === 'arguments';
  const names = parameters.map((parameter) => name(parameter.rest ? `...${parameter.name}` : parameter.name));
  const [gate, body, run, site, self]: [Code, Code, Code, Code, Code] = [
    name('gate'),
    name('body'),
    name('run'),
    name('site'),
    { is: 'this' },
  ];
  if (form === 'arrow') {
    const items: Code = { is: 'list', items: names };
    const idle: Code = { is: 'or', left: member(gate, 'idle'), right: member(site, 'off') };
    const result: Code = {
      is: 'either',
      test: idle,
      yes: call(body, ...names),
      no: call(run, site, { is: 'undefined' }, body, items),
    };
    return { is: 'arrow', parameters: ['gate', 'body', 'run', 'site'], result: { is: 'named arrow', key, parameters, result } };
  }
  const through = whole ? call(member(body, 'apply'), self, name('arguments')) : call(member(body, 'call'), self, ...names);
  const given: Code = whole ? name('arguments') : { is: 'list', items: names };
  const forwarded: Code = {
    is: 'either',
    test: { is: 'or', left: member(gate, 'idle'), right: member(site, 'off') },
    yes: through,
    no: call(run, site, self, body, given),
  };
  const construct = call(member(name('Reflect'), 'construct'), body, name('arguments'), { is: 'new.target' });
  const result: Code =
    form === 'constructor' ? { is: 'either', test: { is: 'new.target' }, yes: construct, no: forwarded } : forwarded;
  const forwarder: Code = { is: form === 'method' ? 'method' : 'function', key, parameters, result };
  return { is: 'arrow', parameters: ['gate', 'body', 'run', 'site'], result: forwarder };
}

function authored(at: Range | null): Code {
  return at === null ? { is: 'undefined' } : { is: 'authored', at };
}

function authoredMethod({ at, key }: Edit & { kind: 'wrap method' }): Code {
  return { is: 'authored method', key, at };
}

/** A function that would lose the name it gets from its place gets it from a property. */
export function named(body: Code, given: string | null): Code {
  return given === null ? body : member({ is: 'record', entries: [[given, body]] }, given);
}

function namedByPlace({ body, name, key }: Edit & { kind: 'wrap' }, otherwise: string | null = null): Code {
  return key === undefined ? named(authored(body), name ?? otherwise) : { is: 'keyed', key, value: authored(body) };
}

/** A function beside a variable that holds it. The variable must not name it: bundlers drop the comma of `(0, fn)`, but not a property. */
function itself(variable: string, value: Code): Code {
  return { is: 'itself', variable, value };
}

/** Options of a site as they were written. Those of `instrument.attributes` are `{ adds: options }`, see SiteOptions of the runtime. */
function givenOptions({ adds }: Site, at: Range | null): Code {
  if (!adds) return authored(at);
  return { is: 'record', entries: [['adds', at === null ? literal({}) : authored(at)]] };
}

/** The options of a site as a list of one, or an empty list without options. */
export function optionsOf(site: Site, at: Range | null): Code[] {
  return at === null && !site.adds ? [] : [givenOptions(site, at)];
}
