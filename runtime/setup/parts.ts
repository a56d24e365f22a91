// Parts that both set-ups share: startTracing() with Spanwright's export, and createSampler() over the user's SDK.

import type { Configuration } from '../config/configuration.js';
import type { LoadedConfiguration } from '../config/load.js';
import { SpanwrightError } from '../errors.js';
import { guarded, onFault } from '../fault.js';
import { noticeLoggerOf } from '../notice-logger.js';
import { Watchdog } from '../open/watchdog.js';
import type { Resource } from '../sdk/contracts.js';
import type { SpanLimits } from '../span/attributes.js';
import { ProviderRecorder, ProviderSink } from '../span/provided.js';
import { Recorder } from '../span/recorder.js';
import { hiddenNames } from '../span/redact.js';
import type { SpanSink } from '../span/sink.js';
import { state } from '../state.js';
import { counted } from '../text/counted.js';
import { textOfThrown } from '../text/thrown.js';
import { VERSION } from '../version.js';
import { notice, setNoticeLevel, setNoticeLogger } from '../warnings.js';
import { buildExceptionLog } from './exception-log.js';
import type { LiveTracing } from './live.js';
import { answerWithTraceId } from './response-header.js';

/** The last start: the function that was called, the tracing that it started, and what it returned. */
let last: { readonly by: string; readonly tracing: object | undefined; readonly returned: unknown } | undefined;

/**
 * Starts tracing. A development server runs the module with the call again after edits: there the call returns what the first one returned.
 * @throws SpanwrightError ALREADY_STARTED when tracing runs in this process.
 */
export function startOnce<Started>(by: string, start: () => Started): Started {
  if (state.tracing === undefined) {
    const returned = start();
    last = { by, tracing: state.tracing, returned };
    return returned;
  }
  if (last?.by === by && last.tracing === state.tracing && state.sites.isReloadable) {
    notice('SPW045', 'what runs goes on with the options of the first call; restart the server to change them');
    return last.returned as Started;
  }
  throw new SpanwrightError(
    'ALREADY_STARTED',
    `${by}: tracing runs in this process already; call shutdown() of the running one first, or use what the first call returned.`,
  );
}

/**
 * From now on calls that the gate lets through are recorded.
 * @param own where spans go and their resource; undefined: the user's SDK starts them, and its sampler decides the ratio.
 */
export function startRecorder(
  tracing: LiveTracing,
  configuration: Configuration,
  own: { readonly sink: SpanSink; readonly resource: Resource | undefined } | undefined,
): void {
  const { gate, open, recentErrors } = state;
  const scope = { name: configuration.tracerName, version: VERSION };
  const limits = limitsOf(configuration);
  open.restart(configuration.maxOpenSpans);
  open.onFull = reportNoRoom;
  const shared = { gate, open, meter: tracing.leaseBook, recentErrors, scope, limits };
  gate.remoteRoots.restart(configuration.remoteRootsPerSecond);
  gate.remoteRoots.onRefused = () =>
    notice('SPW028', `sampled callers start more than ${configuration.remoteRootsPerSecond} a second (remote_roots_per_second)`);
  const { resource, serviceName, traceHeader, traceHeaderSecret, traceHeaderPerSecond } = configuration;
  const isSigned = traceHeader !== null && traceHeaderSecret !== null;
  gate.recordSigned(isSigned ? { header: traceHeader, secret: traceHeaderSecret, perSecond: traceHeaderPerSecond } : undefined);
  gate.resourceAttributes = () => ({ ...resource, 'service.name': serviceName, ...own?.resource?.attributes });
  state.recorder =
    own === undefined
      ? new ProviderRecorder({
          ...shared,
          limits: uncounted(limits),
          resource: undefined,
          sink: new ProviderSink(),
          defersRatio: true,
        })
      : new Recorder({ ...shared, ...own, defersRatio: false });
}

/** The user's provider applies its own limits and counts what it drops. */
function uncounted(limits: SpanLimits): SpanLimits {
  return { ...limits, attributeCount: Number.POSITIVE_INFINITY, linkAttributeCount: Number.POSITIVE_INFINITY };
}

function reportNoRoom(namespace: string | undefined): void {
  const { open } = state;
  const { namespace: largest = '', places = 0 } = open.largest() ?? {};
  const detail =
    namespace === undefined
      ? `${counted(open.max, 'span is', 'spans are')} open, the most of them (${places}) in ${JSON.stringify(largest)}; no further span is recorded until some end`
      : `${JSON.stringify(namespace)} has ${counted(open.share, 'open span')}, its share of ${open.max}; further spans of other namespaces are recorded`;
  notice('SPW025', `${detail}. List them with "spanwright spans"; end the leak, or raise max_open_spans`, namespace ?? '*');
}

export function limitsOf(configuration: Configuration): SpanLimits {
  return {
    attributeCount: configuration.spanAttributeCountLimit,
    attributeLength: configuration.attributeValueLengthLimit ?? Number.POSITIVE_INFINITY,
    eventCount: configuration.spanEventCountLimit,
    eventAttributeCount: configuration.eventAttributeCountLimit,
    linkAttributeCount: configuration.linkAttributeCountLimit,
    linkCount: configuration.spanLinkCountLimit,
    callDepth: configuration.maxCallDepth,
    hides: hiddenNames(configuration.redact),
    exceptionLog: buildExceptionLog(configuration.exceptionSignal, notice),
  };
}

/** Sets up `response_header`; returns the function that undoes it. */
export function answering({ responseHeader }: Configuration): (() => void)[] {
  return responseHeader === null ? [] : [answerWithTraceId(responseHeader)];
}

/** Starts what reports spans that do not end; the returned function stops it. */
export function watch(configuration: Configuration): () => void {
  const { maxSpanAge, onLeak } = configuration;
  const watchdog = new Watchdog(
    state.open,
    state.gate,
    maxSpanAge,
    onLeak,
    function reportLeak({ reason, count, example, ageMs }) {
      const { id, namespace } = example.site;
      const why =
        reason === 'collected'
          ? 'can no longer end: their promise was garbage-collected before it settled'
          : `open for ${Math.round(ageMs / 1000)} s or longer`;
      notice('SPW013', `${namespace}: ${count} ${why}, for example "${example.name}" of ${id}`, `${namespace} ${reason}`);
    },
  );
  process.on('exit', reportOpenAtExit);
  return function stop() {
    process.removeListener('exit', reportOpenAtExit);
    watchdog.stop();
  };
}

/** A shutdown ends and sends open spans; the exit of the process without one loses them. */
const reportOpenAtExit = guarded('report at exit', () => {
  const { count, oldest } = state.open;
  if (oldest === undefined) return;
  const detail = `${counted(count, 'span is', 'spans are')} open at the exit of the process and not exported, for example "${oldest.name}" of ${oldest.site.namespace}`;
  notice('SPW013', `${detail}; wait for the call, or call shutdown() before`, 'exit');
});

/** Sets where notices go. Under a test runner notices of level `info` are left out by default. */
export function startLogging({ configuration, values, warnings }: LoadedConfiguration): void {
  const isDefault = values.find(({ key }) => key === 'log_level')?.source === 'default';
  setNoticeLevel(isDefault && isTestRunner() ? 'warn' : configuration.logLevel);
  if (configuration.logger !== null) setNoticeLogger(noticeLoggerOf(configuration.logger));
  onFault((where, error) => notice('SPW010', `${where}: ${textOfThrown(error)}`, where));
  for (const warning of warnings) notice('SPW038', warning, warning);
}

/** Jest, Vitest, node:test, Playwright, and the commands of mocha and uvu. */
function isTestRunner(): boolean {
  const { env, argv } = process;
  const named = ['JEST_WORKER_ID', 'VITEST', 'NODE_TEST_CONTEXT', 'TEST_WORKER_INDEX'].some((name) => env[name] !== undefined);
  return named || env.NODE_ENV === 'test' || /[\\/](?:mocha|uvu)[\\/]/u.test(argv[1] ?? '');
}
