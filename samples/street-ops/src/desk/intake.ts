// The front of the desk: takes the report of a fault and asks the dispatcher for a crew. With HANDS_ON=false it calls like a client
// without instrumentation, without the headers of the trace: the most common way in which traces break.

import { inject, instrument, startTracing } from 'spanwright';
import { consoleLogger } from 'spanwright/logs';
import { endTracing } from './end.js';
import { type Handle, serve } from './http.js';

const log = consoleLogger({ fields: { service: 'intake' }, stream: process.stderr });

class Intake {
  constructor(
    private readonly dispatcher: string,
    private readonly handsOn: boolean,
  ) {}

  @instrument({
    name: 'report fault',
    kind: 'server',
    parent: (_query: URLSearchParams, headers: Parameters<Handle>[1]) => headers,
    attributes: (query: URLSearchParams) => ({ 'fault.node': query.get('node') ?? '' }),
  })
  async report(query: URLSearchParams, _headers: Parameters<Handle>[1]): Promise<unknown> {
    const node = query.get('node') ?? 'unknown';
    const crew = await this.askForCrew(node);
    log.info({ node, crew }, 'a crew is on its way');
    return { node, crew };
  }

  @instrument({ name: 'POST', kind: 'client', attributes: () => ({ 'http.request.method': 'POST', 'peer.service': 'dispatch' }) })
  private async askForCrew(node: string): Promise<unknown> {
    const headers = this.handsOn ? inject({}) : {};
    const response = await fetch(`${this.dispatcher}/?${new URLSearchParams({ node })}`, { method: 'POST', headers });
    const answer = (await response.json()) as { crew?: string; error?: string };
    if (!response.ok) throw new Error(`the dispatcher answered ${response.status}: ${answer.error}`);
    return answer.crew;
  }
}

async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'intake', enabled: true });
  const intake = new Intake(process.env.DISPATCH_URL ?? '', process.env.HANDS_ON !== 'false');
  await serve(async (query, headers) => {
    try {
      return await intake.report(query, headers);
    } catch (error) {
      log.error({ node: query.get('node'), error: (error as Error).message }, 'no crew');
      throw error;
    }
  });
  await endTracing(tracing);
  if (process.connected) process.disconnect(); // the channel would keep the process alive
}

void main();
