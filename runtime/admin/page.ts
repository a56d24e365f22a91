// The page of the admin hook: one static document without data, so it can be loaded without a token; its script reads the
// JSON routes and, where they ask for it, sends the token that the person typed. No external requests, no inline handlers,
// a fresh nonce for each answer; all text from the service is set as text, never as markup.

import { randomBytes } from 'node:crypto';
import { textAnswer } from './answer.js';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 1.6rem; }
form, fieldset { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; border: 0; padding: 0; margin: .8rem 0; }
label { display: grid; gap: .15rem; font-size: .85rem; }
input, button { font: inherit; padding: .3rem .6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
td.number { text-align: right; font-variant-numeric: tabular-nums; } td { font-variant-ligatures: none; }
#message { min-height: 1.4em; }
`;

const MARKUP = `
<h1>Spanwright <span id="service"></span></h1>
<form id="switch">
  <label>Token <input id="token" type="password" autocomplete="off"></label>
  <label>For <input id="for" value="10m" size="6"></label>
  <label>Reason <input id="reason" maxlength="500"></label>
  <button name="enabled" value="true">Switch on</button>
  <button name="enabled" value="false">Switch off</button>
</form>
<p id="message" role="status" aria-live="polite"></p>
<h2>State</h2>
<dl id="state"></dl>
<h2>Changes in force</h2>
<div class="scroll"><table id="leases"></table></div>
<h2>Open spans, oldest first</h2>
<div class="scroll"><table id="spans"></table></div>
`;

const SCRIPT = `
'use strict';
const base = location.pathname.replace(/\\/$/, '');
const $ = (id) => document.getElementById(id);
const cell = (tag, text, number) => {
  const node = document.createElement(tag);
  node.textContent = text === null || text === undefined ? '' : String(text);
  if (number) node.className = 'number';
  return node;
};
async function call(path, method, body) {
  const headers = {};
  const token = $('token').value;
  if (token) headers.authorization = 'Bearer ' + token;
  if (body) headers['content-type'] = 'application/json';
  const response = await fetch(base + '/' + path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}
function table(id, columns, rows, none) {
  const node = $(id);
  node.replaceChildren();
  if (rows.length === 0) { node.append(document.createElement('caption')); node.firstChild.textContent = none; return; }
  const head = node.createTHead().insertRow();
  for (const column of columns) { const th = cell('th', column[0]); th.scope = 'col'; head.append(th); }
  const body = node.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const column of columns) line.append(cell('td', column[1](row), column[2]));
  }
}
const duration = (ms) => ms < 1000 ? Math.round(ms) + ' ms' : ms < 60000 ? (ms / 1000).toFixed(1) + ' s' : Math.floor(ms / 60000) + ' min ' + Math.floor(ms % 60000 / 1000) + ' s';
function showState(state) {
  $('service').textContent = state.serviceName;
  const s = state.spans;
  const facts = [
    ['Tracing', state.built ? (state.enabled ? 'on' : 'off') : (state.enabled ? 'on, but there is no exporter' : 'off; there is no exporter')],
    ['Configured', state.configured ? 'on' : 'off'], ['Endpoint', state.endpoint || 'none'],
    ['Changes while running', state.allowRuntimeChanges ? 'allowed' : 'refused'],
    ['Roots', state.roots], ['Rules', state.rules || 'none'], ['Dropped', state.drop || 'none'],
    ['Spans', s.open + ' open, ' + s.started + ' started, ' + s.ended + ' ended, ' + s.leaked + ' leaked, ' + s.refused + ' refused'],
    ['Export', s.exported + ' exported, ' + s.dropped + ' dropped, ' + s.failed + ' failed'],
    ['Last change ended', state.lastEnded ? state.lastEnded.kind + ' ' + state.lastEnded.value + ': ' + state.lastEnded.cause : 'none'],
    ['Revision', state.revision],
  ];
  $('state').replaceChildren(...facts.flatMap((fact) => [cell('dt', fact[0]), cell('dd', fact[1])]));
  table('leases', [['Change', (l) => l.kind + ' ' + l.value], ['Ends in', (l) => duration(Math.max(0, Date.parse(l.expiresAt) - Date.now())), true],
    ['Spans', (l) => l.spans, true], ['By', (l) => l.actor], ['Reason', (l) => l.reason]], state.leases, 'None: the configured state is in force.');
}
async function refresh() {
  try {
    const both = await Promise.all([call('state'), call('spans/open?limit=100')]);
    showState(both[0]);
    table('spans', [['Age', (s) => duration(s.ageMs), true], ['Name', (s) => s.name], ['Namespace', (s) => s.namespace],
      ['Trace', (s) => s.traceId]], both[1].spans, 'No span is open.');
    if ($('message').dataset.from === 'refresh') $('message').textContent = '';
  } catch (error) {
    $('message').dataset.from = 'refresh';
    $('message').textContent = error.message;
  }
  setTimeout(refresh, document.hidden ? 5000 : 1000);
}
$('switch').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = { enabled: event.submitter?.value !== 'false', for: $('for').value };
  if ($('reason').value) body.reason = $('reason').value;
  $('message').dataset.from = 'switch';
  try {
    const { lease } = await call('enabled', 'PUT', body);
    $('message').textContent = 'Done, until ' + new Date(lease.expiresAt).toLocaleString() + '. ' + lease.warnings.join(' ');
  } catch (error) {
    $('message').textContent = error.message;
  }
});
refresh();
`;

/** The page, with a policy that lets only its own style and script run. */
export function pageAnswer(): Response {
  const nonce = randomBytes(16).toString('base64');
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spanwright</title><link rel="icon" href="data:,"><style nonce="${nonce}">${STYLE}</style></head>
<body>${MARKUP}<script nonce="${nonce}">${SCRIPT}</script></body></html>
`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return textAnswer(html, 'text/html; charset=utf-8', { 'content-security-policy': policy.join('; ') });
}
