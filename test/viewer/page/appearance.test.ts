// Each view of the viewer's page in Chromium, light and dark, from a phone to a wide screen: accessible, nothing cut off, small assets,
// and no code but the page's own.
// limit: 240 s

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminServer, startAdminServer } from '../../../runtime/admin/index.js';
import type { Tracing } from '../../../runtime/index.js';
import { startViewer, type Viewer } from '../../../viewer/view/viewer.js';
import { Browser } from '../../admin/page/browser.js';
import { listFirmware, type OpenWork, openWork, startService } from '../../admin/service.js';
import { shopTraffic, spanIdOf, traceIdOf, traceOf } from '../example-traces.js';
import { CHROMIUM, cutOff, violations } from './checks.js';

const MOST_COMPRESSED_BYTES = 150_000;
const WIDTHS = [768, 2560, 390];
const TOKEN = 'a-token-of-the-appearance-test';
const LONG = 'AVeryLongServiceName.withAMethodThatHasAnExtremelyLongName.andThenSome';

const trace = `?view=trace&id=${traceIdOf(6)}`;
const long = `?view=trace&id=${traceIdOf(500)}`;
const VIEWS: readonly string[] = [
  '',
  '?namespace=shop::nothing&max=9&from=1700000000000',
  trace,
  `${trace}&span=${spanIdOf(6, 5)}`,
  `${long}&span=${spanIdOf(500, 0)}`,
  `${trace}&as=flame`,
  '?view=trace&id=abc',
  '?view=compare',
  `?view=compare&a=${traceIdOf(4)}`,
  '?view=map',
  '?view=map&by=namespaces',
  '?view=process',
];

test('the assets take at most 150 kB compressed', () => {
  const directory = join(__dirname, '../../../viewer/dist/page');
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length >= 3);
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(sum <= MOST_COMPRESSED_BYTES, `${sum} bytes`);
});

if (existsSync(CHROMIUM)) {
  let service: Tracing;
  let admin: AdminServer;
  let viewer: Viewer;
  let empty: Viewer;
  let work: OpenWork;

  test.before(async () => {
    service = await startService({ enabled: true });
    admin = await startAdminServer({
      tracing: service,
      port: 0,
      token: TOKEN,
      log: () => {},
      traceUrl: 'http://127.0.0.1/{trace_id}',
    });
    viewer = await startViewer({ hooks: [admin.url], hookToken: TOKEN });
    empty = await startViewer();
    work = openWork({ machineId: 'm-17' });
    listFirmware();
    await openWork({}).fail(new RangeError('no rack 7'));
    for (const spans of shopTraffic(Date.now())) viewer.add(spans);
    const parts = Array.from({ length: 40 }, (_, at) => ({
      service: `service-${at % 12}`,
      name: `${LONG}${at}`,
      start: at * 80,
      ms: 75,
      ...(at === 5 ? { error: 'no answer '.repeat(40) } : {}),
    }));
    const attributes = { 'a.long.value': 'x'.repeat(400) };
    const namespace = 'acme::billing::invoices::rendering::documents::fonts::TheLongestNamespace';
    viewer.add(traceOf(500, Date.now(), { service: LONG, name: LONG, namespace, start: 0, ms: 3400, attributes, parts }));
  });

  test.after(async () => {
    await work.finish();
    await empty.close();
    await viewer.close();
    await admin.close();
    await service.shutdown();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every view is accessible and nothing is cut off, ${colorScheme}`, async () => {
      const browser = await Browser.start({ colorScheme });
      try {
        const pages = [
          ...VIEWS.map((query) => `${viewer.url}/${query}`),
          ...['', '?view=process', '?view=compare', '?view=map'].map((query) => `${empty.url}/${query}`),
          admin.url,
        ];
        const found: string[] = [];
        for (const url of pages) {
          const { page } = await browser.visit(url);
          await page.waitForTimeout(500);
          found.push(...(await violations(page)).map((what) => `${url}: ${what}`));
          for (const width of WIDTHS) {
            await page.setViewportSize({ width, height: 900 });
            await page.waitForTimeout(60);
            found.push(...(await cutOff(page)).map((what) => `${url} at ${width}: ${what}`));
          }
          if (colorScheme === 'light') found.push(...(await violations(page)).map((what) => `${url} at 390: ${what}`));
          await page.close();
        }
        assert.equal(found, []);
      } finally {
        await browser.close();
      }
    });
  }

  test('the policy of the page refuses inline code, evaluated text and other origins', async () => {
    const browser = await Browser.start();
    try {
      const { page } = await browser.visit(viewer.url);
      const refused = (await page.evaluate(`new Promise((resolve) => {
        const directives = [];
        addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          directives.push(effectiveDirective);
          if (directives.length === 3) resolve(directives.sort());
        });
        setTimeout(() => resolve(directives), 5000);
        const script = document.createElement('script');
        try { script.textContent = 'document.title = "inline"'; } catch {}
        document.head.append(script);
        const image = new Image();
        image.src = 'http://127.0.0.2:9/picture.png';
        fetch('http://127.0.0.2:9/').catch(() => {});
      })`)) as string[];
      assert.equal(refused, ['connect-src', 'img-src', 'script-src-elem']);
      assert.is.not(await page.title(), 'inline');
    } finally {
      await browser.close();
    }
  });
} else {
  test.skip('Chromium is not installed at /usr/bin/chromium');
}

test.run();
