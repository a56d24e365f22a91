// The page of the admin hook: one static document without data, so it can be loaded without a token; its script reads the
// JSON routes and sends the token that the person entered. No external requests, no inline handlers, a fresh nonce for each
// answer; with Trusted Types required, the browser itself refuses to turn text into markup.

import { randomBytes } from 'node:crypto';
import { textAnswer } from '../answer.js';
import { CONNECTION } from './connection.js';
import { ELEMENTS } from './elements.js';
import { LISTS } from './lists.js';
import { MARKUP } from './markup.js';
import { STYLE } from './style.js';
import { SWITCH } from './switch.js';
import { TREE } from './tree.js';

const SCRIPT = `'use strict';\n(() => {${ELEMENTS}${CONNECTION}${SWITCH}${TREE}${LISTS}})();\n`;

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
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return textAnswer(html, 'text/html; charset=utf-8', { 'content-security-policy': policy.join('; ') });
}
