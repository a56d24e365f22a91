// Namespaces as a tree: a name is cut at its separators, a branch adds up what is below it. Pure functions of the hook's answers.

import { type Latency, LatencyHistogram } from '../../site/latency.js';
import type { NamespaceReport, SiteReport } from '../../tracing.js';

export interface Branch {
  /** Namespace without its last separator, or `site ID`. */
  readonly path: string;
  readonly label: string;
  readonly depth: number;
  readonly children: Map<string, Branch>;
  /** The namespace that ends here, undefined where only longer ones do. */
  own: NamespaceReport | undefined;
  /** Set on the row of a function. */
  readonly site: SiteReport | undefined;
  open: number;
  calls: number;
  errors: number;
  readonly latency: LatencyHistogram;
  /** True when rules switch everything below off. */
  off: boolean;
}

/** Namespaces that a person has opened, and the functions that were loaded for them. */
export interface TreeView {
  /** Text of the filter in lower case; empty shows all. */
  readonly filter: string;
  /** Path of a branch to whether it was opened or closed by hand. */
  readonly opened: ReadonlyMap<string, boolean>;
  readonly functions: ReadonlyMap<string, readonly SiteReport[]>;
  readonly namespaces: number;
}

/** Trees of fewer namespaces are shown open. */
const OPEN_BELOW = 25;

export const withoutSeparator = (name: string): string => name.replace(/(?:::|[./:])$/, '');

const branch = (path: string, label: string, depth: number): Branch => ({
  path,
  label,
  depth,
  children: new Map(),
  own: undefined,
  site: undefined,
  open: 0,
  calls: 0,
  errors: 0,
  latency: new LatencyHistogram(),
  off: true,
});

export function growTree(namespaces: readonly NamespaceReport[]): Branch {
  const root = branch('', '', -1);
  for (const own of namespaces) {
    let at = root;
    let whole = '';
    for (const part of own.namespace.split(/(?<=::|[./:](?!:))/)) {
      whole += part;
      const path = withoutSeparator(whole);
      const next = at.children.get(path) ?? branch(path, withoutSeparator(part) || part, at.depth + 1);
      at.children.set(path, next);
      at = next;
    }
    at.own = own;
  }
  addUp(root);
  return root;
}

function addUp(at: Branch): void {
  if (at.own !== undefined) add(at, { ...at.own, off: at.own.verdicts.on === 0 });
  for (const child of at.children.values()) {
    addUp(child);
    add(at, child);
  }
}

function add(
  to: Branch,
  {
    open,
    calls,
    errors,
    latency,
    off,
  }: Pick<Branch, 'open' | 'calls' | 'errors' | 'off'> & { latency: Pick<Latency, 'counts' | 'offset' | 'sumMs'> },
): void {
  to.open += open;
  to.calls += calls;
  to.errors += errors;
  to.latency.merge(latency);
  to.off &&= off;
}

/** A row opens when it has something below it: longer namespaces, or functions. */
export const opens = (row: Branch): boolean => row.children.size > 0 || row.own !== undefined;

export function isOpen(row: Branch, { opened, namespaces }: TreeView): boolean {
  return opened.get(row.path) ?? (row.children.size > 0 && (row.depth < 1 || namespaces < OPEN_BELOW));
}

/** Rows in the order in which they are shown: the functions of an opened namespace come after its longer namespaces. */
export function visibleRows(root: Branch, view: TreeView): Branch[] {
  const rows: Branch[] = [];
  for (const child of root.children.values()) {
    const below = visibleRows(child, view);
    if (view.filter !== '' && below.length === 0 && !child.path.toLowerCase().includes(view.filter)) continue;
    rows.push(child);
    if (view.filter !== '' || isOpen(child, view)) rows.push(...below);
    if (child.own !== undefined && view.opened.get(child.path)) rows.push(...functionRows(child, child.own, view));
  }
  return rows;
}

const functionRows = ({ depth }: Branch, { namespace }: NamespaceReport, { functions }: TreeView): Branch[] =>
  (functions.get(namespace) ?? []).map((site) => ({
    ...branch(`site ${site.id}`, `${site.function}()`, depth + 1),
    site,
    open: site.open,
    calls: site.calls,
    errors: site.errors,
    latency: new LatencyHistogram().merge(site.latency),
    off: site.verdict === 'off' || site.verdict === 'drop',
  }));
