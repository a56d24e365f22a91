// The HTTP routes of the cluster process, one row each: the part of the Kubernetes API that the pipeline uses, the cloud's API
// below /cloud, and the set-up of a run below /setup.

import type { Job, Node, RebootNode } from '../kube/types.js';
import type { Cluster, NodeSetup } from './cluster.js';

export interface Answer {
  status: number;
  body: unknown;
}

interface Route {
  method: string;
  /** Groups are names, decoded. */
  path: RegExp;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are what the pipeline's own client sends
  answer(cluster: Cluster, names: string[], body: any, query: URLSearchParams): Answer;
}

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const notFound = (what: string): Answer => ({ status: 404, body: { kind: 'Status', message: `${what} not found` } });

function changed(node: Node | undefined, patch: Partial<Node>, name = ''): Answer {
  if (node === undefined) return notFound(`nodes "${name}"`);
  Object.assign(node.spec, patch.spec);
  if (patch.metadata?.annotations) node.metadata.annotations = { ...node.metadata.annotations, ...patch.metadata.annotations };
  for (const condition of patch.status?.conditions ?? []) {
    node.status.conditions = [...node.status.conditions.filter(({ type }) => type !== condition.type), condition];
  }
  return ok(node);
}

function changedReboot(reboot: RebootNode | undefined, patch: Partial<RebootNode>, name = ''): Answer {
  if (reboot === undefined) return notFound(`rebootnodes "${name}"`);
  reboot.metadata.annotations = { ...reboot.metadata.annotations, ...patch.metadata?.annotations };
  reboot.status = { ...reboot.status, ...patch.status };
  return ok(reboot);
}

const REBOOTS = '/apis/janitor\\.dgxc\\.nvidia\\.com/v1alpha1/rebootnodes';
const JOBS = '/apis/batch/v1/namespaces/nvsentinel/jobs';

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/api\/v1\/nodes\/([^/]+)$/,
    answer: (cluster, [name = '']) => {
      const node = cluster.nodes.get(name);
      return node === undefined ? notFound(`nodes "${name}"`) : ok(node);
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v1\/nodes\/([^/]+)(?:\/status)?$/,
    answer: (cluster, [name = ''], patch) => changed(cluster.nodes.get(name), patch, name),
  },
  {
    method: 'GET',
    path: /^\/api\/v1\/pods$/,
    answer: (cluster, _, __, query) =>
      ok({ items: cluster.podsOn((query.get('fieldSelector') ?? '').replace('spec.nodeName=', '')) }),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/]+)\/eviction$/,
    answer: (cluster, [name = '']) => {
      const pod = cluster.evict(name);
      return pod === undefined ? notFound(`pods "${name}"`) : ok({ kind: 'Status', status: 'Success' }, 201);
    },
  },
  {
    method: 'POST',
    path: new RegExp(`^${JOBS}$`),
    answer: (cluster, _, job: Job) => ok(cluster.startJob({ ...job, status: {} }), 201),
  },
  {
    method: 'GET',
    path: new RegExp(`^${JOBS}/([^/]+)$`),
    answer: (cluster, [name = '']) => {
      const job = cluster.jobs.get(name);
      return job === undefined ? notFound(`jobs "${name}"`) : ok(job);
    },
  },
  { method: 'GET', path: new RegExp(`^${REBOOTS}$`), answer: (cluster) => ok({ items: [...cluster.reboots.values()] }) },
  {
    method: 'POST',
    path: new RegExp(`^${REBOOTS}$`),
    answer: (cluster, _, reboot: RebootNode) => {
      const { name } = reboot.metadata;
      if (cluster.reboots.has(name)) return { status: 409, body: { message: `rebootnodes "${name}" already exists` } };
      cluster.reboots.set(name, { ...reboot, status: {} });
      return ok(cluster.reboots.get(name), 201);
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${REBOOTS}/([^/]+)$`),
    answer: (cluster, [name = '']) => {
      const reboot = cluster.reboots.get(name);
      return reboot === undefined ? notFound(`rebootnodes "${name}"`) : ok(reboot);
    },
  },
  {
    method: 'PATCH',
    path: new RegExp(`^${REBOOTS}/([^/]+)(?:/status)?$`),
    answer: (cluster, [name = ''], patch) => changedReboot(cluster.reboots.get(name), patch, name),
  },
  {
    method: 'POST',
    path: /^\/cloud\/machines\/([^/]+)\/reboot$/,
    answer: (cluster, [name = '']) => {
      const bootId = cluster.reboot(name);
      return bootId === undefined ? notFound(`machine "${name}"`) : ok({ bootId }, 202);
    },
  },
  {
    method: 'GET',
    path: /^\/cloud\/machines\/([^/]+)$/,
    answer: (cluster, [name = '']) => {
      const machine = cluster.machines.get(name);
      return machine === undefined ? notFound(`machine "${name}"`) : ok({ state: machine.state, bootId: machine.bootId });
    },
  },
  { method: 'POST', path: /^\/setup\/nodes$/, answer: (cluster, _, setup: NodeSetup) => ok(cluster.add(setup), 201) },
];

export function answer(cluster: Cluster, method: string, url: URL, body: unknown): Answer {
  for (const route of ROUTES) {
    const found = route.method === method ? route.path.exec(url.pathname) : null;
    if (found) return route.answer(cluster, found.slice(1).map(decodeURIComponent), body, url.searchParams);
  }
  return notFound(`${method} ${url.pathname}`);
}
