// The page of the admin hook: one document without data but the address of traces, so it can be loaded without a token; its script reads the
// JSON routes and sends the token that the person entered. No external requests, no inline handlers, a new nonce for each
// answer; with Trusted Types required, the browser itself refuses to turn text into markup.

import { randomBytes } from 'node:crypto';
import { textAnswer } from './answer.js';
import { html, script, style } from './page-assets.js';

const htmlEscaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page, with a policy that lets only its own style and script run. */
export function pageAnswer(traceUrl: string | undefined): Response {
  const nonce = randomBytes(16).toString('base64');
  const document = html
    .replace('<!-- traces -->', () =>
      traceUrl === undefined ? '' : `<meta name="trace-url" content="${htmlEscaped(traceUrl)}">`,
    )
    .replace('<!-- style -->', () => `<style nonce="${nonce}">${style}</style>`)
    .replace('<!-- script -->', () => `<script nonce="${nonce}">${script}</script>`);
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
  return textAnswer(document, 'text/html; charset=utf-8', { 'content-security-policy': policy.join('; ') });
}
