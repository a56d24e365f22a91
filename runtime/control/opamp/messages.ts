// Messages of OpAMP (opamp.proto of the specification) that a service needs: AgentToServer is written, ServerToAgent is read. Called by
// agent.ts. Fields that a service does not use are skipped; bytes that are no message are an error and never read beyond.

import type { Attributes } from '@opentelemetry/api';
import { writeAttributes } from '../../export/encode.js';
import { EncodeWriter, FIXED64, LENGTH, VARINT } from '../../export/encode-writer.js';
import { walk } from '../../export/protobuf-fields.js';

/** Bits of AgentCapabilities. */
export const CAPABILITIES = {
  reportsStatus: 0x1,
  acceptsRemoteConfig: 0x2,
  reportsEffectiveConfig: 0x4,
  reportsHealth: 0x800,
  reportsRemoteConfig: 0x1000,
  reportsHeartbeat: 0x2000,
} as const;

/** Values of RemoteConfigStatuses. */
export const APPLIED = 1;
export const FAILED = 3;

/** Bit of ServerToAgentFlags. */
const REPORT_FULL_STATE = 1;
/** Value of ServerErrorResponseType. */
const UNAVAILABLE = 2;

export interface Description {
  readonly identifying: Attributes;
  readonly others: Attributes;
}

export interface Health {
  readonly healthy: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly status: string;
  readonly lastError: string;
  /** Parts of the service by name. */
  readonly components: ReadonlyMap<string, Omit<Health, 'components'>>;
}

export interface RemoteConfigStatus {
  readonly hash: Uint8Array;
  readonly status: typeof APPLIED | typeof FAILED;
  readonly error: string;
}

/** A message to the server; a part that is missing has not changed since the server had it. */
export interface AgentToServer {
  readonly instance: Uint8Array;
  readonly sequence: number;
  readonly capabilities: number;
  readonly description?: Description | undefined;
  readonly health?: Health | undefined;
  /** JSON. */
  readonly effectiveConfig?: string | undefined;
  readonly remoteConfigStatus?: RemoteConfigStatus | undefined;
  readonly disconnects?: boolean;
}

/** The parts of a message of the server that are read. */
export interface ServerToAgent {
  readonly instance: Uint8Array | undefined;
  readonly newInstance: Uint8Array | undefined;
  readonly remoteConfig: { readonly files: ReadonlyMap<string, Uint8Array>; readonly hash: Uint8Array } | undefined;
  readonly wantsFullState: boolean;
  /** The server could not handle the last message. */
  readonly error: { readonly message: string; readonly retryAfterMillis: number | undefined } | undefined;
}

const writer = new EncodeWriter();
/** Bytes that the length of most messages takes. */
const RESERVED = 2;

function nested(field: number, write: () => void): void {
  writer.tag(field, LENGTH);
  const mark = writer.open(RESERVED);
  write();
  writer.close(mark, RESERVED);
}

function writeOptional(field: number, value: string): void {
  if (value === '') return;
  writer.tag(field, LENGTH);
  writer.text(value);
}

function bytes(field: number, value: Uint8Array): void {
  writer.tag(field, LENGTH);
  writer.block(value);
}

function writeUnsigned(field: number, value: number): void {
  if (value === 0) return;
  writer.tag(field, VARINT);
  writer.int64(value);
}

function time(field: number, milliseconds: number): void {
  writer.tag(field, FIXED64);
  writer.time(Math.floor(milliseconds / 1000), Math.round(milliseconds % 1000) * 1e6);
}

function health({ healthy, startedAt, status, lastError }: Omit<Health, 'components'>, now: number): void {
  writeUnsigned(1, Number(healthy));
  time(2, startedAt);
  writeOptional(3, lastError);
  writeOptional(4, status);
  time(5, now);
}

/** @param now milliseconds since the epoch, the time of the status */
export function encodeAgentToServer(message: AgentToServer, now: number): Uint8Array {
  writer.reset();
  bytes(1, message.instance);
  writeUnsigned(2, message.sequence);
  const { description, health: reported, effectiveConfig, remoteConfigStatus } = message;
  if (description !== undefined)
    nested(3, () => {
      writeAttributes(writer, 1, description.identifying);
      writeAttributes(writer, 2, description.others);
    });
  writeUnsigned(4, message.capabilities);
  if (reported !== undefined)
    nested(5, () => {
      health(reported, now);
      for (const [name, component] of reported.components)
        nested(6, () => {
          writeOptional(1, name);
          nested(2, () => health(component, now));
        });
    });
  if (effectiveConfig !== undefined)
    nested(6, () =>
      nested(1, () =>
        nested(1, () => {
          writeOptional(1, '');
          nested(2, () => {
            writeOptional(1, effectiveConfig);
            writeOptional(2, 'application/json');
          });
        }),
      ),
    );
  if (remoteConfigStatus !== undefined)
    nested(7, () => {
      bytes(1, remoteConfigStatus.hash);
      writeUnsigned(2, remoteConfigStatus.status);
      writeOptional(3, remoteConfigStatus.error);
    });
  if (message.disconnects === true) nested(9, () => undefined);
  return writer.take();
}

/** The last of the fields with this number, as protobuf reads it. */
function last(message: Uint8Array, wanted: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const [number, value] of walk(message)) if (number === wanted && typeof value !== 'number') found = value;
  return found;
}

function lastNumber(message: Uint8Array, wanted: number): number {
  let found = 0;
  for (const [number, value] of walk(message)) if (number === wanted && typeof value === 'number') found = value;
  return found;
}

const textIn = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('utf8');

/** Files of an AgentConfigMap by name. */
function filesIn(map: Uint8Array | undefined): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [number, entry] of walk(map ?? new Uint8Array())) {
    if (number !== 1 || typeof entry === 'number') continue;
    files.set(textIn(last(entry, 1)), last(last(entry, 2) ?? new Uint8Array(), 1) ?? new Uint8Array());
  }
  return files;
}

function errorIn(message: Uint8Array): ServerToAgent['error'] {
  const retry = last(message, 3);
  const wait = retry === undefined || lastNumber(message, 1) !== UNAVAILABLE ? 0 : lastNumber(retry, 1) / 1e6;
  return { message: textIn(last(message, 2)), retryAfterMillis: wait > 0 ? wait : undefined };
}

/** @throws RangeError for bytes that are no such message */
export function decodeServerToAgent(message: Uint8Array): ServerToAgent {
  const [instance, error, config, identification] = [1, 2, 3, 8].map((field) => last(message, field));
  const hash = config === undefined ? undefined : last(config, 2);
  return {
    instance,
    newInstance: identification === undefined ? undefined : last(identification, 1),
    remoteConfig: config === undefined ? undefined : { files: filesIn(last(config, 1)), hash: hash ?? new Uint8Array() },
    wantsFullState: lastNumber(message, 6) % 2 === REPORT_FULL_STATE,
    error: error === undefined ? undefined : errorIn(error),
  };
}
