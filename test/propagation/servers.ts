// Starts real servers for one test file, each a process of its own on a free port of 127.0.0.1 with its data below a new folder
// of the system's temporary one, and ends them by the id they were started with.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../real/support/program.js';

export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

interface Ready {
  /** Line that the server prints when it serves. */
  readonly text: RegExp;
  readonly limitMs: number;
}

/** Rejects with what the server printed when it ends or stays silent instead of serving. */
async function started(child: ChildProcess, name: string, ready: Ready): Promise<void> {
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${name} does not serve after ${ready.limitMs} ms:\n${printed}`)),
      ready.limitMs,
    );
    const read = (chunk: Buffer): void => {
      printed = (printed + chunk.toString()).slice(-20_000);
      if (ready.text.test(printed)) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${printed}`)));
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const harder = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(harder);
      resolve();
    });
    child.kill(signal);
  });
}

function folder(name: string): string {
  return mkdtempSync(join(tmpdir(), `spanwright-${name}-`));
}

export async function startRedis(): Promise<Server> {
  const data = folder('redis');
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', data];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  await started(child, 'redis-server', { text: /Ready to accept connections/, limitMs: 60_000 });
  return {
    port,
    async stop() {
      await ended(child, 'SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const POSTGRES_HOME = '/usr/lib/postgresql';

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
export async function startPostgres(): Promise<Server> {
  const version = readdirSync(POSTGRES_HOME).sort((a, b) => Number(b) - Number(a))[0] as string;
  const bin = join(POSTGRES_HOME, version, 'bin');
  const data = folder('postgres');
  const as = process.getuid?.() === 0 ? { uid: idOf('postgres', '-u'), gid: idOf('postgres', '-g') } : {};
  if (as.uid !== undefined && as.gid !== undefined) chownSync(data, as.uid, as.gid);
  const cluster = join(data, 'cluster');
  execFileSync(join(bin, 'initdb'), ['-D', cluster, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], {
    ...as,
    cwd: data,
    stdio: 'ignore',
  });
  const port = await freePort();
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`].flatMap((set) => ['-c', set]);
  const child = spawn(join(bin, 'postgres'), ['-D', cluster, '-p', String(port), ...settings], {
    ...as,
    cwd: data,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await started(child, 'postgres', { text: /ready to accept connections/, limitMs: 90_000 });
  return {
    port,
    async stop() {
      await ended(child, 'SIGINT');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function idOf(user: string, flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
}

/** MariaDB, for clients of MySQL: user `root` without a password, database `test`. */
export async function startMariadb(): Promise<Server> {
  const data = folder('mariadb');
  const port = await freePort();
  const as = process.getuid?.() === 0 ? ['--user=root'] : [];
  const place = [`--datadir=${join(data, 'data')}`, ...as];
  execFileSync('mariadb-install-db', ['--no-defaults', ...place, '--auth-root-authentication-method=normal'], {
    stdio: 'ignore',
  });
  const own = [`--socket=${join(data, 'socket')}`, `--pid-file=${join(data, 'pid')}`, `--tmpdir=${data}`];
  const settings = [...own, `--port=${port}`, '--bind-address=127.0.0.1', '--innodb-flush-log-at-trx-commit=0'];
  const path = `${process.env.PATH}:/usr/sbin`;
  const child = spawn('mariadbd', ['--no-defaults', ...place, ...settings], {
    cwd: data,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await started(child, 'mariadbd', { text: /ready for connections/, limitMs: 60_000 });
  return {
    port,
    async stop() {
      await ended(child, 'SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** RabbitMQ and the port mapper that Erlang wants, which would otherwise stay behind as a daemon. */
export async function startRabbit(): Promise<Server> {
  const data = folder('rabbit');
  for (const name of ['mnesia', 'log', 'home', 'schema']) mkdirSync(join(data, name));
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: join(data, 'home'),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(data, 'mnesia'),
    RABBITMQ_LOG_BASE: join(data, 'log'),
    RABBITMQ_SCHEMA_DIR: join(data, 'schema'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(data, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(data, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  const epmd = spawn('epmd', ['-port', String(mapper), '-address', '127.0.0.1'], { env, stdio: 'ignore' });
  await listening(mapper);
  const child = spawn('/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
    env,
    cwd: data,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    await started(child, 'rabbitmq-server', { text: /completed with \d+ plugins/, limitMs: 90_000 });
  } catch (error) {
    epmd.kill();
    throw error;
  }
  return {
    port,
    async stop() {
      // the script is the leader of a group that holds the Erlang machine
      const gone = ended(child, 'SIGTERM');
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await gone;
      await ended(epmd, 'SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = netConnect({ port, host: '127.0.0.1' }, () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
