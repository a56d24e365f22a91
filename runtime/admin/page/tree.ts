// Script of the admin page: the namespaces as a tree, with counts, rates and latency. A row opens its children; the row of a
// namespace with functions opens those too. Arrow keys move and open, as in every tree.

export const TREE = String.raw`
const opened = new Map(); // path of a row to whether a person wants it open
let bounds = [];
let namespaces = [];
let functionsOf = new Map();
let history = [];

/** Growth per second over the last looks, by key of the row. */
function rateOf(key, calls) {
  const first = history.find((look) => look.calls.has(key));
  const now = history[history.length - 1];
  if (!first || first === now) return 0;
  const before = first.calls.get(key);
  const grown = calls < before ? calls : calls - before;
  return grown / Math.max(0.001, (now.at - first.at) / 1000);
}

const bare = (name) => name.replace(/(?:::|[.\/:])$/, '');

/** Rows of the tree by path: a name is cut at its separators. */
function growTree() {
  const root = { path: '', label: '', depth: -1, children: new Map(), own: null };
  for (const own of namespaces) {
    let node = root, whole = '';
    for (const part of own.namespace.split(/(?<=::|[.\/:](?!:))/)) {
      whole += part;
      const path = bare(whole);
      if (!node.children.has(path)) node.children.set(path, { path, label: bare(part) || part, depth: node.depth + 1, children: new Map(), own: null });
      node = node.children.get(path);
    }
    node.own = own;
  }
  sum(root);
  return root;
}

function sum(node) {
  const { own } = node;
  node.open = own ? own.open : 0;
  node.calls = own ? own.calls : 0;
  node.errors = own ? own.errors : 0;
  node.latency = own ? own.latency.slice() : bounds.concat(0).map(() => 0);
  node.off = own ? own.verdicts.on === 0 : true;
  for (const child of node.children.values()) {
    sum(child);
    node.open += child.open; node.calls += child.calls; node.errors += child.errors;
    child.latency.forEach((n, at) => { node.latency[at] += n; });
    node.off = node.off && child.off;
  }
}

const isOpen = (node) => opened.has(node.path) ? opened.get(node.path) : node.children.size > 0 && (node.depth < 1 || namespaces.length < 25);

function visibleRows(node, rows, filter) {
  for (const child of node.children.values()) {
    const under = [];
    visibleRows(child, under, filter);
    if (filter && under.length === 0 && !child.path.toLowerCase().includes(filter)) continue;
    rows.push(child);
    if (filter || isOpen(child)) rows.push(...under);
    if (child.own && opened.get(child.path)) rows.push(...callsOf(child));
  }
}

const callsOf = (node) => (functionsOf.get(node.own.namespace) || []).map((site) => ({
  path: 'site ' + site.id, label: site.function + '()', depth: node.depth + 1, children: new Map(), own: null, site,
  open: site.open, calls: site.calls, errors: site.errors, latency: site.latency, off: site.verdict === 'off' || site.verdict === 'drop',
}));

const bound = (ms) => ms < 1 ? ms * 1000 + ' µs' : ms < 1000 ? ms + ' ms' : ms / 1000 + ' s';
const boundWords = (at) => at >= bounds.length ? 'over ' + bound(bounds[bounds.length - 1]) : 'under ' + bound(bounds[at]);
function quantile(latency, total, share) {
  let seen = 0;
  for (let at = 0; at < latency.length; at++) { seen += latency[at]; if (seen >= share * total) return at; }
  return latency.length - 1;
}

function showLatency(cell, latency) {
  const total = latency.reduce((a, b) => a + b, 0);
  if (!cell.firstChild) {
    const bars = make('span', 'bars');
    for (let at = 0; at < latency.length; at++) bars.append(make('i'));
    cell.append(bars, make('span', 'dim small wide-only'));
    bars.setAttribute('role', 'img');
  }
  const [bars, words] = cell.children;
  bars.hidden = total === 0;
  const most = Math.max(1, ...latency);
  latency.forEach((n, at) => {
    const bar = bars.children[at];
    bar.className = n === 0 ? '' : 'some' + (at >= 7 ? ' slowest' : at >= 5 ? ' slow' : '');
    // the square root lets a few slow calls be seen beside many fast ones
    bar.style.height = n === 0 ? '' : Math.max(12, Math.sqrt(n / most) * 100) + '%';
    bar.title = boundWords(at) + ': ' + n;
  });
  const text = total === 0 ? '' : 'p50 ' + boundWords(quantile(latency, total, 0.5)) + ', p95 ' + boundWords(quantile(latency, total, 0.95));
  say(words, text);
  if (bars.getAttribute('aria-label') !== text) bars.setAttribute('aria-label', text);
}

function buildRow(node) {
  const line = row(['name twigs', 'number', 'number', 'number wide-only', 'number', 'latency']);
  const twig = make('button', 'twig');
  twig.type = 'button';
  twig.addEventListener('click', () => toggle(line));
  line.firstChild.append(twig, make('span', 'tag'));
  line.firstChild.style.setProperty('--depth', String(Math.min(node.depth, 8)));
  return line;
}

function fillRow(line, node) {
  line.node = node;
  const [name, open, rate, calls, errors, latency] = line.children;
  const [twig, tag] = name.children;
  const opens = node.children.size > 0 || node.own;
  twig.className = 'twig' + (opens ? '' : ' leaf') + (node.site ? ' call' : '');
  say(twig, node.label);
  if (opens) twig.setAttribute('aria-expanded', String(node.own && node.children.size === 0 ? opened.get(node.path) === true : isOpen(node)));
  tag.hidden = !node.off;
  say(tag, node.site && node.site.verdict === 'drop' ? 'dropped' : 'off by rule');
  say(open, node.open || '');
  open.classList.toggle('busy', node.open > 0);
  say(rate, perSecond(rateOf(node.path, node.calls)));
  say(calls, count(node.calls));
  say(errors, node.errors ? count(node.errors) : '');
  errors.classList.toggle('hot', node.errors > 0);
  showLatency(latency, node.latency);
}

function toggle(line, want) {
  const { node } = line;
  if (node.site || (node.children.size === 0 && !node.own)) return;
  const is = node.own && node.children.size === 0 ? opened.get(node.path) === true : isOpen(node);
  opened.set(node.path, want === undefined ? !is : want);
  showTree();
  loadFunctions().then(showTree, () => undefined);
}

function showTree() {
  const rows = [];
  const filter = $('filter').value.trim().toLowerCase();
  visibleRows(growTree(), rows, filter);
  keep($('tree'), rows.slice(0, 500), (node) => node.path, buildRow, fillRow);
  $('tree-none').hidden = rows.length > 0 && rows.length <= 500;
  say($('tree-none'), rows.length > 500 ? 'The first 500 of ' + rows.length + ' rows; filter for the rest.' : filter ? 'No namespace matches.' : 'No instrumented code has been loaded.');
}

async function loadFunctions() {
  const wanted = namespaces.filter(({ namespace }) => opened.get(bare(namespace))).slice(0, 12);
  const found = await Promise.all(wanted.map(async ({ namespace }) => {
    const { sites } = await call('sites?sort=calls&limit=200&prefix=' + encodeURIComponent(namespace));
    return [namespace, sites.filter((site) => site.namespace === namespace)];
  }));
  functionsOf = new Map(found);
}

async function loadTree() {
  const answer = await call('namespaces?limit=1000');
  bounds = answer.latencyBoundsMs;
  namespaces = answer.namespaces;
  await loadFunctions();
  const calls = new Map();
  const note = (node) => { calls.set(node.path, node.calls); for (const child of node.children.values()) note(child); };
  note(growTree());
  for (const sites of functionsOf.values()) for (const site of sites) calls.set('site ' + site.id, site.calls);
  history = history.concat({ at: performance.now(), calls }).slice(-5);
  showTree();
  keep($('namespaces'), namespaces, (own) => own.namespace, (own) => { const option = make('option'); option.value = own.namespace; return option; }, () => undefined);
}

$('filter').addEventListener('input', showTree);
$('tree').addEventListener('keydown', (event) => {
  const line = event.target.closest('tr');
  if (!line || !line.node) return;
  const to = { ArrowDown: line.nextSibling, ArrowUp: line.previousSibling }[event.key];
  if (to) to.querySelector('button').focus();
  else if (event.key === 'ArrowRight') toggle(line, true);
  else if (event.key === 'ArrowLeft') toggle(line, false);
  else return;
  event.preventDefault();
});
`;
