// `spanwright sites [PREFIX]`: the instrumented functions of a running service.

import { counted } from '../../runtime/text/counted.js';
import type { SiteReport } from '../../runtime/tracing.js';
import { EXIT, type Invocation } from '../command.js';
import { type Column, table } from '../table.js';
import { ask, withQuery } from './ask.js';

interface SitesAnswer {
  readonly total: number;
  readonly offset: number;
  readonly sites: readonly SiteReport[];
}

const COLUMNS: readonly Column<SiteReport>[] = [
  { title: 'NAMESPACE', of: (site) => site.namespace, most: 80 },
  { title: 'FUNCTION', of: (site) => `${site.function}${site.attributesOnly ? ' (attributes only)' : ''}` },
  { title: 'VERDICT', of: (site) => site.verdict },
  { title: 'LEVEL', of: (site) => site.level },
  { title: 'ROOT', of: (site) => `${site.root ? 'yes' : 'no'}${site.rootMark === 'may' ? '' : ` (${site.rootMark})`}` },
  { title: 'OPEN', of: (site) => site.open, number: true },
  { title: 'CALLS', of: (site) => site.calls, number: true },
  { title: 'ERRORS', of: (site) => site.errors, number: true },
  { title: 'PLACE', of: (site) => (site.file === null ? '' : `${site.file}:${site.line ?? ''}`), most: 100 },
];

export async function runSites(invocation: Invocation): Promise<number> {
  const { options, out, err, colours } = invocation;
  const query = { prefix: invocation.arguments[0], limit: options.get('limit'), offset: options.get('offset') };
  const answer = await ask<SitesAnswer>(invocation, 'GET', withQuery('sites', query));
  const { sites, total, offset } = answer;
  if (options.has('json')) out(JSON.stringify(answer));
  else if (sites.length === 0)
    err(total === 0 ? 'No site matches.' : `${counted(total, 'site')} in all, none after the first ${offset}.`);
  else {
    for (const line of table(COLUMNS, sites, colours)) out(line);
    if (sites.length < total)
      err(`${offset + 1} to ${offset + sites.length} of ${total}; more with --offset ${offset + sites.length}.`);
  }
  return EXIT.done;
}
