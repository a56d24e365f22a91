// `npm run screenshots -w viewer`: the pictures of docs/viewer.md, one of each view, from the page over example traces and a live service.
// Needs /usr/bin/chromium and the built page.

import { join } from 'node:path';
import { startAdminServer } from '../../../runtime/admin/index.js';
import { startViewer } from '../../../viewer/view/viewer.js';
import { Browser } from '../../admin/page/browser.js';
import { listFirmware, openWork, startService } from '../../admin/service.js';
import { shopTraffic, spanIdOf, traceIdOf } from '../example-traces.js';

const DOCS = join(__dirname, '../../../docs');
const TOKEN = 'a-token-of-the-screenshots';

interface Picture {
  readonly file: string;
  readonly query: string;
  readonly width: number;
  readonly height: number;
  readonly dark?: true;
}

const PICTURES: readonly Picture[] = [
  { file: 'viewer-list.png', query: '', width: 1280, height: 760 },
  { file: 'viewer-trace.png', query: `?view=trace&id=${traceIdOf(6)}&span=${spanIdOf(6, 5)}`, width: 1280, height: 760 },
  { file: 'viewer-trace-dark.png', query: `?view=trace&id=${traceIdOf(4)}`, width: 1280, height: 560, dark: true },
  { file: 'viewer-flame.png', query: `?view=trace&id=${traceIdOf(4)}&as=flame`, width: 1280, height: 700 },
  { file: 'viewer-process.png', query: '?view=process', width: 1280, height: 760 },
  { file: 'viewer-compare.png', query: '?view=compare', width: 1280, height: 620 },
  { file: 'viewer-map.png', query: '?view=map', width: 1280, height: 700 },
  { file: 'viewer-phone.png', query: '', width: 390, height: 760 },
];

async function main(): Promise<void> {
  const service = await startService();
  const admin = await startAdminServer({ tracing: service, port: 0, token: TOKEN, log: () => {} });
  const viewer = await startViewer({ hooks: [admin.url], hookToken: TOKEN });
  service.setEnabled(true, { for: '10m', reason: 'machine 17 does not answer' });
  const works = [openWork({ machineId: 'm-17' }), openWork({ machineId: 'm-18' })];
  for (let at = 0; at < 40; at += 1) listFirmware();
  for (const spans of shopTraffic(Date.now())) viewer.add(spans);
  for (const { file, query, width, height, dark } of PICTURES) {
    const browser = await Browser.start({ width, height, colorScheme: dark ? 'dark' : 'light' });
    const { page } = await browser.visit(`${viewer.url}/${query}`);
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(DOCS, file) });
    await browser.close();
    console.log(`docs/${file}`);
  }
  for (const work of works) await work.finish();
  await viewer.close();
  await admin.close();
  await service.shutdown();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
