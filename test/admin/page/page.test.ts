// The admin page in real Chromium against a real service: use by mouse and keyboard, and hostile names, values and tokens, which
// must have no effect.
// limit: 180 s

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminServer, type AdminServerOptions, startAdminServer } from '../../../runtime/admin/index.js';
import { createSampler, instrument, type Tracing } from '../../../runtime/index.js';
import { readTraces } from '../../../viewer/formats/read.js';
import { invoke } from '../../cli/invoke.js';
import { fingerprint, TOKEN } from '../client.js';
import { listFirmware, openWork, startService } from '../service.js';
import { Browser, type Visit } from './browser.js';

const HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';

let browser: Browser;
let tracing: Tracing;
let admin: AdminServer;
const visits: Visit[] = [];

test.before(async () => {
  browser = await Browser.start();
});
test.after(() => browser.close());

async function start(
  options: Partial<AdminServerOptions> = {},
  allowRuntimeChanges = true,
  settings: object = {},
): Promise<void> {
  tracing = await startService({ allowRuntimeChanges, ...settings });
  admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log: () => undefined, ...options });
}

async function open(token?: string): Promise<Visit> {
  const visit = await browser.visit(admin.url);
  visits.push(visit);
  if (token !== undefined) {
    await visit.page.fill('#token', token);
    await visit.page.press('#token', 'Enter');
  }
  return visit;
}

test.after.each(async () => {
  for (const { page } of visits.splice(0)) await page.close();

  await admin.close();
  await tracing.shutdown();
});

/** A refused request is a line on Chromium's console; everything else there is a fault. */
const unexpected = ({ faults }: Visit) => faults.filter((fault) => !/Failed to load resource: .*(401|403|400)/.test(fault));

function assertQuiet(visit: Visit): void {
  assert.equal(unexpected(visit), []);
  assert.ok(visit.requests.length > 3, 'the page has asked for its data');
  const { origin } = new URL(admin.url);
  assert.equal(
    visit.requests.filter((url) => new URL(url).origin !== origin && !url.startsWith('data:')),
    [],
  );
}

/** Waits until the expression is true; the page's policy forbids playwright's own way, which evaluates text inside the page. */
async function until(page: Visit['page'], expression: string): Promise<void> {
  for (let at = 0; at < 1200; at += 1) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  assert.unreachable(`never true: ${expression}`);
}

const flagSays = (visit: Visit, text: string) => visit.page.locator('#flag', { hasText: new RegExp(`^${text}$`) }).waitFor();

test('a lease whose namespace matches nothing is shown as an error, one that matches as a success', async () => {
  await start();
  const { page } = await open(TOKEN);
  await page.locator('#has-token').waitFor();
  await page.locator('#namespaces option[value="carbide::firmware"]').waitFor({ state: 'attached' });
  await page.fill('#only', 'carbide::no-such-thing');
  await page.click('#on');
  await page.locator('#message.bad', { hasText: 'carbide::no-such-thing' }).waitFor();
  await page.fill('#only', 'carbide::firmware');
  await page.click('#on');
  await page.locator('#message.good', { hasText: 'Switched on for carbide::firmware' }).waitFor();
});

test('the field When switches on for calls with certain values, and the list of changes shows the condition', async () => {
  await start();
  const { page } = await open(TOKEN);
  await page.locator('#has-token').waitFor();
  await page.fill('#when', 'm-17');
  await page.click('#on');
  await page.locator('#message.bad', { hasText: 'compares nothing' }).waitFor();
  await page.fill('#when', 'baggage:tenant=acme');
  await page.click('#on');
  await page.locator('#message.good', { hasText: 'Switched on when baggage:tenant=acme' }).waitFor();
  await page.locator('#leases', { hasText: 'tracing on when baggage:tenant=acme' }).waitFor();
});

test('the Dump button writes the flight recorder with the reason, needs the token, and is shown only while the recorder runs', async () => {
  const flightDirectory = mkdtempSync(join(tmpdir(), 'spanwright-page-'));
  try {
    await start({}, true, { flightRecorder: '30s', flightDirectory });
    await listFirmware();
    const visit = await open();
    await visit.page.locator('#flight').waitFor();
    await visit.page.click('#dump');
    await visit.page.locator('#message.bad', { hasText: 'token' }).waitFor();
    assert.equal(readdirSync(flightDirectory), []);
    await visit.page.fill('#token', TOKEN);
    await visit.page.press('#token', 'Enter');
    await visit.page.locator('#has-token').waitFor();
    await visit.page.fill('#dump-reason', 'slow rack 7');
    await visit.page.click('#dump');
    await visit.page.locator('#message.good', { hasText: /Dumped 1 call into .*\.json/ }).waitFor();
    const [file = ''] = readdirSync(flightDirectory);
    const [span] = readTraces(readFileSync(join(flightDirectory, file), 'utf8'));
    assert.is(span?.attributes['spanwright.flight.reason'], 'slow rack 7');
    assertQuiet(visit);
  } finally {
    rmSync(flightDirectory, { recursive: true });
  }
});

test('the page has no Dump button without a flight recorder or where changes are refused', async () => {
  await start();
  const { page } = await open(TOKEN);
  await page.locator('#on').waitFor();
  assert.is(await page.locator('#flight-head').count(), 0);
  await admin.close();
  await tracing.shutdown();
  await start({}, false, { flightRecorder: '30s', flightDirectory: tmpdir() });
  const refused = await open(TOKEN);
  await refused.page.locator('#flight-head').waitFor();
  assert.is(await refused.page.locator('#dump').count(), 0);
});

test('with a URL template each trace is a link, into which the service contributes the ids only', async () => {
  await start({ traceUrl: 'http://127.0.0.1:4319/?view=trace&id={trace_id}&span={span_id}&"onclick="1' });
  const { page } = await open(TOKEN);
  tracing.setEnabled(true);
  const work = openWork({});
  const link = page.locator('#spans a');
  await link.waitFor();
  assert.match(
    (await link.getAttribute('href')) as string,
    /^http:\/\/127\.0\.0\.1:4319\/\?view=trace&id=[0-9a-f]{32}&span=[0-9a-f]{16}&"onclick="1$/,
  );
  assert.is(await link.getAttribute('onclick'), null);
  await work.finish();
});

test('the page switches tracing on, shows spans open and close live, and shows the lease expire', async () => {
  await start();
  const visit = await open(TOKEN);
  const { page } = visit;
  await page.locator('#has-token').waitFor();
  await flagSays(visit, 'Off');
  assert.is(await page.locator('#service').textContent(), 'admin-test');
  await page.fill('#only', 'carbide::machine-controller');
  await page.fill('#reason', 'slow rack 7');
  await page.click('#on');
  await flagSays(visit, 'Recording');
  assert.is(tracing.enabled, true);
  assert.is(tracing.state().roots, 'carbide::machine-controller');
  assert.match((await page.locator('#left-time').textContent()) as string, /^(10:00|9:5\d)$/);
  assert.match(
    (await page.locator('#leases').textContent()) as string,
    /tracing on only for carbide::machine-controller.*slow rack 7/,
  );
  assert.match((await page.locator('#message').textContent()) as string, /^Switched on for carbide::machine-controller until /);

  const work = openWork({ 'machine.serial': '4711' });
  const line = page.locator('#spans tr');
  await line.waitFor();
  assert.match((await line.textContent()) as string, /handleObjectState.*machine\.serial = "4711"/);
  const age = await line.locator('td').first().textContent();
  await until(page, `document.querySelector('#spans td').textContent !== ${JSON.stringify(age)}`);
  const namespace = page.locator('#tree tr', { hasText: 'machine-controller' });
  assert.is(await namespace.locator('td').nth(1).textContent(), '1');
  await work.finish();
  await page.locator('#spans-none').waitFor();
  await until(
    page,
    `[...document.querySelectorAll('#tree tr')].some((row) => row.textContent.includes('machine-controller') && row.querySelector('.bars i.some'))`,
  );
  await openWork({}).fail(new RangeError('no rack 7'));
  await page.locator('#errors tr', { hasText: 'RangeError: no rack 7' }).waitFor();
  await tracing.forceFlush();
  await page.locator('#health', { hasText: 'delivering' }).waitFor();

  // The lease is shortened outside the page, so that its end is seen without waiting for a minute.
  for (const { id } of tracing.leases()) tracing.endLease(id);
  tracing.setEnabled(true, { for: '3s' });
  await page.locator('#left.soon').waitFor();
  await flagSays(visit, 'Off');
  assert.match((await page.locator('#flag-note').textContent()) as string, 'it expired');
  assert.ok(await page.locator('#left').isHidden());
  assertQuiet(visit);
});

test('Switch off on a service that is configured on has no end, also with a duration chosen, and the page states that', async () => {
  await start({}, true, { enabled: true });
  const visit = await open(TOKEN);
  const { page } = visit;
  await flagSays(visit, 'Recording');
  await page.locator('label', { hasText: /^1 min$/ }).click();
  await page.click('#off');
  await flagSays(visit, 'Off');
  assert.is(tracing.enabled, false);
  assert.equal(
    tracing.leases().map(({ kind, value, expiresAt }) => [kind, value, expiresAt]),
    [['enabled', false, null]],
  );
  await page.locator('#message', { hasText: /^Switched off until it is switched on\.$/ }).waitFor();
  await page.locator('#leases li', { hasText: /^tracing off *until switched on/ }).waitFor();
  assert.match((await page.locator('#flag-note').textContent()) as string, /^Configured: on\. Changed by /);
  assert.is(await page.locator('#left').count(), 0, 'no time is counted down');
  await page.click('#on');
  await flagSays(visit, 'Recording');
  assertQuiet(visit);
});

test('everything is done with the keyboard alone', async () => {
  await start();
  const visit = await open();
  const { page } = visit;
  await flagSays(visit, 'Off');
  await page.keyboard.press('Tab');
  assert.is(await page.evaluate('document.activeElement.id'), 'token');
  await page.keyboard.type(TOKEN);
  await page.keyboard.press('Enter');
  await page.locator('#has-token').waitFor();
  assert.is(await page.locator('#token').count(), 0, 'the token is not left in the document');
  const reach = async (id: string): Promise<void> => {
    for (let at = 0; at < 30; at += 1) {
      if ((await page.evaluate('document.activeElement.id || document.activeElement.className')) === id) return;
      await page.keyboard.press('Tab');
    }
    assert.unreachable(`${id} is not reached by Tab`);
  };
  await reach('on');
  await page.keyboard.press('Enter');
  await flagSays(visit, 'Recording');
  await reach('twig');
  const first = page.locator('#tree .twig').first();
  assert.is(await first.getAttribute('aria-expanded'), 'true');
  const rows = await page.locator('#tree tr').count();
  await page.keyboard.press('ArrowLeft');
  assert.is(await first.getAttribute('aria-expanded'), 'false');
  assert.is(await page.locator('#tree tr').count(), 1);
  await page.keyboard.press('ArrowRight');
  assert.is(await page.locator('#tree tr').count(), rows);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.locator('#tree tr', { hasText: 'listFirmware()' }).waitFor();
  // Focus outlives the refresh that redraws the rows.
  await page.waitForTimeout(1500);
  assert.is(await page.evaluate('document.activeElement.textContent'), 'firmware');
  assertQuiet(visit);
});

test('a wrong token changes nothing, is reported, and is not sent again', async () => {
  await start({ failures: { most: 3, withinSeconds: 60 } });
  const visit = await open('guess');
  const { page } = visit;
  await page.locator('#ask-token').waitFor();
  await flagSays(visit, 'Off');
  const before = fingerprint(tracing);
  await page.click('#on');
  await page.locator('#message.bad', { hasText: 'send the token' }).waitFor();
  assert.is(await page.evaluate('document.activeElement.id'), 'token');
  await page.waitForTimeout(2500);
  assert.is(fingerprint(tracing), before);
  await page.fill('#token', TOKEN);
  await page.click('#access button');
  await page.click('#on');
  await flagSays(visit, 'Recording');
  assertQuiet(visit);
});

test('where changes are refused the page states that and shows no controls', async () => {
  await start({}, false);
  const visit = await open(TOKEN);
  await visit.page.locator('#refused').waitFor();
  assert.ok(await visit.page.locator('#switch').isHidden());
  const status = await visit.page.evaluate(
    `fetch(location.pathname + '/enabled', { method: 'PUT', headers: { authorization: 'Bearer ${TOKEN}', 'content-type': 'application/json' }, body: '{"enabled":true}' }).then((answer) => answer.status)`,
  );
  assert.is(status, 403);
  assert.is(tracing.enabled, false);
  assertQuiet(visit);
});

test('where reads need a token the page shows nothing until it has one', async () => {
  await start({ readToken: 'the-token-for-reads' });
  const visit = await open();
  const { page } = visit;
  await page.locator('#message.bad', { hasText: 'Enter it at the top' }).waitFor();
  assert.is(await page.locator('#service').textContent(), 'Spanwright');
  assert.is(await page.locator('#tree tr').count(), 0);
  await page.fill('#token', 'the-token-for-reads');
  await page.press('#token', 'Enter');
  await flagSays(visit, 'Off');
  await page.click('#on');
  await page.locator('#message.bad', { hasText: 'allows reading only' }).waitFor();
  assert.is(tracing.enabled, false);
  assertQuiet(visit);
});

test('the token is kept in memory only: after a reload it is gone', async () => {
  await start();
  const { page } = await open(TOKEN);
  await page.locator('#has-token').waitFor();
  const kept = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])',
  );
  assert.not.match(String(kept), TOKEN);
  await page.reload();
  await page.locator('#ask-token').waitFor();
});

test('names, values and messages from the service are shown as text, also when they hold markup', async () => {
  await start();
  tracing.setEnabled(true, { reason: HOSTILE, actor: HOSTILE });
  tracing.setRules('carbide::nothing=off', { reason: HOSTILE });
  let release = (): void => undefined;
  const hostile = instrument(
    { name: HOSTILE, namespace: `carbide::${HOSTILE}`, attributes: () => ({ [HOSTILE]: HOSTILE }) },
    async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      throw new Error(HOSTILE);
    },
  );
  const first = hostile().catch(() => undefined);
  release();
  await first;
  const second = hostile().catch(() => undefined);
  const visit = await open(TOKEN);
  const { page } = visit;
  await page.locator('#spans tr', { hasText: 'onerror' }).waitFor();
  await page.locator('#errors tr', { hasText: 'onerror' }).waitFor();
  await page.locator('#leases li', { hasText: 'onerror' }).first().waitFor();
  await page.locator('#tree tr', { hasText: 'onerror' }).first().waitFor();
  const closed = page.locator('#tree .twig[aria-expanded=false]');
  for (let left = 20; left > 0 && (await closed.count()) > 0; left -= 1) await closed.first().click();
  await page.locator('#tree tr', { hasText: '()' }).first().waitFor();
  await page.waitForTimeout(1500);
  assert.is(await page.evaluate('window.pwned'), undefined);
  assert.is(await page.locator('img').count(), 0);
  assert.is(await page.locator('script').count(), 1);
  // The policy is the second line of defence: markup made from text is refused by the browser itself.
  const made = await page.evaluate(
    `(() => { try { document.body.innerHTML = '<b>x</b>'; return 'made'; } catch (error) { return error.name; } })()`,
  );
  assert.is(made, 'TypeError');
  visit.faults.splice(
    0,
    visit.faults.length,
    ...visit.faults.filter((fault) => !fault.includes("This document requires 'Trusted")),
  );
  assertQuiet(visit);
  release();
  await second;
});

test('a service that stops is shown as unreachable, and as connected once it is back', async () => {
  await start();
  const visit = await open();
  await flagSays(visit, 'Off');
  const port = Number(new URL(admin.url).port);
  await admin.close();
  await visit.page.locator('#message.bad', { hasText: 'does not answer' }).waitFor();
  admin = await startAdminServer({ tracing, token: TOKEN, port, log: () => undefined });
  tracing.setEnabled(true);
  await flagSays(visit, 'Recording');
  await visit.page.locator('#message').waitFor({ state: 'hidden' });
});

test('on a phone nothing is wider than the screen', async () => {
  await start();
  tracing.setEnabled(true);
  const work = openWork({ 'machine.serial': 'x'.repeat(300) });
  const visit = await open(TOKEN);
  await visit.page.setViewportSize({ width: 360, height: 740 });
  await visit.page.locator('#spans tr').waitFor();
  const [content, screen] = (await visit.page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number];
  assert.ok(content <= screen, `${content} > ${screen}`);
  await work.finish();
});

test("spans that the application's SDK exports are shown as by your SDK, without counts of export", async () => {
  tracing = createSampler({ enabled: true, serviceName: 'own-sdk' }).tracing;
  admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log: () => undefined });
  const { page } = await open(TOKEN);
  await page.locator('#health', { hasText: /^by your SDK$/ }).waitFor();
  assert.equal(await page.locator('[aria-labelledby="exporter-head"] .figures dt').allTextContents(), [
    'started',
    'open',
    'leaked',
  ]);
  const { out } = await invoke(['status', '--url', admin.url], { SPANWRIGHT_TOKEN: TOKEN });
  assert.match(out, /Export +by your SDK\n/);
});

for (const [scheme, darker] of [
  ['light', false],
  ['dark', true],
] as const) {
  test(`the reader's ${scheme} scheme is followed, and text contrasts with its background`, async () => {
    await start();
    const { page } = await open();
    await page.emulateMedia({ colorScheme: scheme });
    const pairs = (await page.evaluate(CONTRASTS)) as { what: string; ratio: number; ground: number }[];
    assert.ok(pairs.length > 10);
    for (const { what, ratio } of pairs) assert.ok(ratio >= 4.5, `${what}: contrast ${ratio.toFixed(2)}`);
    assert.is((pairs[0]?.ground ?? 0.5) < 0.2, darker);
  });
}

/** Contrast (WCAG 2.2, 1.4.3) of every visible text of the page with the nearest ground that is not transparent. */
const CONTRASTS = `(() => {
  const channel = (value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const groundOf = (node) => { for (let at = node; at; at = at.parentElement) { const colour = getComputedStyle(at).backgroundColor; if (!/, 0\\)$|^transparent$/.test(colour)) return colour; } return 'rgb(255, 255, 255)'; };
  const found = [];
  for (const node of document.querySelectorAll('body, h1, h2, p, strong, span, button, label, legend, dt, dd, th, td, summary, small')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if ((!own && node !== document.body) || node.offsetParent === null && node !== document.body) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(groundOf(node))];
    found.push({ what: node.tagName + ' ' + node.textContent.trim().slice(0, 30), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), ground: b });
  }
  return found;
})()`;

test.run();
