// The HTTP routes of the cluster process, one row each: the part of the Kubernetes API that the pipeline uses, the cloud's API
// below /cloud, and the set-up of a run below /setup.

import { type Job, KINDS, type Node, pluralOf, type Request } from '../kube/types.js';
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

function changed(cluster: Cluster, patch: Partial<Node>, name: string): Answer {
  const node = cluster.nodes.get(name);
  if (node === undefined) return notFound(`nodes "${name}"`);
  Object.assign(node.spec, patch.spec);
  node.metadata.annotations = { ...node.metadata.annotations, ...patch.metadata?.annotations };
  cluster.label(node, patch.metadata?.labels ?? {});
  for (const condition of patch.status?.conditions ?? []) {
    node.status.conditions = [...node.status.conditions.filter(({ type }) => type !== condition.type), condition];
  }
  return ok(node);
}

function changedRequest(request: Request, patch: Partial<Request>): Answer {
  request.metadata.annotations = { ...request.metadata.annotations, ...patch.metadata?.annotations };
  request.status = { ...request.status, ...patch.status };
  return ok(request);
}

const KIND_OF = new Map(KINDS.map((kind) => [pluralOf(kind), kind]));
const REQUESTS = '/apis/janitor\\.dgxc\\.nvidia\\.com/v1alpha1/([a-z]+)';
const JOBS = '/apis/batch/v1/namespaces/nvsentinel/jobs';
const LEASES = '/apis/coordination\\.k8s\\.io/v1/namespaces/nvsentinel/leases';

/** Answers with the request of that kind and name, where there is one. */
function ofRequest(use: (request: Request, cluster: Cluster, body: unknown) => Answer): Route['answer'] {
  return (cluster, [plural = '', name = ''], body) => {
    const request = cluster.requests.get(`${KIND_OF.get(plural)}/${name}`);
    return request === undefined ? notFound(`${plural} "${name}"`) : use(request, cluster, body);
  };
}

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/api\/v1\/nodes\/([^/]+)$/,
    answer: (cluster, [name = '']) => {
      const node = cluster.nodes.get(name);
      return node === undefined ? notFound(`nodes "${name}"`) : ok(node);
    },
  },
  { method: 'GET', path: /^\/api\/v1\/nodes$/, answer: (cluster) => ok({ items: [...cluster.nodes.values()] }) },
  {
    method: 'PATCH',
    path: /^\/api\/v1\/nodes\/([^/]+)(?:\/status)?$/,
    answer: (cluster, [name = ''], patch) => changed(cluster, patch, name),
  },
  {
    method: 'DELETE',
    path: /^\/api\/v1\/nodes\/([^/]+)$/,
    answer: (cluster, [name = '']) => (cluster.nodes.delete(name) ? ok({ status: 'Success' }) : notFound(`nodes "${name}"`)),
  },
  {
    method: 'PUT',
    path: new RegExp(`^${LEASES}/([^/]+)$`),
    answer: (cluster, [name = ''], lease: { spec: { holderIdentity: string } }) => {
      const holder = cluster.leases.get(name) ?? lease.spec.holderIdentity;
      if (holder !== lease.spec.holderIdentity)
        return { status: 409, body: { message: `leases "${name}" is held by ${holder}` } };
      cluster.leases.set(name, holder);
      return ok(lease);
    },
  },
  {
    method: 'DELETE',
    path: new RegExp(`^${LEASES}/([^/]+)$`),
    answer: (cluster, [name = '']) => (cluster.leases.delete(name) ? ok({ status: 'Success' }) : notFound(`leases "${name}"`)),
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
  {
    method: 'GET',
    path: new RegExp(`^${REQUESTS}$`),
    answer: (cluster, [plural = '']) =>
      ok({ items: [...cluster.requests.values()].filter(({ kind }) => kind === KIND_OF.get(plural)) }),
  },
  {
    method: 'POST',
    path: new RegExp(`^${REQUESTS}$`),
    answer: (cluster, [plural], request: Request) => {
      const { name } = request.metadata;
      if (cluster.requests.has(`${request.kind}/${name}`))
        return { status: 409, body: { message: `${plural} "${name}" already exists` } };
      return ok(cluster.addRequest({ ...request, status: {} }), 201);
    },
  },
  { method: 'GET', path: new RegExp(`^${REQUESTS}/([^/]+)$`), answer: ofRequest((request) => ok(request)) },
  {
    method: 'PATCH',
    path: new RegExp(`^${REQUESTS}/([^/]+)(?:/status)?$`),
    answer: ofRequest((request, _, patch) => changedRequest(request, patch as Partial<Request>)),
  },
  {
    method: 'DELETE',
    path: new RegExp(`^${REQUESTS}/([^/]+)$`),
    answer: ofRequest(({ kind, metadata }, cluster) => ok(cluster.requests.delete(`${kind}/${metadata.name}`))),
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
    method: 'POST',
    path: /^\/cloud\/machines\/([^/]+)\/terminate$/,
    answer: (cluster, [name = '']) => {
      const requestRef = cluster.terminate(name);
      return requestRef === undefined ? notFound(`machine "${name}"`) : ok({ requestRef }, 202);
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
