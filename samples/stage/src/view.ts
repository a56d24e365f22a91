// `npm start -- --view`: the last step of a run, for each sample.

import { type ReceivedSpan, startViewer, type ViewerOptions } from '@spanwright/viewer';

/**
 * With `--view` among the arguments of the program: a page with the traces of the run, until Ctrl-C. Without it returns at once.
 * @param spans undefined where they went to a configured endpoint
 */
export async function viewIfAsked(
  spans: readonly ReceivedSpan[] | undefined,
  print: (line: string) => void,
  options: ViewerOptions = {},
): Promise<void> {
  if (!process.argv.includes('--view')) return;
  if (spans === undefined && options.hooks === undefined)
    return print('--view has nothing to show, because the spans went to the configured endpoint.');
  const page = await startViewer(options);
  page.add(spans ?? []);
  print(`The traces${options.hooks ? ' and the service' : ''} are shown at ${page.url}; Ctrl-C ends.`);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve));
  await page.close();
}
