// The recipes of a run, one row each: the question of an operator, and the command that answers it. Rows are run in order; a row may take
// from what earlier ones found. The expected answer is declared with each, so that a deviating run ends with its reason.

export interface Found {
  /** Path of the log of the pipeline's modules. */
  logFile: string;
  /** Collector configuration of another sample. */
  collectorConfig: string;
  intake: string;
  brokenIntake: string;
  /** Trace ids that rows have found. */
  failed?: string;
  /** `health_event.id` of that one. */
  event?: string;
  slowest?: string;
  /** When the slowest began. */
  slowestAt?: string;
  /** Id of a trace whose time went into a drain. */
  drained?: string;
  broken?: string;
}

export interface Recipe {
  question: string;
  command(found: Found): string[];
  /** Expected exit code. */
  code: 0 | 1;
  /** Reads the answer to `--json`; throws when it is not what it must be. */
  // biome-ignore lint/suspicious/noExplicitAny: each recipe answers in its own shape
  check(answer: any, found: Found): void;
  /** Asks no trace backend. */
  apart?: true;
  /** The command in Kubernetes, by the names of the manifests that the documents show. Default: {@link PORT_OF_JAEGER}. */
  cluster?: string;
}

/** The recipes that ask Jaeger need its port on this machine, and nothing else. */
export const PORT_OF_JAEGER = 'kubectl port-forward -n tracing svc/jaeger 16686:16686, then the same';

function must(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const MODULES = [
  'platform-connector',
  'fault-quarantine',
  'node-drainer',
  'fault-remediation',
  'janitor',
  'janitor-provider',
  'event-exporter',
];

export const RECIPES: readonly Recipe[] = [
  {
    question: 'There are warnings in the log. Which traces do they belong to?',
    command: ({ logFile }) => ['from-log', logFile, '--level', 'warn'],
    cluster: 'kubectl logs -n production -l app=janitor --since=1h | npx spanwright traces from-log --level warn',
    code: 0,
    check({ lines }) {
      must(lines.length > 0, 'no line has a trace');
      must(
        lines.every(({ trace }: { trace: unknown }) => trace !== null),
        'a trace of a line is not at the backend',
      );
    },
  },
  {
    question: 'Which traces have errors, and where did each begin?',
    command: () => ['errors', '--since', '15m'],
    code: 0,
    check({ traces }, found) {
      const reboot = traces.find(({ error }: { error: { reason: string } }) => /reboot/i.test(error.reason));
      must(reboot, 'the machine that did not come back from its reboot is not among them');
      found.failed = reboot.traceId;
    },
  },
  {
    question: 'Which traces took long, and in what?',
    command: () => ['slow', '--since', '15m', '--over', '1s'],
    code: 0,
    check({ traces }, found) {
      must(traces.length > 0 && traces[0].durationMs >= traces[traces.length - 1].durationMs, 'none, or not the slowest first');
      found.slowest = traces[0].traceId;
      found.slowestAt = traces[0].startedAt;
      found.drained = traces.find(
        ({ slowest }: { slowest: { name: string } }) => slowest.name === 'node_drainer.drain_session',
      )?.traceId;
      must(found.drained, 'no trace waited for a drain');
    },
  },
  {
    question: 'What happened in the one that failed?',
    command: ({ failed = '' }) => ['show', failed],
    code: 0,
    check({ spans }, found) {
      must(
        spans.some(({ name }: { name: string }) => name === 'janitor.rebootnode.reboot_session'),
        'there is no reboot in it',
      );
      const ids = spans.map(({ attributes }: { attributes: Record<string, string> }) => attributes['health_event.id']);
      found.event = ids.find((id: string | undefined) => id !== undefined);
    },
  },
  {
    question: 'A customer names a health event. Which traces are about it?',
    command: ({ event = '' }) => ['find', `health_event.id=${event}`],
    code: 0,
    check({ traces }, { failed }) {
      must(traces.length === 1 && traces[0].traceId === failed, 'not the trace of that event alone');
    },
  },
  {
    question: 'Latency was highest at that moment. What was under way?',
    command: ({ slowestAt = '' }) => ['spike', '--at', slowestAt, '--window', '10s'],
    code: 0,
    check({ traces }, { slowest }) {
      must(
        traces.some(({ traceId }: { traceId: string }) => traceId === slowest),
        'the slowest trace is not of that moment',
      );
    },
  },
  {
    question: 'Which service calls which?',
    command: () => ['map', '--since', '15m'],
    code: 0,
    check({ calls }) {
      for (const module of MODULES) {
        must(
          calls.some(({ parent, child }: { parent: string; child: string }) => [parent, child].includes(module)),
          `${module} is not on the map`,
        );
      }
    },
  },
  {
    question: 'Is the trace of the drain whole?',
    command: ({ drained = '' }) => ['broken', drained],
    code: 0,
    check({ breaks }) {
      must(
        breaks.every(({ kind }: { kind: string }) => kind === 'no-answer'),
        'it is broken',
      );
    },
  },
  {
    question: 'Does the context cross every hop of the desk?',
    command: ({ intake }) => ['verify', `${intake}/?node=gpu-node-1`, '--method', 'POST', '--expect', 'intake,dispatch'],
    cluster: 'kubectl port-forward -n production svc/intake 8080:8080, then the same with http://127.0.0.1:8080',
    code: 0,
    check({ joined, missing }) {
      must(joined && missing.length === 0, 'it does not');
    },
  },
  {
    question: 'And with the other intake?',
    command: ({ brokenIntake }) => [
      'verify',
      `${brokenIntake}/?node=gpu-node-1`,
      '--method',
      'POST',
      '--expect',
      'intake,dispatch',
      '--wait',
      '4s',
    ],
    cluster: 'kubectl port-forward -n production svc/intake 8080:8080, then the same with http://127.0.0.1:8080',
    code: 1,
    check({ missing, traceId }, found) {
      must(missing.join() === 'dispatch', 'it does');
      found.broken = traceId;
    },
  },
  {
    question: 'Where does that trace stop, and why?',
    command: ({ broken = '' }) => ['broken', broken, '--expect', 'dispatch'],
    code: 1,
    check({ breaks }) {
      const lost = breaks.find(({ kind }: { kind: string }) => kind === 'own-trace');
      must(lost?.service === 'intake' && lost.next === 'dispatch', 'the break between intake and dispatch is not reported');
    },
  },
  {
    question: 'What does the Collector of the controller keep?',
    command: ({ collectorConfig }) => ['sampling', collectorConfig],
    cluster:
      "kubectl get configmap otel-collector-config -n observability -o jsonpath='{.data.config\\.yaml}' | npx spanwright traces sampling -",
    code: 0,
    apart: true,
    check({ decisions }) {
      must(
        decisions.some(({ keeps }: { keeps: string }) => keeps.includes('traces with status ERROR')),
        'not that it keeps errors',
      );
    },
  },
];
