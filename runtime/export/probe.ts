// Finds out why an endpoint does not take spans, with a few bytes: resolve, connect, TLS or the HTTP/2 preface. Run when an
// export fails for want of a connection, and by `spanwright doctor`. Sends no spans, traces nothing, never rejects.

import { lookup } from 'node:dns/promises';
import { BlockList, connect as connectTcp, isIPv4, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { context } from '@opentelemetry/api';
import { clearTimeout, setTimeout, unref } from '../captured.js';
import { SILENCED } from '../context/layer.js';
import { percentDecoded } from '../text/percent-decoded.js';
import type { Certificates } from './certificates.js';
import type { Endpoint } from './endpoint.js';

/** The finding at the endpoint. */
export type Finding =
  | 'reachable'
  | 'unresolvable'
  | 'refused'
  | 'unreachable'
  | 'silent'
  | 'plaintext'
  | 'tls'
  | 'certificate'
  | 'client-certificate'
  | 'http1'
  | 'other';

interface Probe {
  readonly finding: Finding;
  /** The finding and its remedy, in one or two sentences. */
  readonly message: string;
}

const TRUST = 'name the certificates to trust in otlp_certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)';
/** Remedies by Node's error code, for certificates that trusting another authority would not make valid. */
const CERTIFICATE_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'it has expired: renew it at the Collector'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet: compare the clocks of both sides'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'it is for other names: write one of them in otlp_endpoint'],
]);

/** One row per finding: what it means for a person, and the remedy. */
const MESSAGES: Record<Finding, (endpoint: Endpoint, detail: string, certificates: Certificates) => string> = {
  reachable: ({ host, port }) => `${host}:${port} answers as expected`,
  unresolvable: ({ host }, detail) => `the name ${host} cannot be resolved (${detail}); correct the host in otlp_endpoint`,
  refused: ({ host, port, portWritten }) =>
    `nothing listens at ${host}:${port} (connection refused); start the Collector or correct otlp_endpoint${
      portWritten ? '' : ` (it names no port, so ${port} was used; Collectors listen on 4317)`
    }`,
  unreachable: ({ host, port }, detail) => `${host}:${port} cannot be reached (${detail}); check the network and its policies`,
  silent: ({ host, port }) =>
    `${host}:${port} accepts connections but does not answer; the Collector hangs, or this is another service`,
  plaintext: ({ host, port }) =>
    `${host}:${port} does not speak TLS; write http://${host}:${port}, or enable TLS at the Collector`,
  tls: ({ host, port }) => `${host}:${port} expects TLS; write https://${host}:${port}`,
  certificate: ({ host, port }, detail) =>
    `the certificate of ${host}:${port} is not accepted (${detail}); ${CERTIFICATE_REMEDIES.get(detail) ?? TRUST}`,
  'client-certificate': ({ host, port }, detail, { cert }) =>
    cert === undefined
      ? `${host}:${port} demands a client certificate (${detail}); set otlp_client_certificate and otlp_client_key`
      : `${host}:${port} refuses our client certificate (${detail}); correct or renew what otlp_client_certificate and otlp_client_key name`,
  http1: ({ host, port }) =>
    `${host}:${port} is an HTTP/1 server, not gRPC; use the Collector's OTLP/gRPC port, usually 4317 (4318 is OTLP/HTTP)`,
  other: ({ host, port }, detail) => `${host}:${port} speaks neither gRPC nor HTTP (${detail}); correct otlp_endpoint`,
};

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
const HTTP1_REQUEST = Buffer.from('HEAD / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n', 'latin1');
const CLOSED = 'it closed the connection after the TLS handshake';
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'EACCES']);
const PLAINTEXT_ANSWER = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_LAYER_FAILURE',
]);

interface Answer {
  finding?: Finding;
  detail: string;
}

export interface ProbeOptions {
  /** Time for each of at most four connections, in milliseconds. Default 1000. */
  timeout?: number;
  certificates?: Certificates;
  /** The process may end before the probe does. Default false. */
  background?: boolean;
}

export async function probe(endpoint: Endpoint, options: ProbeOptions = {}): Promise<Probe> {
  return context.with(SILENCED, async () => {
    const all = { timeout: 1000, certificates: {}, background: false, ...options };
    const proxy = proxyOf(endpoint);
    if (proxy !== undefined) return examineProxy(endpoint, proxy, all);
    const { finding = 'other', detail } = await examine(endpoint, all);
    return { finding, message: MESSAGES[finding](endpoint, detail, all.certificates) };
  });
}

interface GrpcProxy {
  readonly variable: string;
  readonly url: URL;
}

/** The proxy through which `@grpc/grpc-js` connects to the endpoint, from the variables that it reads; undefined without one. */
function proxyOf({ host, protocol }: Endpoint): GrpcProxy | undefined {
  const { env } = process;
  const variable = ['grpc_proxy', 'https_proxy', 'http_proxy'].find((name) => env[name]);
  const written = env[variable ?? ''] ?? '';
  if (protocol !== 'grpc' || variable === undefined || !URL.canParse(written)) return undefined;
  const url = new URL(written);
  const direct = env.no_grpc_proxy || env.no_proxy || undefined;
  // every host ends with an empty entry of a list, also in @grpc/grpc-js
  const isDirect = direct?.split(',').some((entry) => host.endsWith(entry) || isInBlock(host, entry));
  return url.protocol === 'http:' && !isDirect ? { variable, url } : undefined;
}

/** @param block an IPv4 network, as 10.0.0.0/8 */
function isInBlock(host: string, block: string): boolean {
  const [network = '', bits = ''] = block.split('/');
  if (!isIPv4(host) || !isIPv4(network) || !/^(?:[12]?\d|3[0-2])$/u.test(bits)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(host);
}

/** The proxy of an endpoint as part of a sentence, without its credentials; empty where the connection is direct. */
export function throughProxy(endpoint: Endpoint): string {
  const proxy = proxyOf(endpoint);
  return proxy === undefined ? '' : ` through the proxy ${proxy.url.hostname}:${proxy.url.port || 80} (${proxy.variable})`;
}

/** Asks the proxy for a connection to the endpoint. This process does not resolve the name of an endpoint behind a proxy. */
async function examineProxy(
  { host, port, target }: Endpoint,
  { variable, url }: GrpcProxy,
  options: Required<ProbeOptions>,
): Promise<Probe> {
  const login = [url.username, url.password].filter((part) => part !== '').map((part) => percentDecoded(part) ?? part);
  const credentials = Buffer.from(login.join(':')).toString('base64');
  const authorization = login.length === 0 ? '' : `Proxy-Authorization: Basic ${credentials}\r\n`;
  const request = Buffer.from(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const socket = connectTcp(Number(url.port || 80), url.hostname.replace(/^\[(.*)\]$/u, '$1'));
  const { bytes, detail } = await exchange(socket, request, options);
  const status = /^HTTP\/1\.[01] (\d{3})/u.exec(bytes.toString('latin1', 0, 12))?.[1];
  if (status === '200')
    return { finding: 'reachable', message: `${host}:${port} is reached through the proxy that ${variable} names` };
  const reason = status === undefined ? detail || 'no HTTP answer' : `HTTP ${status}`;
  return {
    finding: 'unreachable',
    message: `the proxy that ${variable} names does not connect to ${host}:${port} (${reason}); correct ${variable}, or write ${host} into no_proxy`,
  };
}

async function examine(endpoint: Endpoint, options: Required<ProbeOptions>): Promise<Answer> {
  try {
    await lookup(endpoint.host);
  } catch (error) {
    return { finding: 'unresolvable', detail: String((error as NodeJS.ErrnoException).code) };
  }
  return endpoint.tls ? examineTls(endpoint, options) : examinePlaintext(endpoint, options);
}

async function examinePlaintext(endpoint: Endpoint, options: Required<ProbeOptions>): Promise<Answer> {
  const gRPC = endpoint.protocol === 'grpc';
  const first = await exchange(connectTcp(endpoint.port, endpoint.host), gRPC ? PREFACE : HTTP1_REQUEST, options);
  if (first.finding && first.finding !== 'silent') return first;
  if (first.bytes.length > 0) return recognise(first.bytes, gRPC);
  // Nothing came back, as from a TLS server that was spoken to in plaintext: see whether it takes a TLS hello.
  const hello = await handshake(endpoint, options, { rejectUnauthorized: false });
  if (hello.shaken || /alert/iu.test(hello.detail)) return { finding: 'tls', detail: hello.detail };
  const plain = gRPC ? await exchange(connectTcp(endpoint.port, endpoint.host), HTTP1_REQUEST, options) : first;
  if (plain.bytes.length > 0) return recognise(plain.bytes, gRPC);
  return first.finding ? first : { finding: 'other', detail: 'the connection was closed without an answer' };
}

function recognise(bytes: Buffer, gRPC: boolean): Answer {
  if (bytes[0] === 0x15 && bytes[1] === 0x03) return { finding: 'tls', detail: 'TLS alert' };
  if (bytes.toString('latin1', 0, 5) === 'HTTP/') return { finding: gRPC ? 'http1' : 'reachable', detail: 'HTTP/1 answer' };
  // An HTTP/2 server opens with a SETTINGS frame (RFC 9113, section 3.4): 3 bytes of length, type 4, stream 0.
  if (bytes.length >= 9 && bytes[3] === 0x04 && bytes.readUInt32BE(5) === 0) return { finding: 'reachable', detail: 'HTTP/2' };
  return { detail: `it answered ${JSON.stringify(bytes.toString('latin1', 0, 20))}` };
}

async function examineTls(endpoint: Endpoint, options: Required<ProbeOptions>): Promise<Answer> {
  const gRPC = endpoint.protocol === 'grpc';
  const hello = await handshake(endpoint, options, { ...options.certificates, ...(gRPC && { ALPNProtocols: ['h2'] }) });
  if (hello.finding && !(hello.shaken && gRPC && hello.alpn !== 'h2')) return { finding: hello.finding, detail: hello.detail };
  if (!hello.shaken) return { finding: 'plaintext', detail: hello.detail };
  if (gRPC && hello.alpn !== 'h2') return { finding: 'http1', detail: `ALPN ${hello.alpn}` };
  if (hello.detail === CLOSED) {
    // Node's servers drop a client whose certificate they do not accept, without an alert.
    return { finding: options.certificates.cert === undefined ? 'other' : 'client-certificate', detail: hello.detail };
  }
  return { finding: 'reachable', detail: 'TLS' };
}

/**
 * A TLS handshake and a first word, because under TLS 1.3 a server checks the client's certificate after the client considers the
 * connection established.
 */
function handshake(
  endpoint: Endpoint,
  { timeout, background }: Required<ProbeOptions>,
  tls: ConnectionOptions,
): Promise<Answer & { shaken: boolean; alpn?: string | false }> {
  return new Promise((resolve) => {
    const name = /^[\d.]+$|:/u.test(endpoint.host) ? {} : { servername: endpoint.host };
    let socket: TLSSocket;
    try {
      socket = connectTls({ host: endpoint.host, port: endpoint.port, ...name, ...tls });
    } catch (error) {
      return resolve({ finding: 'client-certificate', detail: (error as Error).message, shaken: false }); // OpenSSL cannot use it
    }
    let shaken = false;
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...answer, shaken, ...(shaken && { alpn: socket.alpnProtocol ?? false }) });
    };
    const timer = setTimeout(() => end({ finding: 'silent', detail: `no answer within ${timeout} ms` }), timeout);
    if (background) release(timer, socket);
    socket.on('secureConnect', () => {
      shaken = true;
      socket.write(socket.alpnProtocol === 'h2' ? PREFACE : HTTP1_REQUEST);
    });
    socket.on('data', () => end({ detail: '' }));
    socket.on('error', (error: NodeJS.ErrnoException) => end(classifyTls(error)));
    socket.on('close', () => end({ detail: shaken ? CLOSED : 'closed during the handshake' }));
  });
}

function classifyTls(error: NodeJS.ErrnoException): Answer {
  const code = String(error.code);
  const detail = code === 'undefined' ? error.message : code;
  if (code === 'ECONNREFUSED') return { finding: 'refused', detail };
  if (UNREACHABLE.has(code)) return { finding: 'unreachable', detail };
  if (/CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|ALERT_.*CERTIFICATE|ALERT_UNKNOWN_CA/u.test(code))
    return { finding: 'client-certificate', detail };
  if (/NO_APPLICATION_PROTOCOL/u.test(code)) return { finding: 'http1', detail };
  if (PLAINTEXT_ANSWER.has(code) || code === 'ECONNRESET') return { detail };
  if (/CERT|SELF_SIGNED|SIGNATURE|ALTNAME|CA_/u.test(code)) return { finding: 'certificate', detail };
  return { detail };
}

/** Sends `bytes` and waits for the first ones back. */
function exchange(
  socket: Socket,
  bytes: Buffer,
  { timeout, background }: Required<ProbeOptions>,
): Promise<Answer & { bytes: Buffer }> {
  return new Promise((resolve) => {
    const end = (answer: Answer, received = Buffer.alloc(0)): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...answer, bytes: received });
    };
    let connected = false;
    const timer = setTimeout(
      () => end({ finding: connected ? 'silent' : 'unreachable', detail: `no answer within ${timeout} ms` }),
      timeout,
    );
    if (background) release(timer, socket);
    socket.once('connect', () => {
      connected = true;
      socket.write(bytes);
    });
    socket.once('data', (received) => end({ detail: '' }, received));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = String(error.code);
      if (code === 'ECONNREFUSED') end({ finding: 'refused', detail: code });
      else if (!connected) end({ finding: 'unreachable', detail: code });
      else end({ detail: code });
    });
    socket.once('close', () => end({ detail: 'closed' }));
  });
}

function release(timer: NodeJS.Timeout, socket: Socket): void {
  unref(timer);
  socket.unref();
}
