// Each logger as CommonJS and as ES modules, in a process of its own with the built package: lines of a span name it, other lines name
// none.
// limit: 200 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FORMS, type Form, runSource } from '../instrumentations/programs.js';

interface Logger {
  readonly module?: string;
  /** An expression: a function that logs a line on standard output. `library` and `logs` (`spanwright/logs`) are at hand. */
  readonly log: string;
}

const LOGGERS: Record<string, Logger> = {
  pino: {
    module: 'pino',
    log: '((logger) => (text) => logger.info(text))((library.default ?? library)({ mixin: logs.pinoMixin() }, (library.default ?? library).destination({ sync: true })))',
  },
  winston: {
    module: 'winston',
    log: `((winston) => { const logger = winston.createLogger({ format: winston.format.combine(logs.winstonFormat(), winston.format.json()), transports: [new winston.transports.Console()] }); return (text) => logger.info(text); })(library.createLogger ? library : library.default)`,
  },
  'winston as logfmt': {
    module: 'winston',
    log: `((winston) => { const logger = winston.createLogger({ format: winston.format.combine(logs.winstonFormat(), logs.winstonLogfmt()), transports: [new winston.transports.Console()] }); return (text) => logger.info(text); })(library.createLogger ? library : library.default)`,
  },
  bunyan: {
    module: 'bunyan',
    log: "((bunyan) => { const logger = bunyan.createLogger({ name: 'x', streams: [{ type: 'raw', stream: logs.bunyanStream(process.stdout) }] }); return (text) => logger.info(text); })(library.default ?? library)",
  },
  'the console as JSON': { log: '((logger) => (text) => logger.info(text))(logs.consoleLogger())' },
  'the console as logfmt': { log: "((logger) => (text) => logger.info(text))(logs.consoleLogger({ form: 'logfmt' }))" },
};

function program({ module = 'node:util', log }: Logger, form: Form): string {
  const load = (name: string, from: string): string =>
    form === 'mjs' ? `import * as ${name} from '${from}';` : `const ${name} = require('${from}');`;
  return `${load('library', module)}
${load('logs', 'spanwright/logs')}
${load('spanwright', 'spanwright')}
${load('api', '@opentelemetry/api')}
const log = ${log};
let ids;
spanwright.instrument({ name: 'work' }, () => {
  const { traceId, spanId } = api.trace.getActiveSpan().spanContext();
  ids = { traceId, spanId };
  log('inside');
})();
log('outside');
process.on('exit', () => console.log(JSON.stringify(ids)));`;
}

const START = 'startTracing({ enabled: true, exporter: { export(spans, done) { done({ code: 0 }); }, async shutdown() {} } })';
const TRACING: Record<Form, string> = {
  cjs: `require('spanwright').${START};`,
  mjs: `import { startTracing } from 'spanwright'; await ${START};`,
};

for (const [name, logger] of Object.entries(LOGGERS)) {
  for (const form of FORMS) {
    test(`${name} as ${form}: log lines carry the ids of the span inside it only`, async () => {
      const lines = (await runSource(program(logger, form), TRACING[form], form, {})).trim().split('\n');
      const { traceId, spanId } = JSON.parse(lines.at(-1) as string) as { traceId: string; spanId: string };
      const found = (text: string): string =>
        lines.find((line) => line.includes(text)) ?? (assert.unreachable(`no line has ${text}`) as never);
      for (const id of [traceId, spanId]) {
        assert.match(found('inside'), id);
        assert.not.match(found('outside'), id);
      }
      assert.not.match(found('outside'), /trace_id|span_id/);
    });
  }
}

test.run();
