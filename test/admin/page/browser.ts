// Debian's Chromium, driven by playwright-core, without a connection to anything but this machine. Notes everything that a page
// must not do: messages on the console, uncaught errors, requests to another origin.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly deviceScaleFactor?: number;
}

export interface Visit {
  readonly page: Page;
  /** Console messages of kind error or warning, and uncaught errors. */
  readonly faults: string[];
  /** Every URL that was asked for. */
  readonly requests: string[];
}

export class Browser {
  private constructor(
    private readonly context: BrowserContext,
    private readonly directory: string,
  ) {}

  static async start({ width = 1200, height = 900, colorScheme = 'light', deviceScaleFactor = 1 }: Look = {}): Promise<Browser> {
    const directory = mkdtempSync(join(tmpdir(), 'spanwright-chromium-'));
    const context = await chromium.launchPersistentContext(directory, {
      executablePath: '/usr/bin/chromium',
      args: FLAGS,
      viewport: { width, height },
      colorScheme,
      deviceScaleFactor,
      timeout: 60_000,
    });
    context.setDefaultTimeout(20_000);
    return new Browser(context, directory);
  }

  async visit(url: string): Promise<Visit> {
    const page = await this.context.newPage();
    const visit: Visit = { page, faults: [], requests: [] };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) visit.faults.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => visit.faults.push(String(error)));
    page.on('request', (request) => visit.requests.push(request.url()));
    await page.goto(url);
    return visit;
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
