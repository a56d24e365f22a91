// The viewer's page in Chromium: list, filter, live changes, waterfall, flame view, comparison, map, hostile names, offline, accessibility.
// Needs /usr/bin/chromium.
// limit: 180 s

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startAdminServer } from '../../../runtime/admin/index.js';
import { startViewer, type Viewer } from '../../../viewer/view/viewer.js';
import { Browser, type Visit } from '../../admin/page/browser.js';
import { openWork, startService } from '../../admin/service.js';
import { mustSkip } from '../../missing.js';
import { HOSTILE, order, shopTraffic, spanIdOf, traceIdOf, traceOf } from '../example-traces.js';

const test = suite('viewer page');
const AXE = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'spanwright-viewer-'));

if (!mustSkip(existsSync('/usr/bin/chromium') ? [] : ['/usr/bin/chromium'])) {
  let viewer: Viewer;
  let browser: Browser;

  test.before(async () => {
    viewer = await startViewer();
    for (const spans of shopTraffic(Date.now())) viewer.add(spans);
    browser = await Browser.start({ width: 1280, height: 900 });
  });

  test.after(async () => {
    await browser.close();
    await viewer.close();
    rmSync(directory, { recursive: true });
  });

  const visit = (query = ''): Promise<Visit> => browser.visit(`${viewer.url}/${query}`);

  /** Waits until `count` elements match. */
  async function countIs(page: Page, selector: string, count: number): Promise<void> {
    const end = Date.now() + 10_000;
    let found = await page.locator(selector).count();
    while (found !== count && Date.now() < end) {
      await page.waitForTimeout(50);
      found = await page.locator(selector).count();
    }
    assert.is(found, count, selector);
  }

  /** Violations of axe's rules, as text. The script is evaluated by the debugger, which the page's policy does not concern. */
  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200) + ' ' + nodes[0].failureSummary))`,
    ) as Promise<string[]>;
  }

  function sound({ faults, requests }: Visit): void {
    assert.equal(faults, []);
    assert.equal(
      requests.filter((url) => !url.startsWith(viewer.url)),
      [],
    );
  }

  test('lists the traces newest first, and the address holds the filter', async () => {
    const visited = await visit();
    const { page } = visited;
    await page.waitForSelector('.traces tbody tr');
    assert.is(await page.locator('.traces tbody tr').count(), 60);
    await page.getByLabel('Attribute').fill('machineId=m-17');
    await countIs(page, '.traces tbody tr', 9);
    assert.match(page.url(), 'attribute=machineId%3Dm-17');
    await page.reload();
    await countIs(page, '.traces tbody tr', 9);
    await page.getByRole('button', { name: 'Clear' }).click();
    await countIs(page, '.traces tbody tr', 60);
    sound(visited);
    await page.close();
  });

  test('a namespace that matches nothing is an error at its field, and one that matches is not', async () => {
    const { page } = await visit('?namespace=shop::nothing');
    await page.waitForSelector('[aria-invalid=true]');
    assert.match((await page.locator('.field-fault').textContent()) ?? '', 'matches nothing');
    await page.getByLabel('Namespace').fill('shop::pay');
    await page.waitForSelector('.traces tbody tr');
    assert.is(await page.locator('[aria-invalid=true]').count(), 0);
    await page.close();
  });

  test('a trace that arrives appears by itself; while paused it does not', async () => {
    const { page } = await visit('?text=arrives');
    await page.waitForSelector('.empty');
    viewer.add(traceOf(900, Date.now(), { service: 'web', name: 'arrives first', start: 0, ms: 3 }));
    await countIs(page, '.traces tbody tr', 1);
    await page.getByRole('button', { name: 'Pause' }).click();
    viewer.add(traceOf(901, Date.now(), { service: 'web', name: 'arrives second', start: 0, ms: 3 }));
    await page.waitForTimeout(700);
    assert.is(await page.locator('.traces tbody tr').count(), 1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await countIs(page, '.traces tbody tr', 2);
    await page.close();
  });

  test('the waterfall folds and selects by keyboard, and shows the error with its place', async () => {
    const visited = await visit(`?view=trace&id=${traceIdOf(6)}`);
    const { page } = visited;
    await page.waitForSelector('.span-row');
    assert.is(await page.locator('.span-row').count(), 9);
    await page.locator('[role=treegrid]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await countIs(page, '.span-row', 2);
    await page.keyboard.press('ArrowRight');
    await countIs(page, '.span-row', 9);
    for (let at = 0; at < 4; at += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.span .failure');
    assert.match((await page.locator('.span .failure').textContent()) ?? '', 'src/pay/charge.ts:41:9');
    await page.locator('.span-row', { hasText: 'OrderService.place' }).click();
    await page.waitForSelector('.span .place a');
    assert.is(await page.locator('.span .place a').getAttribute('href'), 'vscode://file/src/orders/order-service.ts:27:3');
    sound(visited);
    await page.close();
  });

  test('the critical path is marked, and what ran beside it is not', async () => {
    const { page } = await visit(`?view=trace&id=${traceIdOf(2)}`);
    await page.waitForSelector('.span-row');
    const critical = await page.locator('.span-row:has(.critical) .text').allTextContents();
    assert.ok(critical.includes('SELECT stock') && critical.includes('PayService.pay'), critical.join());
    assert.not.ok(critical.includes('PriceService.total'), critical.join());
    await page.close();
  });

  test('the flame view draws, answers to keys and lists where the time is spent', async () => {
    const visited = await visit(`?view=trace&id=${traceIdOf(4)}&as=flame`);
    const { page } = visited;
    await page.waitForSelector('.flame canvas');
    const drawn = await page.evaluate(`{
      const canvas = document.querySelector('.flame canvas');
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
    }`);
    assert.ok(drawn, 'nothing is drawn');
    await page.locator('.flame canvas').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.span h2');
    assert.is(await page.locator('.span h2').textContent(), 'OrderService.place');
    assert.match((await page.locator('section:has(#slowest) tbody tr').first().textContent()) ?? '', 'SELECT stock');
    sound(visited);
    await page.close();
  });

  test('the comparison of slow with normal traces names the machine or the query first', async () => {
    const visited = await visit('?view=compare&text=orders');
    const { page } = visited;
    await page.waitForSelector('.finding');
    const first = (await page.locator('.finding').first().textContent()) ?? '';
    assert.match(first, /m-17/);
    sound(visited);
    await page.close();
  });

  test('the map shows services with their calls', async () => {
    const visited = await visit('?view=map');
    const { page } = visited;
    await page.waitForSelector('.map svg');
    const table = (await page.locator('table').textContent()) ?? '';
    for (const service of ['web', 'orders', 'stock', 'pay']) assert.match(table, service);
    sound(visited);
    await page.close();
  });

  test('hostile names stay text in every view', async () => {
    const id = traceIdOf(777);
    viewer.add(
      traceOf(777, Date.now(), {
        service: HOSTILE,
        name: HOSTILE,
        namespace: HOSTILE,
        start: 0,
        ms: 5,
        error: HOSTILE,
        attributes: { [HOSTILE]: HOSTILE },
      }),
    );
    for (const query of [
      '?text=onerror',
      `?view=trace&id=${id}&span=${spanIdOf(777, 0)}`,
      '?view=map',
      '?view=map&by=namespaces',
      `?view=trace&id=${id}&as=flame`,
    ]) {
      const visited = await visit(query);
      await visited.page.waitForTimeout(400);
      assert.not.match(await visited.page.title(), /[12]/);
      assert.is(await visited.page.locator('main img, main script').count(), 0);
      sound(visited);
      await visited.page.close();
    }
  });

  test('a shared trace is one file that works from disk, without a request, and keeps hostile names text', async () => {
    const shared = await fetch(`${viewer.url}/api/traces/${traceIdOf(777)}/export?format=html`);
    const path = join(directory, 'shared.html');
    writeFileSync(path, await shared.text());
    const { page, faults, requests } = await browser.visit(`file://${path}`);
    await page.waitForSelector('.span-row');
    await page.locator('.span-row').first().click();
    await page.waitForSelector('.span .failure');
    assert.not.match(await page.title(), /^[12]$/);
    assert.equal(faults, []);
    assert.equal(
      requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:')),
      [],
    );
    await page.close();
  });

  test('axe finds nothing, and nothing overflows from 390 to 2560 pixels', async () => {
    for (const query of [
      '',
      `?view=trace&id=${traceIdOf(6)}&span=`,
      `?view=trace&id=${traceIdOf(6)}&as=flame`,
      '?view=compare',
      '?view=map',
      '?view=process',
    ]) {
      const { page } = await visit(query);
      await page.waitForTimeout(600);
      assert.equal(await violations(page), [], query);
      for (const width of [390, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(overflow) <= 0, `${query} at ${width}: ${overflow} pixels too wide`);
      }
      await page.close();
    }
  });

  test('the process view switches a service on, shows its lease, and an open span grows in its trace until it ends', async () => {
    const service = await startService();
    const admin = await startAdminServer({ tracing: service, port: 0, token: 'a-token-of-the-viewer-test' });
    const own = await startViewer({ hooks: [`${admin.url}`], hookToken: 'a-token-of-the-viewer-test' });
    try {
      const { page, faults } = await browser.visit(`${own.url}/?view=process`);
      const absent: string[] = [];
      page.on('response', (response) => {
        if (response.status() === 404) absent.push(new URL(response.url()).pathname);
      });
      await page.getByRole('button', { name: 'Switch on' }).click();
      await page.locator('#flag', { hasText: 'Recording' }).waitFor();
      assert.match((await page.locator('#leases li').first().textContent()) ?? '', 'left');
      assert.equal(await violations(page), []);
      const work = openWork({ machineId: 'm-17' });
      await page.locator('#spans a').first().click();
      await page.waitForSelector('.span-bar.open');
      const grown = async (): Promise<number> =>
        Number.parseFloat((await page.locator('.facts span').first().textContent()) ?? '');
      const before = await grown();
      await page.waitForTimeout(1500);
      assert.is.not(await grown(), before);
      await work.finish();
      await countIs(page, '.span-bar.open', 0);
      await page.goto(`${own.url}/?view=process`);
      await page.getByRole('button', { name: /^End: / }).click();
      await page.locator('#flag', { hasText: 'Off' }).waitFor();
      // no span of the open trace has arrived when its page opens: the API answers 404, which the browser logs; nothing else may
      for (const path of absent) assert.match(path, /^\/api\/traces\/[0-9a-f]{32}$/);
      assert.equal(
        faults.filter((fault) => !fault.includes('status of 404')),
        [],
      );
      assert.is(faults.length, absent.length);
      await page.close();
    } finally {
      await own.close();
      await admin.close();
      await service.shutdown();
    }
  });

  test('an order that arrives while its page is open joins the trace', async () => {
    const [root, ...others] = order(950, Date.now());
    viewer.add(others.slice(0, 3));
    const { page } = await visit(`?view=trace&id=${traceIdOf(950)}`);
    await countIs(page, '.span-row', 3);
    viewer.add([root as never, ...others.slice(3)]);
    await countIs(page, '.span-row', 9);
    await page.close();
  });
} else {
  test.skip('the page in Chromium');
}

test.run();
