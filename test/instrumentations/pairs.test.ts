// Every instrumentation with its library, as CommonJS and as ES modules, against real servers: recorded under a recorded span
// only, with today's names. The programs import the built package.
// limit: 600 s

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Server, startMariadb, startPostgres, startRabbit, startRedis } from '../propagation/servers.js';
import { FORMS, type Program, runProgram, type Told, type ToldSpan } from './programs.js';

const CLIENT = 2;
const SERVER = 1;
const PRODUCER = 3;
const CONSUMER = 4;

/** The span of a name among those inside; its ancestors end in `enclosing`. */
function below(told: Told, name: string): ToldSpan {
  const found = told.inside.filter((span) => span.name === name);
  assert.is(found.length, 1, `${name} once among ${told.inside.map((span) => span.name).join(', ')}`);
  let span = found[0] as ToldSpan;
  while (span.name !== 'enclosing') {
    const parent = told.inside.find(({ spanId }) => spanId === span.parent);
    assert.ok(parent, `${span.name} has an ancestor that was recorded`);
    assert.is(parent.traceId, span.traceId);
    span = parent;
  }
  return found[0] as ToldSpan;
}

function has(span: ToldSpan, attributes: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(attributes)) assert.is(span.attributes[key], value, `${span.name}: ${key}`);
}

interface Pair {
  readonly name: string;
  /** Name of the instrumentation, where it differs from that of the pair. */
  readonly enables?: string;
  readonly program: Program;
  /** Spans that start a trace of their own where there is none. */
  readonly roots?: readonly string[];
  readonly options?: object;
  check(told: Told): void;
}

/** The other end of a socket whose host was given by name; the servers listen on one address. */
const PEER = { 'network.peer.address': '127.0.0.1' };
/** Names of an older edition of the conventions, which the package has. */
const OLD_RPC = { 'rpc.system': undefined, 'rpc.service': undefined, 'rpc.grpc.status_code': undefined };

const HTTP_SERVER = `
  const server = http.createServer((request, response) => response.end('ok'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port;`;

const PAIRS: Pair[] = [
  {
    name: 'http',
    program: {
      imports: [['http', 'node:http']],
      before: HTTP_SERVER,
      work: `await new Promise((resolve, reject) => http.get(url + '/nodes?token=secret&page=2', { headers: { 'x-request-id': 'r1' } }, (response) => response.resume().on('end', resolve)).on('error', reject));
             await new Promise((resolve) => http.get(url + '/healthz/live', (response) => response.resume().on('end', resolve)));
             await new Promise((resolve) => http.get(url + '/nodes', { headers: { 'user-agent': 'kube-probe/1.31' } }, (response) => response.resume().on('end', resolve)));`,
      after: 'server.close();',
    },
    options: { ignore_paths: ['/healthz'], ignore_user_agents: ['kube-probe/'] },
    roots: ['GET'],
    check(told) {
      const servers = told.inside.filter(({ kind }) => kind === SERVER);
      const clients = told.inside.filter(({ kind }) => kind === CLIENT);
      assert.is(clients.length, 3);
      assert.is(servers.length, 1, 'neither the health check nor the probe is recorded');
      const [server, client] = [servers[0] as ToldSpan, clients.find(({ spanId }) => spanId === servers[0]?.parent) as ToldSpan];
      assert.is(client.parent, told.inside.find(({ name }) => name === 'enclosing')?.spanId);
      has(client, { 'http.request.method': 'GET', 'http.response.status_code': 200, 'network.peer.address': '127.0.0.1' });
      has(server, {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.path': '/nodes',
        'url.query': 'token=REDACTED&page=2',
      });
      assert.match(client.attributes['url.full'] as string, /^http:\/\/127\.0\.0\.1:\d+\/nodes\?token=REDACTED&page=2$/);
      assert.not.match(JSON.stringify(told), /secret/);
      assert.equal(server.attributes['http.request.header.x-request-id'], ['r1']);
    },
  },
  {
    name: 'fetch',
    program: {
      imports: [['http', 'node:http']],
      before: HTTP_SERVER,
      work: "await (await fetch(url + '/nodes?api_key=secret')).text();",
      after: 'server.close();',
    },
    check(told) {
      const span = below(told, 'GET');
      assert.is(span.kind, CLIENT);
      has(span, { 'http.request.method': 'GET', 'http.response.status_code': 200, 'network.peer.address': '127.0.0.1' });
      assert.match(span.attributes['url.full'] as string, /\/nodes\?api_key=REDACTED$/);
      has(span, { 'http.request.method_original': undefined, 'url.query': 'api_key=REDACTED' });
    },
  },
  {
    name: 'grpc',
    program: {
      imports: [['grpc', '@grpc/grpc-js']],
      before: `
  const bytes = (value) => value;
  const unary = { requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes };
  const definition = { send: { path: '/test.Echo/Send', ...unary }, fail: { path: '/test.Echo/Fail', ...unary } };
  const server = new grpc.Server();
  server.addService(definition, { send: (call, done) => done(null, call.request), fail: (call, done) => done({ code: 5, message: 'none' }) });
  const port = await new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => error ? reject(error) : resolve(bound)));
  const Echo = grpc.makeGenericClientConstructor(definition, 'Echo');
  const client = new Echo('127.0.0.1:' + port, grpc.credentials.createInsecure());`,
      work: "await new Promise((resolve, reject) => client.send(Buffer.from('x'), (error) => error ? reject(error) : resolve())); await new Promise((resolve) => client.fail(Buffer.from('x'), resolve));",
      after: 'client.close(); server.forceShutdown();',
    },
    roots: ['test.Echo/'],
    check(told) {
      const spans = told.inside.filter(({ name }) => name === 'test.Echo/Send');
      assert.equal(spans.map(({ kind }) => kind).sort(), [SERVER, CLIENT]);
      const [server, client] = [spans.find(({ kind }) => kind === SERVER), spans.find(({ kind }) => kind === CLIENT)];
      assert.is(server?.parent, client?.spanId);
      assert.is(client?.parent, told.inside.find(({ name }) => name === 'enclosing')?.spanId);
      for (const span of spans) {
        has(span, { 'rpc.system.name': 'grpc', 'rpc.method': 'test.Echo/Send', 'rpc.status_code': 'OK', ...PEER, ...OLD_RPC });
      }
      has(client as ToldSpan, { 'server.address': '127.0.0.1' });
      const failed = told.inside.filter(({ name }) => name === 'test.Echo/Fail');
      assert.is(failed.length, 2);
      for (const span of failed) has(span, { 'rpc.status_code': 'NOT_FOUND', 'error.type': 'NOT_FOUND', ...OLD_RPC });
    },
  },
  {
    name: 'pg',
    program: {
      imports: [['pg', 'pg']],
      before: `
  const client = new pg.Client({ host: 'localhost', port: Number(process.env.POSTGRES), user: 'postgres', database: 'postgres' });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS events (id int, name text)');`,
      work: `await client.query('INSERT INTO events VALUES ($1, $2)', [1, 'bound-secret']);
             await client.query("SELECT * FROM events WHERE name = 'literal-secret' OR id = $1", [1]);
             await client.query('SELECT * FROM missing').catch(() => {});`,
      after: 'await client.end();',
    },
    check(told) {
      const insert = below(told, 'events.insert');
      const select = below(told, 'events.select');
      has(below(told, 'missing.select'), { 'error.type': '42P01', 'db.response.status_code': '42P01' });
      has(select, { 'error.type': undefined });
      has(insert, { 'db.operation.name': 'INSERT', 'db.query.text': 'INSERT INTO events VALUES ($1, $2)' });
      has(select, {
        'db.system.name': 'postgresql',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'events',
        'db.namespace': 'postgres',
        'server.address': 'localhost',
        ...PEER,
        'db.query.text': 'SELECT * FROM events WHERE name = ? OR id = $1',
      });
      assert.ok((select.attributes['db.response.returned_rows'] as number) >= 1);
      assert.not.match(JSON.stringify(told), /secret/);
    },
  },
  {
    name: 'mysql2',
    program: {
      imports: [['mysql', 'mysql2/promise']],
      before: `
  const client = await mysql.createConnection({ host: 'localhost', port: Number(process.env.MARIADB), user: 'root' });
  await client.query('CREATE DATABASE IF NOT EXISTS fleet');
  await client.changeUser({ database: 'fleet' });
  await client.query('CREATE TABLE IF NOT EXISTS events (id int, name text)');`,
      work: `await client.execute('INSERT INTO events VALUES (?, ?)', [1, 'bound-secret']);
             await client.query('SELECT * FROM \`events\` WHERE name = "double-secret" OR name = ? OR id = 1 # comment-secret', ['bound-secret']);`,
      after: 'await client.end();',
    },
    check(told) {
      const insert = below(told, 'events.insert');
      const select = below(told, 'events.select');
      has(insert, { 'db.operation.name': 'INSERT', 'db.query.text': 'INSERT INTO events VALUES (?, ?)' });
      has(select, {
        'db.system.name': 'mysql',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'events',
        'server.address': 'localhost',
        ...PEER,
        'db.query.text': 'SELECT * FROM `events` WHERE name = ? OR name = ? OR id = ?',
      });
      assert.ok((select.attributes['db.response.returned_rows'] as number) >= 1);
      assert.not.match(JSON.stringify(told), /secret/);
    },
  },
  {
    name: 'redis',
    program: {
      imports: [['redis', 'redis']],
      before:
        "const client = redis.createClient({ url: 'redis://localhost:' + process.env.REDIS + '/2' }); await client.connect();",
      work: `await client.set('key-secret', 'bound-secret'); await client.get('key-secret'); await client.configGet('maxmemory');
             await client.multi().hSet('h-secret', 'f-secret', 'v-secret').del('h-secret').exec();
             await client.lPush('key-secret', 'x').catch(() => {});`,
      after: 'await client.close();',
    },
    check(told) {
      const common = { 'db.system.name': 'redis', 'db.namespace': '2', 'server.address': 'localhost', ...PEER };
      has(below(told, 'SET'), { ...common, 'db.operation.name': 'SET', 'db.query.text': 'SET ? ?' });
      has(below(told, 'GET'), { ...common, 'db.operation.name': 'GET', 'db.query.text': 'GET ?' });
      has(below(told, 'CONFIG'), { ...common, 'db.query.text': 'CONFIG GET ?' });
      has(below(told, 'MULTI HSET'), { ...common, 'db.operation.name': 'MULTI HSET', 'db.query.text': 'HSET ? ? ?' });
      below(told, 'MULTI DEL');
      has(below(told, 'LPUSH'), { 'error.type': 'WRONGTYPE', 'db.response.status_code': 'WRONGTYPE' });
      assert.not.match(JSON.stringify(told), /secret/);
    },
  },
  {
    name: 'ioredis',
    program: {
      imports: [['IORedis', 'ioredis']],
      before:
        'const client = new (IORedis.default ?? IORedis)(Number(process.env.REDIS), "localhost", { db: 3 }); await client.ping();',
      work: `await client.set('key-secret', 'bound-secret'); await client.get('key-secret');
             await client.multi().hset('h-secret', 'f-secret', 'v-secret').exec();
             await client.lpush('key-secret', 'x').catch(() => {});`,
      after: 'client.disconnect();',
    },
    check(told) {
      const common = { 'db.system.name': 'redis', 'db.namespace': '3', 'server.address': 'localhost', ...PEER };
      has(below(told, 'SET'), { ...common, 'db.operation.name': 'SET', 'db.query.text': 'SET ? ?' });
      has(below(told, 'GET'), { 'error.type': undefined });
      has(below(told, 'LPUSH'), { 'error.type': 'WRONGTYPE', 'db.response.status_code': 'WRONGTYPE' });
      has(below(told, 'MULTI HSET'), { ...common, 'db.operation.name': 'MULTI HSET', 'db.query.text': 'HSET ? ? ?' });
      assert.not.match(JSON.stringify(told), /secret/);
    },
  },
  {
    name: 'amqplib',
    program: {
      imports: [['amqplib', 'amqplib']],
      before: `
  const connection = await amqplib.connect('amqp://localhost:' + process.env.RABBIT);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('jobs', { exclusive: true });
  let arrived;
  await channel.consume(queue, (message) => { channel.ack(message); arrived(); });`,
      work: 'const arrival = new Promise((resolve) => { arrived = resolve; }); channel.sendToQueue(queue, Buffer.from("1")); await arrival;',
      after: 'await connection.close();',
    },
    roots: ['process'],
    check(told) {
      const [sent] = told.inside.filter(({ kind }) => kind === PRODUCER);
      const [received] = told.inside.filter(({ kind }) => kind === CONSUMER);
      assert.is(received?.parent, sent?.spanId);
      assert.is(sent?.parent, told.inside.find(({ name }) => name === 'enclosing')?.spanId);
      has(sent as ToldSpan, {
        'messaging.system.name': 'rabbitmq',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'jobs',
        'server.address': 'localhost',
        ...PEER,
      });
      has(received as ToldSpan, { 'messaging.operation.type': 'process', 'messaging.destination.name': 'jobs', ...PEER });
      assert.equal([sent?.name, received?.name], ['publish jobs', 'process jobs']);
    },
  },
  {
    name: 'amqplib with callbacks and confirmations',
    enables: 'amqplib',
    program: {
      imports: [['amqplib', 'amqplib/callback_api']],
      before: `
  const done = (start) => new Promise((resolve, reject) => start((error, value) => error ? reject(error) : resolve(value)));
  const connection = await done((callback) => amqplib.connect('amqp://localhost:' + process.env.RABBIT, callback));
  const channel = await done((callback) => connection.createConfirmChannel(callback));
  const { queue } = await done((callback) => channel.assertQueue('', { exclusive: true }, callback));
  await done((callback) => channel.assertExchange('events', 'fanout', { autoDelete: true }, callback));
  await done((callback) => channel.bindQueue(queue, 'events', '', {}, callback));
  let arrived;
  await done((callback) => channel.consume(queue, (message) => { channel.ack(message); arrived(); }, {}, callback));`,
      work: `const arrival = new Promise((resolve) => { arrived = resolve; });
             await done((callback) => channel.publish('events', 'node.drained', Buffer.from('1'), {}, callback)); await arrival;`,
      after: 'await done((callback) => connection.close(callback));',
    },
    roots: ['process'],
    check(told) {
      const sent = below(told, 'publish events');
      has(sent, { 'messaging.destination.name': 'events:node.drained', ...PEER });
      const received = below(told, 'process (anonymous)');
      assert.is(received.parent, sent.spanId);
      has(received, { 'messaging.destination.anonymous': true, 'messaging.rabbitmq.destination.routing_key': 'node.drained' });
      assert.match(received.attributes['messaging.destination.name'] as string, /^events:node\.drained:amq\.gen-/);
    },
  },
  {
    name: 'fs',
    program: { imports: [['fs', 'node:fs']], work: 'fs.readFileSync(process.argv[1]);' },
    check: (told) => void below(told, 'fs readFileSync'),
  },
  {
    name: 'dns',
    program: { imports: [['dns', 'node:dns']], work: "await new Promise((resolve) => dns.lookup('localhost', resolve));" },
    check: (told) => void below(told, 'dns.lookup'),
  },
  {
    name: 'net',
    program: {
      imports: [['net', 'node:net']],
      before: `const server = net.createServer((socket) => socket.end()); await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));`,
      work: `await new Promise((resolve) => net.connect(server.address().port, '127.0.0.1').on('close', resolve).resume());`,
      after: 'server.close();',
    },
    check: (told) => void below(told, 'tcp.connect'),
  },
];

const pairs = suite<{ servers: Server[]; env: Record<string, string> }>('pairs');
pairs.before(async (context) => {
  const started = await Promise.all([startPostgres(), startRedis(), startRabbit(), startMariadb()]);
  context.servers = started;
  const [postgres, redis, rabbit, mariadb] = started.map(({ port }) => String(port)) as [string, string, string, string];
  context.env = { POSTGRES: postgres, REDIS: redis, RABBIT: rabbit, MARIADB: mariadb };
});
pairs.after(async ({ servers }) => {
  for (const server of servers) await server.stop();
});

for (const { name, enables = name, program, roots = [], options, check } of PAIRS) {
  for (const form of FORMS) {
    pairs(`${name} as ${form}: recorded under a recorded span, with today's names`, async ({ env }) => {
      const told = await runProgram(program, form, { instrumentations: { [enables]: options ?? true } }, env);
      check(told);
      for (const span of told.outside) {
        assert.ok(
          roots.some((root) => span.name.startsWith(root)),
          `${span.name} has started a trace`,
        );
        if (span.parent === undefined) assert.ok(span.kind === SERVER || span.kind === CONSUMER);
      }
      assert.is(told.outside.length > 0, roots.length > 0);
    });
  }
}

pairs('all instrumentations at once, in both forms, with one query in the middle of a trace', async ({ env }) => {
  const { program } = PAIRS.find(({ name }) => name === 'pg') as Pair;
  const { program: web } = PAIRS.find(({ name }) => name === 'http') as Pair;
  const together: Program = {
    imports: [...program.imports, ...web.imports],
    before: `${program.before}${web.before}`,
    work: `${program.work} ${web.work}`,
    after: `${program.after} ${web.after}`,
  };
  const instrumentations = PAIRS.map(({ name, enables = name }) => enables).filter(
    (name) => !['fs', 'dns', 'net'].includes(name),
  );
  for (const form of FORMS) {
    const told = await runProgram(together, form, { instrumentations }, env);
    below(told, 'events.select');
    assert.is(told.inside.filter(({ kind }) => kind === CLIENT).length, 6);
    assert.is(told.inside.filter(({ kind }) => kind === SERVER).length, 3);
  }
});

/** Four spans at once, each with one query, over a pool that has one connection. */
const POOLS: Record<string, string> = {
  pg: "new pg.Pool({ host: 'localhost', port: Number(process.env.POSTGRES), user: 'postgres', database: 'postgres', max: 1 })",
  mysql2: "mysql.createPool({ host: 'localhost', port: Number(process.env.MARIADB), user: 'root', connectionLimit: 1 })",
};
for (const [name, pool] of Object.entries(POOLS)) {
  pairs(`${name}: a query that waited for a connection is a child of the span that issued it`, async ({ env }) => {
    const { imports } = (PAIRS.find((pair) => pair.name === name) as Pair).program;
    const program: Program = {
      imports: [...imports, ['spanwright', 'spanwright']],
      before: `const pool = ${pool};
        await pool.query('SELECT 1');
        const one = spanwright.instrument({ name: 'one' }, (number) => pool.query('SELECT ' + number));`,
      work: 'await Promise.all([1, 2, 3, 4].map(one));',
      after: 'await pool.end();',
    };
    for (const form of FORMS) {
      const { inside } = await runProgram(program, form, { instrumentations: [name] }, env);
      const parents = inside.filter((span) => span.name === 'SELECT').map(({ parent }) => parent);
      assert.equal(
        parents.sort(),
        inside
          .filter((span) => span.name === 'one')
          .map(({ spanId }) => spanId)
          .sort(),
      );
    }
  });
}

pairs('a client starts traces if the options of its package allow it, or it is named among the roots', async ({ env }) => {
  const { program } = PAIRS.find(({ name }) => name === 'pg') as Pair;
  const scope = 'scope:@opentelemetry/instrumentation-pg';
  for (const options of [
    { instrumentations: { pg: { roots: true } } },
    { instrumentations: ['pg'], roots: scope },
    { instrumentations: ['pg'], roots: 'kind:client' },
  ])
    assert.ok(
      (await runProgram(program, 'cjs', options, env)).outside.some(({ name }) => name === 'events.select'),
      JSON.stringify(options),
    );
});

pairs(
  'a client of Redis starts traces if its options allow it, although its package requires a parent by default',
  async ({ env }) => {
    for (const name of ['ioredis', 'redis']) {
      const { program } = PAIRS.find((pair) => pair.name === name) as Pair;
      const { outside } = await runProgram(program, 'cjs', { instrumentations: { [name]: { roots: 'all' } } }, env);
      assert.ok(
        outside.some((span) => span.name === 'GET' && span.parent === undefined),
        name,
      );
    }
  },
);

pairs('every command of a batch is recorded, and ended, also beside a SELECT and a script', async ({ env }) => {
  const program: Program = {
    imports: [['redis', 'redis']],
    before: `const answer = redis.defineScript({ SCRIPT: 'return ARGV[1]', NUMBER_OF_KEYS: 0, parseCommand: (parser, text) => { parser.push(text); }, transformReply: undefined });
             const client = redis.createClient({ url: 'redis://localhost:' + process.env.REDIS, scripts: { answer } }); await client.connect();`,
    work: `const replies = [await client.multi().select(2).set('a', 'x').exec(), await client.multi().get('a').answer('y').execAsPipeline(),
                            await client.multi().get('a').exec()];
           if (JSON.stringify(replies) !== '[["OK","OK"],["x","y"],["x"]]') throw new Error(JSON.stringify(replies));
           await client.multi().select(99).get('a').exec().then(() => { throw new Error('no failure'); }, () => {});`,
    after: 'await client.close();',
  };
  for (const form of FORMS) {
    const { inside } = await runProgram(program, form, { instrumentations: ['redis'] }, env);
    assert.equal(
      inside.filter(({ name }) => name !== 'enclosing').map(({ name }) => name),
      ['SET', 'GET', 'MULTI GET', 'GET'],
    );
  }
});

pairs('what is not enabled is not patched', async ({ env }) => {
  const { program } = PAIRS.find(({ name }) => name === 'pg') as Pair;
  const told = await runProgram(program, 'cjs', { instrumentations: { pg: false, redis: true } }, env);
  assert.equal(
    [...told.outside, ...told.inside].map(({ name }) => name),
    ['enclosing'],
  );
});

pairs('queries are counted on the enclosing span, instead of a span each or beside them', async ({ env }) => {
  const program: Program = {
    ...(PAIRS.find(({ name }) => name === 'pg') as Pair).program,
    work: `await client.query("INSERT INTO events VALUES (1, 'secret'), (2, 'secret')");
           await client.query('SELECT * FROM events WHERE id = $1 LIMIT 1', [1]);
           await client.query('SELECT pg_sleep(0.4)'); // longer than any other, on a slow machine too
           await client.query('SELECT * FROM nothing').catch(() => {});`,
  };
  for (const form of FORMS) {
    const totals = await runProgram(program, form, { instrumentations: { pg: { queries: 'totals' } } }, env);
    assert.equal(
      totals.inside.map(({ name }) => name),
      ['enclosing'],
    );
    const both = await runProgram(program, form, { instrumentations: { pg: { queries: 'both' } } }, env);
    assert.is(both.inside.length, 5);
    for (const told of [totals, both]) {
      const { attributes } = told.inside.find(({ name }) => name === 'enclosing') as ToldSpan;
      assert.is(attributes.sql_queries, 4);
      assert.is(attributes.sql_total_rows_affected, 2);
      assert.is(attributes.sql_total_rows_returned, 2);
      assert.is(attributes.sql_max_query_duration_summary, 'SELECT pg_sleep(?)');
      const [longest, total] = [attributes.sql_max_query_duration_us as number, attributes.sql_total_query_duration_us as number];
      assert.ok(longest >= 390_000 && total > longest && total < 60_000_000, `${longest} of ${total}`);
      assert.not.match(JSON.stringify(told), /secret/);
      assert.equal(told.outside, []);
    }
    const spans = await runProgram(program, form, { instrumentations: ['pg'] }, env);
    assert.is(spans.inside.find(({ name }) => name === 'enclosing')?.attributes.sql_queries, undefined);
  }
});

pairs(
  'MySQL: rows of inserts, of several statements and of procedures are counted, and a pool of connections too',
  async ({ env }) => {
    const { program } = PAIRS.find(({ name }) => name === 'mysql2') as Pair;
    const counting: Program = {
      ...program,
      before: `${program.before}
  const several = await mysql.createConnection({ host: 'localhost', port: Number(process.env.MARIADB), user: 'root', database: 'fleet', multipleStatements: true });
  await several.query('DELETE FROM events; CREATE OR REPLACE PROCEDURE two() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END');
  const pool = mysql.createPool({ host: 'localhost', port: Number(process.env.MARIADB), user: 'root', database: 'fleet' });
  await pool.query('SELECT 1');`,
      work: `await client.query('DELETE FROM events');
             await client.query('INSERT INTO events VALUES (1, "secret"), (2, "secret")');
             await several.query('SELECT * FROM events; UPDATE events SET id = 3 WHERE id = 1');
             await several.query('CALL two()');
             await pool.execute('SELECT id FROM events WHERE id = ?', [2]);
             await client.query({ sql: 'SELECT id, name FROM events', rowsAsArray: true });
             await client.query('SELECT * FROM missing').catch(() => {});`,
      after: `${program.after} await several.end(); await pool.end();`,
    };
    for (const queries of ['totals', 'both']) {
      const told = await runProgram(counting, 'cjs', { instrumentations: { mysql2: { queries } } }, env);
      assert.is(told.inside.length, queries === 'totals' ? 1 : 8);
      const { attributes } = told.inside.find(({ name }) => name === 'enclosing') as ToldSpan;
      assert.is(attributes.sql_queries, 7);
      assert.is(attributes.sql_total_rows_returned, 2 + 3 + 1 + 2);
      assert.ok((attributes.sql_total_rows_affected as number) >= 3);
      assert.not.match(JSON.stringify(told), /secret/);
      assert.equal(told.outside, []);
    }
  },
);

pairs.run();
