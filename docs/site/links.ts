// Links of the built site that lead to no file, or to no heading of a file. Used by build.ts.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** @returns one line a link: page and target. */
export function deadLinks(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const texts = new Map(
    paths.filter((path) => path.endsWith('.html')).map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
  return [...texts].flatMap(([path, text]) =>
    [...text.matchAll(/<a [^>]*?href="([^"]*)"/g)]
      .map(([, target]) => (target as string).replaceAll('&amp;', '&'))
      .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target) && leadsNowhere(path, target))
      .map((target) => `${path}: ${target}`),
  );

  function leadsNowhere(path: string, target: string): boolean {
    const [file = '', anchor = ''] = target.split('#');
    const asked = file === '' ? path : posix.join(file.startsWith('/') ? '.' : posix.dirname(path), decodeURIComponent(file));
    const found = asked.endsWith('/') || asked === '.' ? posix.join(asked, 'index.html') : asked;
    if (!existsSync(join(folder, found))) return true;
    const page = texts.get(found);
    return page !== undefined && anchor !== '' && !page.includes(`id="${decodeURIComponent(anchor)}"`);
  }
}
