// The viewer's page in Chromium: list, filter, live changes, waterfall, flame view, comparison, map, hostile names, offline.
// Needs /usr/bin/chromium.
// limit: 180 s

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startViewer, type Viewer } from '../../../viewer/view/viewer.js';
import { Browser, type Visit } from '../../admin/page/browser.js';
import { mustSkip } from '../../missing.js';
import { HOSTILE, order, shopTraffic, spanIdOf, traceIdOf, traceOf } from '../example-traces.js';
import { assertSound, CHROMIUM, countIs } from './checks.js';

const test = suite('viewer page');
const directory = mkdtempSync(join(tmpdir(), 'spanwright-viewer-'));

if (!mustSkip(existsSync(CHROMIUM) ? [] : ['/usr/bin/chromium'])) {
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

  const sound = (visited: Visit): void => assertSound(visited, viewer.url);

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

  test('each field of the filter narrows the list, and the order of the list is chosen', async () => {
    const { page } = await visit();
    await countIs(page, '.traces tbody tr', 60);
    await page.getByRole('checkbox', { name: 'Errors' }).check();
    await countIs(page, '.traces tbody tr', 5);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Longer than, ms').fill('300');
    await countIs(page, '.traces tbody tr', 9);
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByLabel('Shorter than, ms').fill('310');
    await countIs(page, '.traces tbody tr', 0);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Started after').fill('2090-01-01T00:00:00');
    await countIs(page, '.traces tbody tr', 0);
    await page.getByLabel('Started after').fill('');
    await countIs(page, '.traces tbody tr', 60);
    await page.getByLabel('Service').selectOption('pay');
    await page.getByRole('combobox', { name: /^Order/ }).selectOption('slowest');
    await page.waitForTimeout(300);
    assert.match((await page.locator('.traces tbody tr .duration').first().textContent()) ?? '', /^4\d\d ms$/);
    assert.match(page.url(), 'service=pay&order=slowest');
    await page.goBack();
    await page.close();
  });

  test('the namespace field completes the namespaces of the traces', async () => {
    const { page } = await visit();
    await page.locator('#namespaces option').first().waitFor({ state: 'attached' });
    const offered = await page
      .locator('#namespaces option')
      .evaluateAll((options) => options.map((option) => option.getAttribute('value')));
    for (const namespace of ['shop::orders::OrderService', 'shop::pay::PayService']) assert.ok(offered.includes(namespace));
    assert.is(await page.getByLabel('Namespace').getAttribute('list'), 'namespaces');
    await page.close();
  });

  test('older traces that are released are counted on the page', async () => {
    const small = await startViewer({ limits: { traces: 10 } });
    try {
      for (const spans of shopTraffic(Date.now())) small.add(spans);
      const { page } = await browser.visit(small.url);
      await countIs(page, '.traces tbody tr', 10);
      assert.is(await page.locator('.summary').textContent(), '10 traces held, 50 older ones released to bound memory');
      await page.close();
    } finally {
      await small.close();
    }
  });

  test('a viewer that stops is shown as disconnected, and as live once it is back', async () => {
    const first = await startViewer();
    const { page } = await browser.visit(first.url);
    await page.locator('.status', { hasText: 'Live' }).waitFor();
    const port = Number(new URL(first.url).port);
    await first.close();
    await page.locator('.status', { hasText: 'Disconnected' }).waitFor();
    const second = await startViewer({ port });
    second.add(order(3, Date.now()));
    await page.locator('.status', { hasText: 'Live' }).waitFor();
    await countIs(page, '.traces tbody tr', 1);
    await page.close();
    await second.close();
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

  test('the selected span shows self time, events, links and resource, and is copied as JSON', async () => {
    const { page, faults } = await visit(`?view=trace&id=${traceIdOf(6)}&span=${spanIdOf(6, 1)}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const details = page.locator('.span');
    await details.getByText('order accepted').waitFor();
    // 101.4 ms, of which its children take 27.4 + 26 + 14 + 6; the one that runs beside another does not count twice
    assert.is(await details.locator('dt:has-text("Self time") + dd').textContent(), '28.0 ms');
    assert.match((await details.textContent()) ?? '', /service\.version1\.4\.0/);
    await details.getByRole('button', { name: 'Copy as JSON' }).click();
    await details.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = JSON.parse((await page.evaluate('navigator.clipboard.readText()')) as string);
    assert.equal([copied.spanId, copied.name, copied.attributes.orderId], [spanIdOf(6, 1), 'OrderService.place', 'o-6']);
    await page.locator('.span-row', { hasText: 'publish order.placed' }).click();
    await details.getByRole('link', { name: traceIdOf(1) }).click();
    await page.locator('.facts code', { hasText: traceIdOf(1) }).waitFor();
    assert.match(page.url(), `span=${spanIdOf(1, 0)}`);
    assert.equal(faults, []);
    await page.close();
  });

  test('the source place opens the editor that is configured', async () => {
    const own = await startViewer({ editor: 'idea://open?file={file}&line={line}&column={column}' });
    try {
      own.add(traceOf(1, Date.now(), { service: 'web', name: 'placed', namespace: 'shop', start: 0, ms: 3 }));
      own.add(traceOf(2, Date.now(), { service: 'web', name: 'without a place', start: 0, ms: 3 }));
      const { page } = await browser.visit(`${own.url}/?view=trace&id=${traceIdOf(1)}&span=${spanIdOf(1, 0)}`);
      const href = await page.locator('.place a').getAttribute('href');
      assert.is(href, 'idea://open?file=src/orders/order-service.ts&line=27&column=3');
      await page.goto(`${own.url}/?view=trace&id=${traceIdOf(2)}&span=${spanIdOf(2, 0)}`);
      await page.getByRole('button', { name: 'Copy as JSON' }).waitFor();
      assert.is(await page.locator('.place').count(), 0);
      await page.close();
    } finally {
      await own.close();
    }
  });

  test('a search within the trace keeps what matches and its ancestors', async () => {
    const { page } = await visit(`?view=trace&id=${traceIdOf(6)}`);
    await page.getByLabel('Search within the trace').fill('charge');
    await countIs(page, '.span-row', 4);
    await page.getByLabel('Search within the trace').fill('nothing of the kind');
    await countIs(page, '.span-row', 0);
    await page.getByLabel('Search within the trace').fill('');
    await page.getByRole('button', { name: 'Fold all', exact: true }).click();
    await countIs(page, '.span-row', 2);
    await page.getByRole('button', { name: 'Unfold all' }).click();
    await countIs(page, '.span-row', 9);
    await page.close();
  });

  test('each format of "Save as" is a file with the trace', async () => {
    const { page } = await visit(`?view=trace&id=${traceIdOf(6)}`);
    await page.getByText('Save as').click();
    const names: string[] = [];
    for (const link of await page.locator('.menu a').all()) {
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      names.push(download.suggestedFilename());
      assert.match(readFileSync(await download.path(), 'utf8'), 'OrderService.place');
    }
    const id = traceIdOf(6);
    assert.equal(names, [`trace-${id}.otlp.json`, `trace-${id}.jaeger.json`, `trace-${id}.trace-event.json`, `trace-${id}.html`]);
    await page.close();
  });

  test('two traces are compared from the page of one', async () => {
    const { page } = await visit(`?view=trace&id=${traceIdOf(4)}`);
    // the link of the trace, which comes after that of the navigation
    await page.getByRole('link', { name: 'Compare' }).nth(1).click();
    await page.getByText('Enter the id of a second trace').waitFor();
    await page.getByLabel('Compared with').fill(traceIdOf(5));
    await page.keyboard.press('Tab');
    assert.match((await page.locator('.finding').first().textContent()) ?? '', 'SELECT stock');
    await page.close();
  });

  test('the critical path is marked, and concurrent spans are not', async () => {
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
    await page.keyboard.press('+');
    await page.getByRole('button', { name: 'Whole trace' }).click();
    assert.is(await page.getByRole('button', { name: 'Whole trace' }).count(), 0);
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

  test('a span that arrives while the page of its trace is open is added to it', async () => {
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
