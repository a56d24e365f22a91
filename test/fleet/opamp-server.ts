// The OpAMP server of test/fleet/server as a child process, driven over HTTP. Used by the tests of this folder and by bench/fleet.ts.

import { setTimeout as wait } from 'node:timers/promises';
import { findPart, freePorts, Program } from '../real/support/program.js';

export const OPAMP_SERVER = findPart('opamp/server');

export interface AgentHealth {
  readonly healthy: boolean;
  readonly status: string;
  readonly lastError: string;
  readonly components: Readonly<Record<string, AgentHealth>>;
}

/** Last report of an agent, as main.go writes it. */
export interface Agent {
  readonly uid: string;
  readonly identifying: Readonly<Record<string, string>>;
  readonly others: Readonly<Record<string, string>>;
  readonly capabilities: number;
  readonly health: AgentHealth | null;
  /** JSON. */
  readonly effective: string;
  readonly hash: string;
  readonly status: string;
  readonly error: string;
  readonly messages: number;
  readonly connected: boolean;
  readonly disconnected: boolean;
}

interface Summary {
  readonly agents: number;
  readonly connected?: number;
  readonly RemoteConfigStatuses_APPLIED?: number;
  readonly RemoteConfigStatuses_FAILED?: number;
}

export class OpampServer {
  #program: Program | undefined;

  private constructor(
    private readonly port: number,
    private readonly control: number,
    private readonly more: readonly string[],
  ) {}

  /** @param more arguments of main.go */
  static async start(...more: readonly string[]): Promise<OpampServer> {
    const [port, control] = (await freePorts(2)) as [number, number];
    const server = new OpampServer(port, control, more);
    await server.start();
    return server;
  }

  /** Starts again after a stop, on the same port. */
  async start(): Promise<void> {
    const { port, control, more } = this;
    const args = ['-listen', `127.0.0.1:${port}`, '-control', `127.0.0.1:${control}`, ...more];
    this.#program = await Program.start(OPAMP_SERVER as string, args, control);
  }

  url(scheme: 'http' | 'ws' | 'https' | 'wss'): string {
    return `${scheme}://127.0.0.1:${this.port}/v1/opamp`;
  }

  get program(): Program {
    return this.#program as Program;
  }

  /** Offers files by name; returns the hash of the configuration. */
  async configure(files: Readonly<Record<string, unknown>>): Promise<string> {
    const texts = Object.entries(files).map(([name, body]) => [name, typeof body === 'string' ? body : JSON.stringify(body)]);
    return await (await this.#post('config', JSON.stringify(Object.fromEntries(texts)))).text();
  }

  async flood(count: number): Promise<void> {
    await (await this.#post(`flood?count=${count}`)).text();
  }

  async agents(): Promise<readonly Agent[]> {
    return (await (await fetch(`http://127.0.0.1:${this.control}/agents`)).json()) as Agent[];
  }

  async summary(): Promise<Summary> {
    return (await (await fetch(`http://127.0.0.1:${this.control}/summary`)).json()) as Summary;
  }

  /** The one agent, once `is` accepts it. */
  async until(is: (agent: Agent) => boolean, most = 20_000): Promise<Agent> {
    const end = performance.now() + most;
    for (;;) {
      const [agent] = await this.agents();
      if (agent !== undefined && is(agent)) return agent;
      if (performance.now() > end) throw new Error(`not within ${most} ms; last reported: ${JSON.stringify(agent)}`);
      await wait(20);
    }
  }

  #post(path: string, body?: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.control}/${path}`, { method: 'POST', ...(body !== undefined && { body }) });
  }
}
