// Checks of the viewer's pages in Chromium, shared by the tests of this folder.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import type { Visit } from '../../admin/page/browser.js';

export const CHROMIUM = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');

/** Waits until `count` elements match. */
export async function countIs(page: Page, selector: string, count: number): Promise<void> {
  const end = Date.now() + 10_000;
  let found = await page.locator(selector).count();
  while (found !== count && Date.now() < end) {
    await page.waitForTimeout(50);
    found = await page.locator(selector).count();
  }
  assert.is(found, count, selector);
}

/** Milliseconds from the click on a row of the list to the frame that shows the first row of its waterfall. */
export async function clickToWaterfall(page: Page, trace: string): Promise<number> {
  const link = `a[href*="${trace}"]`;
  await page.locator(link).first().waitFor();
  return page.evaluate(`new Promise((resolve) => {
    const begin = performance.now();
    new MutationObserver((_, observer) => {
      if (document.querySelector('.span-row') === null) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - begin));
    }).observe(document.getElementById('app'), { subtree: true, childList: true });
    document.querySelector('${link}').click();
  })`) as Promise<number>;
}

/** Violations of axe's rules, as text. The script is evaluated by the debugger, which the page's policy does not concern. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200) + ' ' + nodes[0].failureSummary))`,
  ) as Promise<string[]>;
}

/** Texts that reach beyond the window, or beyond a box that hides what overflows and neither scrolls nor ends in an ellipsis. */
export async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const found = document.documentElement.scrollWidth > innerWidth ? ['the page scrolls sideways'] : [];
    const texts = [...document.querySelectorAll('body *')].filter(
      (element) => element.checkVisibility() && !element.closest('.hidden, .skip, svg, option, datalist') &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
    for (const element of texts) {
      const { left, right } = element.getBoundingClientRect();
      let [from, to, box] = [0, innerWidth, element];
      for (; box !== null; box = box.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(box);
        if (textOverflow === 'ellipsis' || overflowX === 'auto' || overflowX === 'scroll') break;
        if (overflowX !== 'hidden') continue;
        const edge = box.getBoundingClientRect();
        [from, to] = [Math.max(from, edge.left), Math.min(to, edge.right)];
      }
      if (box === null && (left < from - 1 || right > to + 1)) found.push(element.className + ': ' + element.textContent.trim().slice(0, 60));
    }
    return found;
  })()`) as Promise<string[]>;
}

/** Nothing on the console, no uncaught error, and no request to another origin. */
export function assertSound({ faults, requests }: Visit, origin: string): void {
  assert.equal(faults, []);
  assert.equal(
    requests.filter((url) => !url.startsWith(origin)),
    [],
  );
}
