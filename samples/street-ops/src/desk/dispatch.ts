// The back of the desk: sends the crew that has had least to do. Nodes of other places have no crew.

import { instrument, startTracing } from 'spanwright';
import { endTracing } from './end.js';
import { type Handle, serve } from './http.js';

class Dispatch {
  private readonly jobs = new Map([
    ['north', 0],
    ['south', 0],
    ['west', 0],
  ]);

  @instrument({
    name: 'choose crew',
    kind: 'server',
    parent: (_query: URLSearchParams, headers: Parameters<Handle>[1]) => headers,
  })
  async choose(query: URLSearchParams, _headers: Parameters<Handle>[1]): Promise<{ crew: string }> {
    const node = query.get('node') ?? '';
    if (!node.startsWith('gpu-node-')) throw new RangeError(`there is no node "${node}" here`);
    const [crew, jobs] = [...this.jobs].reduce((least, one) => (one[1] < least[1] ? one : least));
    this.jobs.set(crew, jobs + 1);
    return { crew };
  }
}

async function main(): Promise<void> {
  const tracing = await startTracing({ serviceName: 'dispatch', enabled: true });
  const dispatch = new Dispatch();
  await serve((query, headers) => dispatch.choose(query, headers));
  await endTracing(tracing);
  if (process.connected) process.disconnect(); // the channel would keep the process alive
}

void main();
