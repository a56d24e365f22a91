// The simulated part: nodes, the pods on them and what ends them, jobs, reboot requests, and the machines of the cloud. What takes
// time takes it here: a pod ends when it has written its checkpoint, a machine is back when it has booted.

import type { Job, Node, Pod, RebootNode } from '../kube/types.js';

/** Set-up of a node in a run. */
export interface NodeSetup {
  name: string;
  /** Pods, and how long each takes to end after its eviction. */
  pods: { name: string; endsAfterMs: number }[];
  /** How long the machine takes to boot; null: it does not come back. */
  bootMs: number | null;
}

interface Machine {
  bootMs: number | null;
  bootId: string;
  boots: number;
  state: 'running' | 'booting';
}

export class Cluster {
  readonly nodes = new Map<string, Node>();
  readonly pods = new Map<string, Pod>();
  readonly jobs = new Map<string, Job>();
  readonly reboots = new Map<string, RebootNode>();
  readonly machines = new Map<string, Machine>();
  readonly #endsAfter = new Map<string, number>();

  add({ name, pods, bootMs }: NodeSetup): Node {
    const machine: Machine = { bootMs, bootId: `${name}-boot-1`, boots: 1, state: 'running' };
    this.machines.set(name, machine);
    const node: Node = {
      metadata: { name, annotations: {} },
      spec: { unschedulable: false, taints: [] },
      status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { bootID: machine.bootId } },
    };
    this.nodes.set(name, node);
    for (const pod of pods) {
      const metadata = { name: pod.name, namespace: 'training' };
      const grace = Math.ceil(pod.endsAfterMs / 1000);
      this.pods.set(pod.name, {
        metadata,
        spec: { nodeName: name, terminationGracePeriodSeconds: grace },
        status: { phase: 'Running' },
      });
      this.#endsAfter.set(pod.name, pod.endsAfterMs);
    }
    return node;
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
    setTimeout(() => {
      job.status = { succeeded: 1 };
    }, 100).unref();
    return job;
  }

  /** Reaction of the cloud to a reboot signal. @returns the boot that ends by it. */
  reboot(name: string): string | undefined {
    const machine = this.machines.get(name);
    if (machine === undefined) return undefined;
    const { bootId, bootMs } = machine;
    machine.state = 'booting';
    this.#setReady(name, false);
    if (bootMs !== null) setTimeout(() => this.#booted(name, machine), bootMs).unref();
    return bootId;
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
