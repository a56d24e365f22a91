// A client of the Kubernetes API: one HTTP request a call. API-call spans are those of OpenTelemetry's `undici` instrumentation
// (fetch), with url.full and http.response.status_code; a call that is refused throws with what the server said.

import { type Job, type Kind, type Node, type Pod, pluralOf, type Request, type RequestStatus } from './types.js';

export class KubeError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'KubeError';
  }
}

const hasStatus = (status: number) => (error: unknown) => error instanceof KubeError && error.status === status;
/** The server refuses what exists already, or a lease that another holds. */
export const isConflict = hasStatus(409);
const isNotFound = hasStatus(404);

const API_VERSION = 'janitor.dgxc.nvidia.com/v1alpha1';
const API = `/apis/${API_VERSION}`;
const JOBS = '/apis/batch/v1/namespaces/nvsentinel/jobs';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/nvsentinel/leases';

const nodePath = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;
const requestPath = (kind: Kind, name: string): string => `${API}/${pluralOf(kind)}/${encodeURIComponent(name)}`;

export class KubeClient {
  constructor(private readonly url: string) {}

  async listNodes(): Promise<Node[]> {
    return (await this.#call<{ items: Node[] }>('GET', '/api/v1/nodes')).items;
  }

  getNode(name: string): Promise<Node> {
    return this.#call('GET', nodePath(name));
  }

  patchNode(name: string, patch: object): Promise<Node> {
    return this.#call('PATCH', nodePath(name), patch);
  }

  patchNodeStatus(name: string, patch: object): Promise<Node> {
    return this.#call('PATCH', `${nodePath(name)}/status`, patch);
  }

  deleteNode(name: string): Promise<unknown> {
    return this.#call('DELETE', nodePath(name));
  }

  /** Takes the lease of a node, or renews it. False while another holds it. */
  async lockNode(name: string, holderIdentity: string): Promise<boolean> {
    const lease = { metadata: { name }, spec: { holderIdentity } };
    try {
      await this.#call('PUT', `${LEASES}/${encodeURIComponent(name)}`, lease);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  unlockNode(name: string): Promise<unknown> {
    return this.#call('DELETE', `${LEASES}/${encodeURIComponent(name)}`);
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

  async list(kind: Kind): Promise<Request[]> {
    return (await this.#call<{ items: Request[] }>('GET', `${API}/${pluralOf(kind)}`)).items;
  }

  get(kind: Kind, name: string): Promise<Request> {
    return this.#call('GET', requestPath(kind, name));
  }

  create(request: Omit<Request, 'status'>): Promise<Request> {
    return this.#call('POST', `${API}/${pluralOf(request.kind)}`, { apiVersion: API_VERSION, ...request });
  }

  annotate({ kind, metadata: { name } }: Request, annotations: Record<string, string>): Promise<Request> {
    return this.#call('PATCH', requestPath(kind, name), { metadata: { annotations } });
  }

  patchStatus({ kind, metadata: { name } }: Request, status: RequestStatus): Promise<Request> {
    return this.#call('PATCH', `${requestPath(kind, name)}/status`, { status });
  }

  async delete(kind: Kind, name: string): Promise<void> {
    await this.#call('DELETE', requestPath(kind, name)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
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
