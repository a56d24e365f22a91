// Registrations at the OpenTelemetry API of this process. The API has no getters for all of them, so the record that its copies share
// (`opentelemetry.js.api.1`) is read; nothing here writes it.

import { ProxyTracerProvider, propagation, type TracerProvider, trace } from '@opentelemetry/api';
import { reportFault } from '../fault.js';

interface ApiRecord {
  readonly version?: string;
  readonly context?: unknown;
  readonly propagation?: unknown;
}

function apiRecord(): ApiRecord {
  return ((globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] ?? {}) as ApiRecord;
}

/** Version of the API's copy that registered first; copies that are newer by a minor version ignore what it holds. */
export function registeredApiVersion(): string | undefined {
  return apiRecord().version;
}

/** Delegate of a proxy while nothing is registered; compared by identity, because minifiers rename its class. */
const NOOP = new ProxyTracerProvider().getDelegate();

/** The provider behind the API's proxy; undefined while none is registered. */
export function registeredProvider(): TracerProvider | undefined {
  const proxy = trace.getTracerProvider() as TracerProvider & { getDelegate?(): TracerProvider };
  const provider = proxy.getDelegate?.() ?? proxy;
  return provider === NOOP ? undefined : provider;
}

export function isRegisteredContextManager(manager: object): boolean {
  return apiRecord().context === manager;
}

export function isPropagatorRegistered(): boolean {
  return apiRecord().propagation !== undefined;
}

export function isRegisteredPropagator(propagator: object): boolean {
  return apiRecord().propagation === propagator;
}

/** True for a registered propagator that does not write `traceparent`. */
export function lacksTraceparent(): boolean {
  try {
    const fields = propagation.fields();
    return fields.length > 0 && !fields.includes('traceparent');
  } catch (fault) {
    reportFault('the propagator of the application', fault);
    return false;
  }
}

/** The class of a provider or propagator, for messages. */
export function classNameOf(registered: object): string {
  return registered.constructor?.name || 'an object';
}
