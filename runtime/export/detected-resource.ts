// OpenTelemetry's `Resource`, whose detectors run when it is first asked for anything, which is when the first span is sent or a span
// processor reads it: a set-up that is off asks none of them. Made by resource.ts. A detector that throws, rejects or does not
// answer is logged and left out; it neither delays nor fails a start.

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { RawAttribute, Resource, ResourceDetector } from '../sdk/contracts.js';
import { loadResources } from '../sdk/packages.js';
import { textOfThrown } from '../text/thrown.js';
import { VERSION } from '../version.js';
import type { Notice } from '../warnings.js';
import { within } from '../within.js';

/** How long an export waits for detectors that query other services: a cloud's metadata service that does not answer costs this once. */
const LIMIT_MS = 2000;

/**
 * Attributes that name Spanwright as the maker of the spans. `opentelemetry` is reserved for OpenTelemetry's SDK (semantic conventions,
 * "Telemetry SDK").
 */
const MAKER: Attributes = {
  'telemetry.sdk.name': 'spanwright',
  'telemetry.sdk.version': VERSION,
  'telemetry.sdk.language': 'nodejs',
  'telemetry.distro.name': 'spanwright',
  'telemetry.distro.version': VERSION,
};

/** Jest runs code in a context without dynamic imports, which detectors use; this cannot be avoided. */
const NO_IMPORT = 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG';

export interface NamedDetector {
  readonly name: string;
  readonly detect: ResourceDetector['detect'];
  /**
   * True for a detector whose attributes span processors of the application wait for. Of the standard detectors only `host.id` comes late,
   * by the time that it takes to read a small file: for that no processor holds back spans, which a shutdown could then lose.
   */
  readonly awaited: boolean;
}

interface ResourceParts {
  /** Called once, when the resource is first read. */
  readonly detectors: () => readonly NamedDetector[];
  /** Attributes that override those of detectors. */
  readonly configured: Attributes;
  readonly notice: Notice;
  /** Milliseconds; default 2,000. */
  readonly limitMillis?: number | undefined;
}

export class DetectedResource implements Resource {
  #known: Resource | undefined;
  #settled: Promise<void> | undefined;
  #pending = false;

  constructor(readonly parts: ResourceParts) {}

  get attributes(): Attributes {
    return this.#now().attributes;
  }
  get schemaUrl(): string | undefined {
    return this.#now().schemaUrl;
  }
  get asyncAttributesPending(): boolean {
    this.#now();
    return this.#pending;
  }
  merge(other: Resource | null): Resource {
    return this.#now().merge(other);
  }
  getRawAttributes(): RawAttribute[] {
    return this.#now().getRawAttributes();
  }
  /** Resolves when all is found, at the latest at the limit. Never rejects. */
  async waitForAsyncAttributes(): Promise<void> {
    this.#now();
    await this.#settled;
  }

  /** Attributes that are known without waiting. */
  #now(): Resource {
    this.#known ??= this.#detect();
    return this.#known;
  }

  #detect(): Resource {
    const { defaultResource, resourceFromAttributes } = loadResources();
    const { detectors, configured, limitMillis = LIMIT_MS } = this.parts;
    const base = defaultResource().merge(resourceFromAttributes(MAKER));
    const overriding = resourceFromAttributes(configured);
    const found: { attributes: Attributes; schemaUrl: string | undefined }[] = [];
    const late: Promise<void>[] = [];
    for (const { name, detect, awaited } of detectors()) {
      const attributes: Attributes = {};
      try {
        const { attributes: raw = {}, schemaUrl } = detect();
        found.push({ attributes, schemaUrl });
        for (const [key, value] of Object.entries(raw)) {
          if (!isPromiseLike(value)) {
            attributes[key] = value;
            continue;
          }
          this.#pending ||= awaited;
          const keep = (answer: AttributeValue | undefined): void => {
            attributes[key] = answer;
          };
          late.push(this.#take(name, value, keep));
        }
      } catch (error) {
        this.#reportFailed(name, error);
      }
    }
    const merged = (): Resource =>
      found
        .map(({ attributes, schemaUrl }) => resourceFromAttributes({ ...attributes }, { schemaUrl }))
        .concat(overriding)
        .reduce((sum, next) => sum.merge(next), base);
    const all = Promise.all(late).then(() => {
      this.#known = merged(); // also after the limit, so that later batches have more attributes
    });
    const incomplete = (): void =>
      this.parts.notice(
        'SPW023',
        `some detectors had not answered after ${limitMillis} ms; spans are sent with the attributes known so far`,
      );
    const waiting =
      late.length === 0 || limitMillis === 0 ? Promise.resolve() : within(limitMillis, all, incomplete, { holds: false });
    this.#settled = waiting.then(() => {
      this.#known = merged();
      this.#pending = false;
    });
    return merged();
  }

  async #take(name: string, value: PromiseLike<AttributeValue | undefined>, keep: (value: AttributeValue | undefined) => void) {
    try {
      keep(await value);
    } catch (error) {
      this.#reportFailed(name, error);
    }
  }

  #reportFailed(name: string, error: unknown): void {
    if ((error as { code?: unknown } | null | undefined)?.code === NO_IMPORT) return;
    this.parts.notice('SPW023', `${name}: ${textOfThrown(error)}; spans are sent without its attributes`, name);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<AttributeValue | undefined> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
