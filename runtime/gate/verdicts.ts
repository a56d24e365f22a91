// The settings of the gate as they judge a site or a span: indexes over their patterns, made once for each change. Used by gate.ts.

import type { SpanKind } from '@opentelemetry/api';
import type { Capture } from '../site/capture.js';
import { fulfils, type When } from '../site/condition.js';
import { INFO } from '../site/marks.js';
import type { Admission } from './admission.js';
import { type CaptureAt, unitedCapture } from './capture.js';
import type { Pattern, Subject } from './pattern.js';
import { PatternIndex } from './pattern-index.js';
import type { Rule } from './rules.js';

export interface GateSettings extends Admission {
  enabled: boolean;
  /** Sites whose values may be captured. */
  capturable: readonly Pattern[];
  captures: readonly CaptureAt[];
  rules: readonly Rule[];
  drop: readonly Pattern[];
  remoteParent: 'accept' | 'ignore';
}

/** The decision of the settings for a subject. */
export interface Verdict {
  readonly dropped: boolean;
  readonly ratio: number;
  /** Index in LEVELS of the most detailed level that is recorded. */
  readonly level: number;
  readonly root: boolean;
  /** Alternatives, of which one must hold for a trace to start where `root` is false. */
  readonly when: readonly When[];
}

/** Roots whose conditions on the resource hold. */
interface ConditionalIndex {
  readonly roots: PatternIndex<true>;
  readonly marks: boolean;
  readonly kinds: readonly number[];
  readonly when: When;
}

const NONE: readonly When[] = [];

/** `resourceValue` answers conditions on the resource, which hold for the whole process. */
export class Verdicts {
  readonly #roots: PatternIndex<true>;
  readonly #marks: boolean;
  readonly #conditional: readonly ConditionalIndex[];
  readonly #capturable: PatternIndex<true>;
  /** A capture without roots is for every site. */
  readonly #captures: readonly { readonly roots: PatternIndex<true> | undefined; readonly capture: Capture }[];
  readonly #rules: PatternIndex<Rule>;
  readonly #drop: PatternIndex<true>;

  constructor(settings: GateSettings, resourceValue: (name: string) => unknown) {
    const { roots, marks, conditional, capturable, captures, rules, drop } = settings;
    this.#roots = indexOf(roots);
    this.#marks = marks;
    this.#conditional = conditional.flatMap(({ roots: at, marks: marked, when }) => {
      const ofProcess = when.filter(({ source }) => source === 'resource');
      if (!ofProcess.every((condition) => fulfils(condition, resourceValue(condition.name)))) return [];
      return [
        { roots: indexOf(at), marks: marked, kinds: kindsOf(at), when: when.filter(({ source }) => source !== 'resource') },
      ];
    });
    this.#capturable = indexOf(capturable);
    this.#captures = captures.map(({ only, capture }) => ({ roots: only === null ? undefined : indexOf(only), capture }));
    this.#rules = new PatternIndex(rules.map((rule) => [rule.pattern, rule]));
    this.#drop = indexOf(drop);
  }

  /** True if any root has conditions. Without them a change judges each site without allocating a list. */
  get conditional(): boolean {
    return this.#conditional.length > 0;
  }

  /** @param always the subject is a site with the option `root: 'always'` */
  of(subject: Subject, always = false): Verdict {
    const rule = this.#rules.find(subject);
    return {
      dropped: this.#drop.find(subject) ?? false,
      ratio: rule?.ratio ?? 1,
      level: rule?.level ?? INFO,
      root: (always && this.#marks) || (this.#roots.find(subject) ?? false),
      when: this.conditional
        ? this.#conditional.flatMap(({ roots, marks, when }) => ((always && marks) || roots.find(subject) === true ? [when] : []))
        : NONE,
    };
  }

  captureAt(subject: Subject): Capture | undefined {
    if (this.#captures.length === 0 || this.#capturable.find(subject) !== true) return undefined;
    return unitedCapture(
      this.#captures.flatMap(({ roots, capture }) => (roots === undefined || roots.find(subject) === true ? [capture] : [])),
    );
  }

  /** Alternatives under which any span of the kind may start a trace. */
  whenOfKind(kind: SpanKind): readonly When[] {
    return this.#conditional.flatMap(({ kinds, when }) => (kinds.includes(kind) ? [when] : []));
  }
}

const SPAN_KIND_NUMBERS: Record<string, number> = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 };

export function kindsOf(roots: readonly Pattern[]): number[] {
  return roots.filter(({ kind }) => kind === 'kind').map(({ text }) => SPAN_KIND_NUMBERS[text] as number);
}

function indexOf(patterns: readonly Pattern[]): PatternIndex<true> {
  return new PatternIndex(patterns.map((pattern) => [pattern, true]));
}
