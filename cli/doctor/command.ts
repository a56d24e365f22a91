// `spanwright doctor`: runs all checks and prints what was found, the most severe last, each with cause and fix. Changes nothing.
// Exits with 1 when something is wrong that has to be fixed.

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { counted } from '../../runtime/text/counted.js';
import { VERSION } from '../../runtime/version.js';
import { CommandFailure, EXIT, type Invocation } from '../command.js';
import { configurationAt } from '../explain.js';
import { styled } from '../table.js';
import type { Finding, Level } from './finding.js';
import { checkEnvironment, readProcess } from './process.js';
import type { Subject } from './service.js';
import { checkWiring } from './wiring.js';

const ORDER: readonly Level[] = ['ok', 'note', 'warning', 'error'];
const COLOURS = { ok: 'green', note: 'dim', warning: 'yellow', error: 'red' } as const;

export async function runDoctor(invocation: Invocation): Promise<number> {
  const { arguments: given, options, out, colours } = invocation;
  const pid = options.get('pid') as number | undefined;
  const running = pid === undefined ? undefined : readProcess(pid);
  const directory = resolve(given[0] ?? running?.directory ?? '.');
  if (given[0] !== undefined && !statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandFailure(
      `${directory} is not a directory. Name the folder of the project: spanwright doctor path/to/project.`,
    );
  const project = options.get('project') as string | undefined;
  const tsconfig = project === undefined ? join(directory, 'tsconfig.json') : configurationAt(resolve(project));
  const wiring = checkWiring({ directory, tsconfig, version: VERSION });
  const findings = [
    ...(running === undefined ? [] : checkEnvironment(running)),
    ...wiring,
    ...(await serviceFindings(invocation, { directory, running }, wiring)),
  ];
  const failed = findings.some(({ level }) => level === 'error');
  if (options.has('json')) out(JSON.stringify({ ok: !failed, findings }));
  else for (const line of findingLines(findings, colours)) out(line);
  return failed ? EXIT.failed : EXIT.done;
}

/** Loaded lazily: reading a service's configuration needs OpenTelemetry's API, which may be the missing part. */
async function serviceFindings(invocation: Invocation, subject: Subject, wiring: readonly Finding[]): Promise<Finding[]> {
  try {
    const { checkService } = await import('./service.js');
    return await checkService(invocation, subject);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' && wiring.some(({ name }) => name === 'no-api')) return [];
    throw error;
  }
}

function findingLines(findings: readonly Finding[], colours: boolean): string[] {
  const lines = ORDER.flatMap((level) => findings.filter((one) => one.level === level)).flatMap(
    ({ level, found, cause, fix }) => [
      `${styled(level.padEnd(7), COLOURS[level], colours)} ${found}`,
      ...(cause === undefined ? [] : [`        cause: ${cause}`]),
      ...(fix === undefined ? [] : [`        fix:   ${fix}`]),
    ],
  );
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  return [...lines, '', (['error', 'warning', 'note'] as const).map((kind) => counted(count(kind), kind)).join(', ')];
}
