// The manifests for Kubernetes of the samples, against the schemas of the Kubernetes API: no value of a wrong type, no field that the schema
// does not have, and what they name is there: files, ports, Services, the tested version of the Collector.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { ConfigMap, Namespace, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, parseAllDocuments } from 'yaml';
import { PROJECT } from '../house/sources.js';

// biome-ignore lint/suspicious/noExplicitAny: each test knows the manifests that it reads
type Manifest = any;

const MODELS = {
  'apps/v1 Deployment': Deployment,
  'v1 Service': Service,
  'v1 ConfigMap': ConfigMap,
  'v1 Namespace': Namespace,
  'v1 PersistentVolumeClaim': PersistentVolumeClaim,
};
const KUBERNETES = join(PROJECT, 'samples/infra-controller/kubernetes');
const JAEGER = join(PROJECT, 'samples/street-ops/jaeger.yaml');
const GATEWAY = join(PROJECT, 'samples/control-plane/collector');
const TESTED = /^ +version: (.+)$/m.exec(readFileSync(join(PROJECT, '.ci/collector.yaml'), 'utf8'))?.[1];

const readManifests = (file: string): Manifest[] => parseAllDocuments(readFileSync(file, 'utf8')).map((one) => one.toJS());

/** The value, with the path of each field that is read noted. */
function watched<T>(value: T, read: Set<string>, path = ''): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const at = `${path}/${String(key)}`;
      read.add(at);
      return watched(Reflect.get(target, key), read, at);
    },
  });
}

/** Fields that nothing has read: a validator reads each that its schema has. */
function unread(value: unknown, read: ReadonlySet<string>, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${path}/${key}`;
    return read.has(at) ? unread(inner, read, at) : [`${at} is not in the schema`];
  });
}

function faults(manifest: Manifest): string[] {
  const Model = MODELS[`${manifest.apiVersion} ${manifest.kind}` as keyof typeof MODELS];
  if (Model === undefined) return [`no schema for ${manifest.apiVersion} ${manifest.kind}`];
  const read = new Set<string>();
  const found: string[] = [];
  try {
    Model.prototype.validate.call(watched(new Model(manifest), read) as never);
  } catch (error) {
    found.push((error as Error).message);
  }
  return [...found, ...unread(manifest, read)];
}

/** The manifests of a kustomization with its ConfigMaps, as `kubectl kustomize` makes them, but for the hash in their names. */
function kustomize(folder: string): Manifest[] {
  const { resources, configMapGenerator, namespace } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
  const configMaps = configMapGenerator.map(({ name, files }: { name: string; files: string[] }) => {
    const data = files.map((one) => one.split('=')).map(([key, file]) => [key, readFileSync(join(folder, String(file)), 'utf8')]);
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: Object.fromEntries(data) };
  });
  const all: Manifest[] = [...configMaps, ...resources.flatMap((file: string) => readManifests(join(folder, file)))];
  return all.map((one) => ({ ...one, metadata: { ...one.metadata, namespace } }));
}

const named = (manifests: Manifest[], kind: string, name: string): Manifest =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);
const container = ({ spec }: Manifest): Manifest => spec.template.spec.containers[0];
const variable = (deployment: Manifest, name: string): string | undefined =>
  container(deployment).env.find((one: { name: string }) => one.name === name)?.value;

test('the schemas accept every manifest of the samples', () => {
  const files = readdirSync(KUBERNETES);
  assert.equal(files.sort(), ['shared.yaml', 'sidecar.yaml']);
  const manifests = [
    ...files.flatMap((file) => readManifests(join(KUBERNETES, file))),
    ...kustomize(GATEWAY),
    ...readManifests(JAEGER),
  ];
  assert.is(manifests.length, 11);
  assert.equal(manifests.flatMap(faults), []);
  for (const { spec } of manifests.filter(({ kind }) => kind === 'Deployment'))
    assert.equal(spec.selector.matchLabels, spec.template.metadata.labels);
});

test('a value of a wrong type, a missing field, an unknown one and an unknown kind are faults', () => {
  const [, gateway] = kustomize(GATEWAY);
  const broken = structuredClone(gateway);
  broken.spec.replicas = '2';
  broken.spec.template.spec.containers[0].imag = 'x';
  delete broken.spec.template.spec.containers[0].ports[0].containerPort;
  const found = faults(broken).join('\n');
  assert.match(found, /replicas must be integer/);
  assert.match(found, /ports\/0 must have required property containerPort/);
  assert.match(found, /^\/spec\/template\/spec\/containers\/0\/imag is not in the schema$/m);
  assert.equal(faults({ ...gateway, kind: 'Deploymnt' }), ['no schema for apps/v1 Deploymnt']);
});

test('the gateway has two replicas of the tested version behind a Service, with its configuration, certificates and every variable that it reads', () => {
  const manifests = kustomize(GATEWAY);
  const gateway = named(manifests, 'Deployment', 'otel-collector');
  assert.is(gateway.spec.replicas, 2);
  assert.is(container(gateway).image, `otel/opentelemetry-collector-contrib:${TESTED}`);
  const service = named(manifests, 'Service', 'otel-collector');
  assert.equal(service.spec.selector, gateway.spec.template.metadata.labels);
  const offered = container(gateway).ports.map(({ containerPort }: { containerPort: number }) => containerPort);
  for (const { port } of service.spec.ports) assert.ok(offered.includes(port), `${port}`);
  const [{ configMap }, { secret }] = gateway.spec.template.spec.volumes;
  const config = named(manifests, 'ConfigMap', configMap.name).data['config.yaml'];
  assert.is(secret.secretName, 'otel-gateway-tls');
  assert.match(config, /insecure: false/);
  const wanted = [...config.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name as string);
  assert.ok(wanted.length > 0);
  for (const name of wanted) assert.ok(variable(gateway, name), `${name} has no default, and is set`);
  assert.is(variable(gateway, 'TLS_FOLDER'), container(gateway).volumeMounts[1].mountPath);
});

test('the controller sends to the shared Collector by the name of its Service, or to localhost with the annotation of the Operator', () => {
  const endpoint = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const shared = readManifests(join(KUBERNETES, 'shared.yaml'));
  const [{ metadata, spec }] = [named(shared, 'Service', 'otel-collector')];
  const address = `http://${metadata.name}.${metadata.namespace}.svc.cluster.local:${spec.ports[0].port}`;
  assert.is(variable(named(shared, 'Deployment', 'carbide-api'), endpoint), address);
  assert.is(container(named(shared, 'Deployment', 'otel-collector')).image, `otel/opentelemetry-collector-contrib:${TESTED}`);

  const [sidecar] = readManifests(join(KUBERNETES, 'sidecar.yaml'));
  assert.is(variable(sidecar, endpoint), 'http://localhost:4317');
  const { annotations } = sidecar.spec.template.metadata;
  assert.match(annotations['sidecar.opentelemetry.io/inject'], /^[a-z-]+\/[a-z-]+$/);
});

test.run();
