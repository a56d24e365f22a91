// Default addresses of the back ends that the recipes query, their variables, and how an address is parsed. Separate from the
// queries, so that the help, which names them, loads only this file.

import { shownAddress } from '../../runtime/text/found.js';
import { UsageError } from '../command.js';

export const DEFAULT_JAEGER = 'http://127.0.0.1:16686';
export const JAEGER_VARIABLE = 'SPANWRIGHT_JAEGER_URL';
/** Example for messages; there is no default, because Tempo is queried only where it is named. */
export const TEMPO_EXAMPLE = 'http://127.0.0.1:3200';
export const TEMPO_VARIABLE = 'SPANWRIGHT_TEMPO_URL';
export const DEFAULT_COLLECTOR_METRICS = 'http://127.0.0.1:8888/metrics';

/** Sent as `Authorization` to trace backends and Prometheus, for those that require it. */
export const AUTHORIZATION_VARIABLE = 'SPANWRIGHT_TRACES_AUTHORIZATION';

/** The base address in `text`, without a slash at its end. @throws UsageError naming `source` and an example. */
export function readAddress(text: string, source: string, example: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${source}: "${shownAddress(text)}" is not an address; expected one such as ${example}.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${source}: an address with a user name or password is not accepted; use ${AUTHORIZATION_VARIABLE}.`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
