// The tree of namespaces on the admin page: the separators of names, the sums of branches, and the visible rows.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Branch, growTree, isOpen, opens, type TreeView, visibleRows } from '../../../runtime/admin/page/tree.js';
import { LatencyHistogram } from '../../../runtime/site/latency.js';
import type { NamespaceReport, SiteReport } from '../../../runtime/tracing.js';

const report = (namespace: string, calls = 0, on = 1): NamespaceReport => ({
  namespace,
  sites: 1,
  verdicts: { on, off: 1 - on, drop: 0 },
  open: 0,
  calls,
  errors: 0,
  latency: new LatencyHistogram().merge({ offset: 0, counts: [calls], sumMs: calls }).report(),
});

const view = (changes: Partial<TreeView> = {}): TreeView => ({
  filter: '',
  opened: new Map(),
  functions: new Map(),
  namespaces: 0,
  ...changes,
});

const lines = (rows: readonly Branch[]): string[] => rows.map(({ depth, label }) => '  '.repeat(depth) + label);

test('a name is cut at ::, dots, slashes and single colons', () => {
  const rows = visibleRows(
    growTree(['carbide::api::power', 'app.db/read', 'a:b'].map((name) => report(name))),
    view({ namespaces: 3 }),
  );
  assert.equal(lines(rows), ['carbide', '  api', '    power', 'app', '  db', '    read', 'a', '  b']);
});

test('a separator at the end belongs to the name before it', () => {
  assert.equal(lines(visibleRows(growTree([report('carbide::')]), view())), ['carbide']);
});

test('a branch shows the sum of its own calls and those below it', () => {
  const [carbide] = growTree([report('carbide', 2), report('carbide::api', 3), report('carbide::db', 5)]).children.values();
  assert.is(carbide?.calls, 10);
  assert.is(carbide?.latency.count, 10);
  assert.is(carbide?.latency.counts.length, 1);
  assert.is(carbide?.own?.calls, 2);
});

test('a branch is off only when everything below it is', () => {
  const [off, mixed] = growTree([
    report('a::x', 0, 0),
    report('a::y', 0, 0),
    report('b::x', 0, 0),
    report('b::y', 0, 1),
  ]).children.values();
  assert.is(off?.off, true);
  assert.is(mixed?.off, false);
});

test('small trees are expanded, large ones to their first level, and a branch that the user collapsed stays collapsed', () => {
  const root = growTree([report('a::b::c')]);
  assert.equal(lines(visibleRows(root, view({ namespaces: 1 }))), ['a', '  b', '    c']);
  assert.equal(lines(visibleRows(root, view({ namespaces: 100 }))), ['a', '  b']);
  assert.equal(lines(visibleRows(root, view({ namespaces: 1, opened: new Map([['a', false]]) }))), ['a']);
});

test('a filter shows the matching entries with their ancestors, and nothing else', () => {
  const root = growTree(['carbide::api', 'carbide::db', 'other'].map((name) => report(name)));
  assert.equal(lines(visibleRows(root, view({ filter: 'db' }))), ['carbide', '  db']);
  assert.equal(visibleRows(root, view({ filter: 'nothing' })), []);
});

test('an expanded namespace shows its functions, which cannot be expanded', () => {
  const root = growTree([report('a')]);
  const site = {
    id: '7',
    function: 'listFirmware',
    verdict: 'drop',
    open: 1,
    calls: 4,
    errors: 0,
    latency: report('a', 4).latency,
  } as unknown as SiteReport;
  const functions = new Map([['a', [site]]]);
  assert.equal(lines(visibleRows(root, view({ functions }))), ['a']);
  const rows = visibleRows(root, view({ functions, opened: new Map([['a', true]]) }));
  assert.equal(lines(rows), ['a', '  listFirmware()']);
  const [namespace, row] = rows as [Branch, Branch];
  assert.is(opens(namespace), true);
  assert.is(opens(row), false);
  assert.is(row.off, true);
  assert.is(isOpen(row, view()), false);
});

test.run();
