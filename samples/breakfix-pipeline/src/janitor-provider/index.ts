// The janitor's requests to a cloud, in that cloud's own API. Its spans are below the gRPC server span of the call.

import { instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import { failed } from '../model/failure.js';

interface Machine {
  state: 'running' | 'booting';
  bootId: string;
}

export class JanitorProvider {
  constructor(
    private readonly cloudUrl: string,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'janitor_provider.SendRebootSignal',
    args: { nodeName: 'janitor_provider.reboot.node' },
    result: ({ bootId }: { bootId: string }) => ({
      'janitor_provider.reboot.sent': true,
      'janitor_provider.reboot.request_ref': bootId,
    }),
  })
  async sendRebootSignal(nodeName: string): Promise<{ nodeName: string; bootId: string }> {
    const { bootId } = await this.#ask<{ bootId: string }>('POST', `${encodeURIComponent(nodeName)}/reboot`);
    this.log.info({ node: nodeName, before: bootId }, 'the cloud reboots the machine');
    return { nodeName, bootId };
  }

  /** Ready when the machine runs on another boot than before. */
  @instrument({
    name: 'janitor_provider.IsNodeReady',
    args: { nodeName: 'janitor_provider.reboot.node', bootId: 'janitor_provider.reboot.request_ref' },
    result: (ready: boolean) => ({ 'janitor_provider.node_ready.ready': ready }),
  })
  async isNodeReady(nodeName: string, bootId: string): Promise<boolean> {
    const machine = await this.#ask<Machine>('GET', encodeURIComponent(nodeName));
    return machine.state === 'running' && machine.bootId !== bootId;
  }

  @instrument({
    name: 'janitor_provider.SendTerminateSignal',
    args: { nodeName: 'janitor_provider.terminate.node' },
    result: ({ requestRef }: { requestRef: string }) => ({
      'janitor_provider.terminate.sent': true,
      'janitor_provider.terminate.request_ref': requestRef,
    }),
  })
  async sendTerminateSignal(nodeName: string): Promise<{ requestRef: string }> {
    const termination = await this.#ask<{ requestRef: string }>('POST', `${encodeURIComponent(nodeName)}/terminate`);
    this.log.info({ node: nodeName, request: termination.requestRef }, 'the cloud terminates the machine');
    return termination;
  }

  async #ask<Answer>(method: string, path: string): Promise<Answer> {
    try {
      const response = await fetch(`${this.cloudUrl}/machines/${path}`, { method });
      if (!response.ok) throw new Error(`${method} machines/${path}: ${response.status}`);
      return (await response.json()) as Answer;
    } catch (error) {
      throw failed(this.log, 'janitor_provider', 'csp_api_error', error);
    }
  }
}
