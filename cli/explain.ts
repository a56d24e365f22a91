// `spanwright explain FILE`: what the transformer makes of one source file: its sites, what is wrong, and each line that changes,
// before and after. Parses with the project's own TypeScript and writes nothing.

import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readBoundedFile } from '../runtime/text/bounded-file.js';
import { counted } from '../runtime/text/counted.js';
import { parserFor } from '../transformer/hosts/parse.js';
import { reportsOfSettings, type Transformed, textsOf } from '../transformer/hosts/texts.js';
import { CommandFailure, EXIT, type Invocation } from './command.js';

export async function runExplain({ arguments: given, options, out, err }: Invocation): Promise<number> {
  const path = resolve(given[0] as string);
  const text = readSource(path);
  const project = options.get('project');
  const directory = dirname(path);
  const tsconfig = typeof project === 'string' ? configurationAt(resolve(project)) : undefined;
  const texts = textsOf({ parser: parserFor(directory), directory, tsconfig });
  const found = texts.transform(path, text);
  const reports = [...reportsOfSettings(texts.faults), ...(found?.reports ?? [])];
  const failed = reports.some(({ severity }) => severity === 'error');
  if (options.has('json')) {
    const sites = found?.plan.sites.map(({ record }) => record) ?? [];
    const diagnostics = reports.map(({ severity, code, message, at }) => ({ severity, code, message, ...at }));
    out(
      JSON.stringify({
        file: texts.project.withoutQuery(path),
        parser: texts.parser.name,
        sites,
        diagnostics,
        before: text,
        after: found?.printed?.code ?? text,
      }),
    );
    return failed ? EXIT.failed : EXIT.done;
  }
  for (const { line } of reports) err(line);
  if (found === undefined || found.plan.sites.length === 0) {
    out(`${texts.project.withoutQuery(path)}: nothing is instrumented. ${reasonWithoutSites(text)}`);
    return failed ? EXIT.failed : EXIT.done;
  }
  describeTransformed(found, texts.project.withoutQuery(path), text, out);
  return failed ? EXIT.failed : EXIT.done;
}

function describeTransformed({ plan, printed }: Transformed, place: string, text: string, out: (line: string) => void): void {
  const count = plan.sites.length;
  out(`${place}: ${counted(count, 'site')}`);
  for (const { record } of plan.sites) {
    const { namespace, function: fn, separator = '::', name, line, column, parameters = [], shape } = record;
    out(`  ${line}:${column}  ${namespace}${separator}${fn}(${parameters.map((one) => one || '{}').join(', ')})`);
    out(`        span ${name}, ${shape}`);
  }
  if (printed === undefined) return;
  const after = printed.code.split('\n');
  out('');
  text.split('\n').forEach((before, index) => {
    if (before === after[index]) return;
    out(`${String(index + 1).padStart(5)} - ${before}`);
    out(`      + ${after[index]}`);
  });
}

/** Why a file has no sites, for the reader who expected some. */
function reasonWithoutSites(text: string): string {
  if (!text.includes('spanwright')) return "It does not import 'spanwright', and no 'auto' pattern of the plugin matches it.";
  return "It holds no @instrument on a function with a body and no call instrument(fn), or 'include' and 'exclude' leave it out.";
}

/** Limit in bytes; sources of a project are far smaller. */
const MOST_BYTES = 16 * 1024 * 1024;

function readSource(path: string): string {
  try {
    return readBoundedFile(path, MOST_BYTES)
      .bytes.toString('utf8')
      .replace(/^\uFEFF/, '');
  } catch (error) {
    throw new CommandFailure(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** Path of the configuration, from a file or from a directory with tsconfig.json, as `tsc -p` takes them. */
export function configurationAt(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new CommandFailure(`There is no ${path}. Name the project: -p path/to/tsconfig.json.`);
  if (found.isDirectory()) return join(path, 'tsconfig.json');
  // a named pipe would be waited for, and a device read without end
  if (!found.isFile())
    throw new CommandFailure(`${path} is neither a file nor a directory. Name the project: -p path/to/tsconfig.json.`);
  return path;
}
