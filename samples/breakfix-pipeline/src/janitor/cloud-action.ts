// Maintenance that the cloud carries out after one signal.

import type { Client } from '@grpc/grpc-js';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Request } from '../kube/types.js';
import { failed } from '../model/failure.js';
import { call } from '../rpc/services.js';
import { Action } from './action.js';

export abstract class CloudAction extends Action {
  constructor(
    kube: KubeClient,
    log: ConsoleLogger,
    protected readonly provider: Client,
  ) {
    super(kube, log);
  }

  /** Stores the cloud's reference, the field `key` of its answer, so that the signal is sent once. @returns the reference */
  protected async signal(request: Request, method: string, key: string, errorType: string): Promise<string> {
    const { nodeName } = request.spec;
    try {
      const requestRef = (await call<Record<string, string>>(this.provider, method, { nodeName }))[key] as string;
      await this.kube.patchStatus(request, { startTime: new Date().toISOString(), requestRef });
      this.log.info({ resource: request.metadata.name, node: nodeName, signal: method }, 'signal sent');
      return requestRef;
    } catch (error) {
      throw failed(this.log, 'janitor', errorType, error);
    }
  }
}
