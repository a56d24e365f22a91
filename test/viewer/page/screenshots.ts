// `npm run screenshots -w viewer`: the pictures of docs/viewer.md, one of each view, from the page over example traces and a live service;
// and the README's, from its own example.
// Needs /usr/bin/chromium and the built page.

import { join } from 'node:path';
import { startAdminServer } from '../../../runtime/admin/index.js';
import { startReceiver } from '../../../viewer/receiver/receiver.js';
import { startViewer } from '../../../viewer/view/viewer.js';
import { Browser } from '../../admin/page/browser.js';
import { listFirmware, openWork, startService } from '../../admin/service.js';
import { runExample } from '../../samples/readme-example.js';
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
  await takeExample();
  const service = await startService();
  const admin = await startAdminServer({ tracing: service, port: 0, token: TOKEN, log: () => {} });
  const viewer = await startViewer({ hooks: [admin.url], hookToken: TOKEN });
  service.setEnabled(true, { for: '10m', reason: 'machine 17 does not answer' });
  const works = [openWork({ machineId: 'm-17' }), openWork({ machineId: 'm-18' })];
  for (let at = 0; at < 40; at += 1) listFirmware();
  for (const spans of shopTraffic(Date.now())) viewer.add(spans);
  for (const picture of PICTURES) await take(viewer.url, picture);
  for (const work of works) await work.finish();
  await viewer.close();
  await admin.close();
  await service.shutdown();
}

async function take(url: string, { file, query, width, height, dark }: Picture): Promise<void> {
  const browser = await Browser.start({ width, height, colorScheme: dark ? 'dark' : 'light' });
  const { page } = await browser.visit(`${url}/${query}`);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(DOCS, file) });
  await browser.close();
  console.log(`docs/${file}`);
}

/** The failed trace of the README's example, with the span where it failed. */
async function takeExample(): Promise<void> {
  const receiver = await startReceiver();
  const { project } = await runExample(receiver.endpoint);
  const viewer = await startViewer();
  // a stack holds the folder of this machine
  viewer.add(JSON.parse(JSON.stringify(receiver.spans).replaceAll(`${project}/`, '')));
  await receiver.close();
  const failed = [...viewer.store.all()].find(({ summary }) => summary.errors > 0);
  if (failed === undefined) throw new Error('the example sent no failed trace');
  const [span] = viewer.store.spansOf(failed).filter(({ parentSpanId }) => parentSpanId !== '');
  const query = `?view=trace&id=${failed.summary.id}&span=${span?.spanId}`;
  await take(viewer.url, { file: 'viewer-readme.png', query, width: 1280, height: 440 });
  await viewer.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
