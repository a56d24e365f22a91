// `npm run screenshots`: the pictures of the admin page in docs/, taken of a small service at work with the real tracing.

import { setTimeout as wait } from 'node:timers/promises';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { startAdminServer } from '../../../runtime/admin/index.js';
import { instrument, startTracing } from '../../../runtime/index.js';
import { Browser, type Look } from './browser.js';

const TOKEN = 'token-for-screenshots';
/** Namespace, function, calls a second, milliseconds of one call. */
const WORK: readonly (readonly [namespace: string, name: string, rate: number, milliseconds: number])[] = [
  ['carbide::api::machines', 'listMachines', 12, 8],
  ['carbide::api::machines', 'powerControl', 2, 160],
  ['carbide::api::firmware', 'startUpdate', 1, 90],
  ['carbide::api::health', 'ready', 20, 0],
  ['carbide::machine-controller', 'handleObjectState', 6, 40],
  ['carbide::machine-controller', 'reconcile', 3, 220],
  ['carbide::redfish', 'getPowerState', 8, 30],
  ['carbide::redfish', 'setBootOrder', 1, 400],
  ['carbide::db', 'query', 30, 2],
  ['carbide::db', 'begin', 10, 0],
  ['carbide::site-explorer', 'exploreEndpoint', 2, 300],
];

function startWork(): NodeJS.Timeout[] {
  return WORK.map(([namespace, name, rate, milliseconds], at) => {
    let calls = 0;
    const call = instrument({ name, namespace }, async () => {
      calls += 1;
      await wait(milliseconds * (0.5 + ((calls * 7 + at) % 11) / 8));
      if (name === 'getPowerState' && calls % 17 === 5) throw new Error('rack-7-bmc-03: HTTP 503 Service Unavailable');
      if (name === 'setBootOrder' && calls % 6 === 3) throw new RangeError('boot option "Pxe9" is unknown');
    });
    return setInterval(() => void call().catch(() => undefined), 1000 / rate);
  });
}

/** Calls that hang, so that the page shows open spans. */
function startHanging(): () => void {
  const end: (() => void)[] = [];
  const hang = (namespace: string, name: string, attributes: Record<string, string | number>): void => {
    const call = instrument({ name, namespace, attributes: () => attributes }, () => new Promise<void>((done) => end.push(done)));
    void call();
  };
  hang('carbide::redfish', 'waitForReset', { 'machine.id': 'fm100ht-07', 'rack.id': 7, 'http.request.method': 'POST' });
  hang('carbide::api::firmware', 'uploadImage', { 'machine.id': 'fm100ht-11', 'firmware.version': '24.10-1' });
  return () => {
    for (const done of end) done();
  };
}

const PICTURES: readonly (readonly [file: string, look: Look])[] = [
  ['admin-light.png', { width: 1000, height: 1190 }],
  ['admin-dark.png', { width: 1000, height: 1190, colorScheme: 'dark' }],
  ['admin-phone.png', { width: 390, height: 1240 }],
];

async function main(directory: string): Promise<void> {
  const tracing = await startTracing({
    serviceName: 'infra-controller',
    exporter: new InMemorySpanExporter(),
    scheduleDelay: 500,
  });
  const admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log: () => undefined });
  tracing.setEnabled(true, { for: '10m', reason: 'slow power control on rack 7', actor: 'ana@ops' });
  const finish = startHanging();
  const work = startWork();
  await wait(12_000);
  for (const [file, look] of PICTURES) {
    const browser = await Browser.start(look);
    const { page } = await browser.visit(admin.url);
    await page.fill('#token', TOKEN);
    await page.click('#access button');
    await page.locator('#has-token').waitFor();
    await page.getByRole('button', { name: 'redfish' }).click();
    await wait(4500);
    await page.evaluate('scrollTo(0, 0)');
    await page.screenshot({ path: `${directory}/${file}` });
    await browser.close();
  }
  for (const timer of work) clearInterval(timer);
  finish();
  await wait(1000);
  await admin.close();
  await tracing.shutdown();
}

void main(process.argv[2] ?? 'docs');
