// A client of the Kubernetes API: one HTTP request a call. API-call spans are those of OpenTelemetry's `undici` instrumentation
// (fetch), with url.full and http.response.status_code; a call that is refused throws with what the server said.

import type { Job, Node, Pod, RebootNode, RebootStatus } from './types.js';

export class KubeError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'KubeError';
  }
}

const REBOOTS = '/apis/janitor.dgxc.nvidia.com/v1alpha1/rebootnodes';
const JOBS = '/apis/batch/v1/namespaces/nvsentinel/jobs';

export class KubeClient {
  constructor(private readonly url: string) {}

  getNode(name: string): Promise<Node> {
    return this.#call('GET', `/api/v1/nodes/${encodeURIComponent(name)}`);
  }

  patchNode(name: string, patch: object): Promise<Node> {
    return this.#call('PATCH', `/api/v1/nodes/${encodeURIComponent(name)}`, patch);
  }

  patchNodeStatus(name: string, patch: object): Promise<Node> {
    return this.#call('PATCH', `/api/v1/nodes/${encodeURIComponent(name)}/status`, patch);
  }

  async listPods(nodeName: string): Promise<Pod[]> {
    const selector = encodeURIComponent(`spec.nodeName=${nodeName}`);
    return (await this.#call<{ items: Pod[] }>('GET', `/api/v1/pods?fieldSelector=${selector}`)).items;
  }

  evictPod({ metadata }: Pod): Promise<unknown> {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/eviction`;
    return this.#call('POST', path, { apiVersion: 'policy/v1', kind: 'Eviction', metadata });
  }

  createJob(job: Pick<Job, 'metadata' | 'spec'>): Promise<Job> {
    return this.#call('POST', JOBS, job);
  }

  getJob(name: string): Promise<Job> {
    return this.#call('GET', `${JOBS}/${encodeURIComponent(name)}`);
  }

  async listReboots(): Promise<RebootNode[]> {
    return (await this.#call<{ items: RebootNode[] }>('GET', REBOOTS)).items;
  }

  getReboot(name: string): Promise<RebootNode> {
    return this.#call('GET', `${REBOOTS}/${encodeURIComponent(name)}`);
  }

  createReboot(reboot: Omit<RebootNode, 'status'>): Promise<RebootNode> {
    return this.#call('POST', REBOOTS, reboot);
  }

  annotateReboot(name: string, annotations: Record<string, string>): Promise<RebootNode> {
    return this.#call('PATCH', `${REBOOTS}/${encodeURIComponent(name)}`, { metadata: { annotations } });
  }

  patchRebootStatus(name: string, status: RebootStatus): Promise<RebootNode> {
    return this.#call('PATCH', `${REBOOTS}/${encodeURIComponent(name)}/status`, { status });
  }

  async #call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = (await response.json()) as { message?: string };
    if (!response.ok) throw new KubeError(response.status, `${method} ${path}: ${response.status} ${answer.message ?? ''}`);
    return answer as Answer;
  }
}
