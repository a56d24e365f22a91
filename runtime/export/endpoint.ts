// Checks the endpoint that a person wrote. A bad endpoint must not stop the service, so the answer is a value with a message:
// startTracing() logs it and runs on without tracing. There is no fallback to a local Collector.

import type { Configuration } from '../config/configuration.js';
import { withoutSecrets } from '../text/found.js';

/** An endpoint that can be used as it is. */
export interface Endpoint {
  /** Normal form; for HTTP with the path. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Target as gRPC takes it: `host:port`, an IPv6 address in brackets. */
  readonly target: string;
  /** False: no port was written, and the scheme's own (80, 443) is used. */
  readonly portWritten: boolean;
  readonly tls: boolean;
  readonly protocol: Configuration['otlpProtocol'];
}

type EndpointCheck = { readonly ok: true; readonly endpoint: Endpoint } | { readonly ok: false; readonly message: string };

const SCHEMES: Record<string, { tls: boolean; port: number }> = {
  'http:': { tls: false, port: 80 },
  'https:': { tls: true, port: 443 },
};

/** The ports that OTLP registered, by protocol, and the one that belongs to the other protocol. */
const PORTS = {
  grpc: { own: 4317, others: 4318, name: 'OTLP/gRPC', other: 'OTLP/HTTP', otherProtocol: 'http/protobuf' },
  'http/protobuf': { own: 4318, others: 4317, name: 'OTLP/HTTP', other: 'OTLP/gRPC', otherProtocol: 'grpc' },
} as const;

/** How gRPC writes targets (gRPC name resolution): prefixes of addresses, and forms that are no addresses. */
const ADDRESS_TARGET = /^(?:dns:(?:\/\/[^/]*\/)?|ipv[46]:|https?:\/?(?!\/))/iu;
const OTHER_TARGET = /^(?:unix|unix-abstract|vsock|xds):/iu;

const HTTP_PATH = '/v1/traces';

/**
 * Validates and normalises the text of `otlp_endpoint`.
 * @param options `generic`: the text came from OTEL_EXPORTER_OTLP_ENDPOINT, to which OTLP over HTTP appends the path of the signal.
 *   `insecure`: plaintext (true) or TLS (false) where a gRPC address has no scheme; default: such an address is refused.
 */
export function checkEndpoint(
  text: string,
  protocol: Configuration['otlpProtocol'] = 'grpc',
  { generic = false, insecure }: { generic?: boolean; insecure?: boolean | null } = {},
): EndpointCheck {
  const trimmed = text.trim();
  const written = protocol === 'grpc' && typeof insecure === 'boolean' ? withScheme(trimmed, insecure) : trimmed;
  const fault = faultInText(written, PORTS[protocol].own) ?? faultInUrl(new URL(written), protocol);
  if (fault !== undefined)
    return { ok: false, message: `otlp_endpoint ${JSON.stringify(withoutSecrets(written).slice(0, 200))} ${fault}` };

  const url = new URL(written);
  const { tls, port: usual } = SCHEMES[url.protocol] as (typeof SCHEMES)[string];
  const port = url.port === '' ? usual : Number(url.port);
  const path = pathOf(url);
  const tail = protocol === 'grpc' ? '' : generic ? `${path}${HTTP_PATH}` : path === '' ? HTTP_PATH : path;
  return {
    ok: true,
    endpoint: Object.freeze({
      url: `${url.protocol}//${url.hostname}:${port}${tail}`,
      host: url.hostname.replace(/^\[(.*)\]$/u, '$1'),
      port,
      target: `${url.hostname}:${port}`,
      portWritten: /^[a-z]+:\/\/[^/]*:\d+(?:\/|$)/iu.test(written), // URL leaves out a port that is the scheme's own
      tls,
      protocol,
    }),
  };
}

const pathOf = (url: URL): string => url.pathname.replace(/\/+$/u, '');

/** The reason why the text is not a URL, or undefined. */
function faultInText(written: string, own: number): string | undefined {
  if (/^["'`]/u.test(written)) return 'is in quotes, which are part of the value: leave them out.';
  if (OTHER_TARGET.test(written)) return `is not a TCP address, and no other is supported: write "http://host:${own}".`;
  if (ADDRESS_TARGET.test(written) || !/^[a-z][a-z0-9+.-]*:\/\//iu.test(written)) {
    const rest = withoutSecrets(`//${written.replace(ADDRESS_TARGET, '').replace(/^\/+/u, '') || 'host'}`);
    const address = /:\d+\b/u.test(rest) ? rest : `${rest}:${own}`;
    return `has no scheme: write "http:${address}" for plaintext or "https:${address}" for TLS.`;
  }
  // URL strips these silently; a name with a line break in it is a mistake worth seeing.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const isUrl = !/[\s\u0000-\u001f\u007f\\]/u.test(written) && URL.canParse(written);
  return isUrl ? undefined : `is not a valid URL: write "http://host:${own}", with a port from 1 to 65535.`;
}

/** The reason why a URL is not an endpoint of this protocol, or undefined. */
function faultInUrl(url: URL, protocol: Configuration['otlpProtocol']): string | undefined {
  const { own, others, name, other, otherProtocol } = PORTS[protocol];
  const plain = `${url.protocol}//${url.host}`;
  if (!Object.hasOwn(SCHEMES, url.protocol))
    return `has the scheme "${url.protocol}//", which is not supported: write "http://" for plaintext or "https://" for TLS.`;
  if (url.username !== '' || url.password !== '')
    return 'holds a user name or password: take them out and send them as headers (otlp_headers or OTEL_EXPORTER_OTLP_HEADERS).';
  if (url.search !== '' || url.hash !== '') return `has a query or a fragment: write only "${plain}".`;
  if (url.port === '0') return `has port 0: write the port of the Collector, for ${name} usually ${own}.`;
  if (url.port === String(others))
    return `has port ${others}, which is the port of ${other}, but the protocol is ${name}: use port ${own}, or set otlp_protocol = "${otherProtocol}".`;
  const path = pathOf(url);
  return protocol === 'grpc' && path !== '' ? `has the path "${path}", but OTLP/gRPC takes none: write "${plain}".` : undefined;
}

/** The address behind a name of gRPC's resolvers (`dns:///host:4317`), with a scheme where it has none. */
function withScheme(written: string, insecure: boolean): string {
  if (OTHER_TARGET.test(written) || /^["'`]/u.test(written)) return written;
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//iu.test(written) && !ADDRESS_TARGET.test(written);
  if (isUrl) return written;
  const address = written.replace(ADDRESS_TARGET, '').replace(/^\/+/u, '');
  const target = /:\d+$/u.test(address) ? address : `${address}:${PORTS.grpc.own}`;
  return address === '' ? written : `${insecure ? 'http' : 'https'}://${target}`;
}
