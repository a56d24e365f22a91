// Script of the admin page: building elements and keeping lists. All text from the service goes in as text, never as markup;
// a list keeps the rows that stay, so that focus and open details survive every refresh.

export const ELEMENTS = `
const $ = (id) => document.getElementById(id);

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
}

/** Sets text only where it differs, so that nothing is announced or laid out anew without need. */
function say(node, text) {
  const next = text === null || text === undefined ? '' : String(text);
  if (node.textContent !== next) node.textContent = next;
}

/** Brings the children of a node in line with the items: made once for each key, filled each time, in the order of the items. */
function keep(parent, items, keyOf, build, fill) {
  const known = parent.kept || (parent.kept = new Map());
  const wanted = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, node] of known) if (!wanted.has(key)) { node.remove(); known.delete(key); }
  let place = parent.firstChild;
  for (const [key, item] of wanted) {
    let node = known.get(key);
    if (!node) known.set(key, node = build(item));
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    fill(node, item);
  }
}

function row(classes) {
  const line = make('tr');
  for (const name of classes) line.append(make('td', name));
  return line;
}

const span = (ms) => {
  if (ms < 0) return '0 ms';
  if (ms < 1) return ms.toFixed(2) + ' ms';
  if (ms < 1000) return Math.round(ms) + ' ms';
  if (ms < 60000) return (ms / 1000).toFixed(1) + ' s';
  const s = Math.round(ms / 1000);
  if (s < 3600) return Math.floor(s / 60) + ' min ' + s % 60 + ' s';
  return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
};
const clock = (ms) => {
  const s = Math.max(0, Math.ceil(ms / 1000)), two = (n) => String(n).padStart(2, '0');
  return s < 3600 ? Math.floor(s / 60) + ':' + two(s % 60) : Math.floor(s / 3600) + ':' + two(Math.floor(s % 3600 / 60)) + ':' + two(s % 60);
};
const count = (n) => n < 10000 ? String(n) : n < 1e6 ? (n / 1000).toFixed(n < 1e5 ? 1 : 0) + ' k' : (n / 1e6).toFixed(1) + ' M';
const perSecond = (n) => n === 0 ? '' : n < 0.1 ? '<0.1' : n < 10 ? n.toFixed(1) : count(Math.round(n));
`;
