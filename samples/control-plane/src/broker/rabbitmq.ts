// A RabbitMQ server of the sample's own, where it is installed: on free ports of 127.0.0.1, with its data in a folder that goes with
// it. Erlang's port mapper is started beside it, because otherwise the server starts one that stays behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '@spanwright/stage';

const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 10_000;
/** Another process may take a port that was free a moment ago. */
const ATTEMPTS = 3;
/** Paths of the server itself in packages; the one on the PATH of Debian is a wrapper that only root and the broker's user may run. */
const PACKAGED = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin', '/usr/local/sbin', '/usr/local/opt/rabbitmq/sbin'];

export class RabbitMq {
  private constructor(
    readonly url: string,
    private readonly server: ChildProcess,
    private readonly mapper: ChildProcess,
  ) {}

  /** @throws when it is not installed, or does not start. */
  static async start(folder: string): Promise<RabbitMq> {
    const program = find('rabbitmq-server');
    const epmd = find('epmd');
    if (program === undefined || epmd === undefined) {
      throw new Error(
        'RabbitMQ is not installed here. Install it (Debian: apt-get install rabbitmq-server; macOS: brew install rabbitmq), ' +
          'or set AMQP_URL to a server that runs, for example AMQP_URL=amqp://guest:guest@localhost:5672',
      );
    }
    for (let attempt = 1; ; attempt++) {
      const rabbit = await RabbitMq.launch(program, epmd, join(folder, String(attempt)));
      try {
        await rabbit.serving();
        return rabbit;
      } catch (error) {
        const ended = rabbit.server.exitCode !== null;
        await rabbit.stop();
        if (!ended || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private static async launch(program: string, epmd: string, folder: string): Promise<RabbitMq> {
    for (const name of ['mnesia', 'log', 'home', 'schema']) mkdirSync(join(folder, name), { recursive: true });
    const [port, distribution, mapperPort] = [await freePort(), await freePort(), await freePort()];
    const env = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: join(folder, 'home'),
      ERL_EPMD_PORT: String(mapperPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `sample${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_SCHEMA_DIR: join(folder, 'schema'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_CONFIG_FILE: join(folder, 'none'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    };
    const mapper = spawn(epmd, ['-port', String(mapperPort), '-address', '127.0.0.1'], { env, stdio: 'ignore' });
    // a process group of its own, because the program is a script and the server one of its children
    const server = spawn(program, [], { env, cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    return new RabbitMq(`amqp://guest:guest@127.0.0.1:${port}`, server, mapper);
  }

  async stop(): Promise<void> {
    for (const [child, end] of [
      [this.server, (signal: NodeJS.Signals) => this.server.pid !== undefined && process.kill(-this.server.pid, signal)],
      [this.mapper, (signal: NodeJS.Signals) => this.mapper.kill(signal)],
    ] as const) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      const limit = setTimeout(() => end('SIGKILL'), STOP_LIMIT_MS);
      end('SIGTERM');
      await exit;
      clearTimeout(limit);
    }
  }

  private async serving(): Promise<void> {
    const port = Number(new URL(this.url).port);
    let printed = '';
    for (const stream of [this.server.stdout, this.server.stderr])
      stream?.on('data', (text: Buffer) => {
        printed = (printed + text.toString()).slice(-5000);
      });
    this.server.once('error', (error) => {
      printed += String(error);
    });
    const end = Date.now() + START_LIMIT_MS;
    while (!(await listens(port))) {
      if (this.server.exitCode !== null) throw new Error(`RabbitMQ ended with ${this.server.exitCode}:\n${printed}`);
      if (Date.now() > end) throw new Error(`RabbitMQ does not serve after ${START_LIMIT_MS} ms:\n${printed}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** `RABBITMQ_BIN`, where it is set, is the only folder that is looked in for the server. */
function find(name: 'rabbitmq-server' | 'epmd'): string | undefined {
  const { RABBITMQ_BIN, PATH = '' } = process.env;
  const folders = RABBITMQ_BIN && name === 'rabbitmq-server' ? [RABBITMQ_BIN] : [...PACKAGED, ...PATH.split(delimiter)];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Speaks AMQP once it answers the protocol's header. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'binary')));
    const settle = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.setTimeout(2000, () => settle(false));
  });
}
