// The simulated part: nodes, pods and their evictions, jobs, requests, and the machines of the cloud. Slow operations take their
// time here: a pod ends when it has written its checkpoint, a machine is back when it has booted.

import {
  GPU,
  GPU_OPERATOR,
  type Job,
  type Metadata,
  type Node,
  type Pod,
  type Request,
  SERVICE_LABEL,
  SLURM,
} from '../kube/types.js';

/** Set-up of a node in a run. */
export interface NodeSetup {
  name: string;
  /** Pods, and how long each takes to end after its eviction; `gpu` is the one that it uses. */
  pods: { name: string; endsAfterMs: number; namespace?: string; gpu?: string }[];
  /** How long the machine takes to boot, or to be terminated; null: it does not come back. */
  bootMs: number | null;
  /** Jobs on the node that do not succeed, by the beginning of their names. */
  jobs?: Record<string, 'fails' | 'hangs'>;
  /** Services that use the GPUs: each is a pod of the namespace `gpu-operator`, there while a label of the node is `true`. */
  services?: string[];
}

interface Machine {
  bootMs: number | null;
  bootId: string;
  boots: number;
  state: 'running' | 'booting';
}

const SERVICE_MS = 200;
const JOB_MS = 100;

export class Cluster {
  readonly nodes = new Map<string, Node>();
  readonly pods = new Map<string, Pod>();
  readonly jobs = new Map<string, Job>();
  /** By kind and name. */
  readonly requests = new Map<string, Request>();
  /** Holder by node. */
  readonly leases = new Map<string, string>();
  readonly machines = new Map<string, Machine>();
  readonly #endsAfter = new Map<string, number>();
  readonly #setups = new Map<string, NodeSetup>();

  add(setup: NodeSetup): Node {
    const { name, pods, bootMs, services = [] } = setup;
    const machine: Machine = { bootMs, bootId: `${name}-boot-1`, boots: 1, state: 'running' };
    this.machines.set(name, machine);
    this.#setups.set(name, setup);
    const node: Node = {
      metadata: { name, annotations: {}, labels: {} },
      spec: { unschedulable: false, taints: [] },
      status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { bootID: machine.bootId } },
    };
    this.nodes.set(name, node);
    for (const { name: pod, namespace = 'training', gpu, endsAfterMs } of pods) {
      this.#startPod({ name: pod, namespace, ...(gpu !== undefined && { annotations: { [GPU]: gpu } }) }, name, endsAfterMs);
    }
    this.label(node, Object.fromEntries(services.map((service) => [SERVICE_LABEL + service, 'true'])));
    return node;
  }

  #startPod(metadata: Metadata, nodeName: string, endsAfterMs: number): void {
    const grace = Math.ceil(endsAfterMs / 1000);
    this.pods.set(metadata.name, {
      metadata,
      spec: { nodeName, terminationGracePeriodSeconds: grace },
      status: { phase: 'Running' },
    });
    this.#endsAfter.set(metadata.name, endsAfterMs);
  }

  /** Labels of a node start and stop the services on it. */
  label(node: Node, labels: Record<string, string>): void {
    node.metadata.labels = { ...node.metadata.labels, ...labels };
    for (const [label, value] of Object.entries(labels)) {
      if (!label.startsWith(SERVICE_LABEL)) continue;
      const name = `${label.slice(SERVICE_LABEL.length)}-${node.metadata.name}`;
      if (value === 'true') this.#startPod({ name, namespace: GPU_OPERATOR }, node.metadata.name, SERVICE_MS);
      else this.evict(name);
    }
  }

  podsOn(nodeName: string): Pod[] {
    return [...this.pods.values()].filter(({ spec }) => spec.nodeName === nodeName);
  }

  /** Evicts a pod; it is gone when it has done its work at the end. */
  evict(name: string): Pod | undefined {
    const pod = this.pods.get(name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return pod;
    pod.metadata.deletionTimestamp = new Date().toISOString();
    setTimeout(() => this.pods.delete(name), this.#endsAfter.get(name) ?? 0).unref();
    return pod;
  }

  startJob(job: Job): Job {
    this.jobs.set(job.metadata.name, job);
    const jobs = Object.entries(this.#setups.get(job.spec.nodeName)?.jobs ?? {});
    const ends = jobs.find(([beginning]) => job.metadata.name.startsWith(beginning))?.[1] ?? 'succeeds';
    setTimeout(() => {
      if (ends !== 'hangs') job.status = ends === 'fails' ? { failed: 1 } : { succeeded: 1 };
    }, JOB_MS).unref();
    return job;
  }

  /** Stores a request. Its owner carries out a drain request, and here that is the scheduler of the namespace `slurm`. */
  addRequest(request: Request): Request {
    this.requests.set(`${request.kind}/${request.metadata.name}`, request);
    if (request.kind === 'DrainRequest') {
      for (const { metadata } of this.podsOn(request.spec.nodeName)) if (metadata.namespace === SLURM) this.evict(metadata.name);
    }
    return request;
  }

  /** Reaction of the cloud to a reboot signal. @returns the id of the boot that the reboot ends. */
  reboot(name: string): string | undefined {
    const machine = this.machines.get(name);
    if (machine === undefined) return undefined;
    const { bootId, bootMs } = machine;
    machine.state = 'booting';
    this.#setReady(name, false);
    if (bootMs !== null) setTimeout(() => this.#booted(name, machine), bootMs).unref();
    return bootId;
  }

  /** Reaction of the cloud to a terminate signal. @returns its reference. */
  terminate(name: string): string | undefined {
    const machine = this.machines.get(name);
    if (machine === undefined) return undefined;
    setTimeout(() => {
      this.machines.delete(name);
      this.#setReady(name, false);
    }, machine.bootMs ?? 0).unref();
    return `${name}-termination`;
  }

  #booted(name: string, machine: Machine): void {
    machine.boots++;
    machine.bootId = `${name}-boot-${machine.boots}`;
    machine.state = 'running';
    const node = this.nodes.get(name);
    if (node !== undefined) node.status.nodeInfo.bootID = machine.bootId;
    this.#setReady(name, true);
  }

  #setReady(name: string, ready: boolean): void {
    const condition = this.nodes.get(name)?.status.conditions.find(({ type }) => type === 'Ready');
    if (condition !== undefined) condition.status = ready ? 'True' : 'False';
  }
}
