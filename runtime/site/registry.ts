// All sites of the process. A site whose place in the source is known is added once: code that runs its decorators again (hot
// reload, a class made by a function) shares the existing slot when nothing differs. Other slots are held weakly, by the
// function that uses them, so that neither memory grows nor a rule misses one.

import { CapturedWeakRef } from '../captured.js';
import type { Site } from './site.js';

export class SiteRegistry {
  readonly #byId = new Map<string, Site>();
  #loose: WeakRef<Site>[] = [];
  /** Ids of loose slots, and the ids that several of these slots share. */
  #looseIds = new Set<string>();
  #sharedIds = new Set<string>();
  #pruneAt = 1024;
  /** Places of the sites in files that a development server may load again, by namespace and path. */
  readonly #places = new Map<string, string>();
  /** Slots of earlier versions of these files. */
  #replaced: WeakRef<Site>[] = [];
  readonly #createRest: () => void;

  /** @param createRest creates the sites of functions that are registered in a module's table and have not been called while on */
  constructor(createRest: () => void = () => {}) {
    this.#createRest = createRest;
  }

  /** Registers `site` and returns the slot to use: an existing one when it is equal. */
  add(site: Site): Site {
    const known = site.file === undefined && site.scope === undefined ? undefined : this.#byId.get(site.id);
    if (known !== undefined && isSameSite(known, site)) return known;
    if (known === undefined && (site.file !== undefined || site.scope !== undefined)) this.#byId.set(site.id, site);
    else this.#addLoose(site);
    return site;
  }

  /**
   * Called by a file that a development server compiled, before its own sites are added. Slots of an earlier version whose place is gone
   * are listed no more; they are judged for as long as a function uses them.
   *
   * @param places `line:column:function` of each site, one a line
   */
  fileLoaded(namespace: string, file: string, places: string): void {
    const key = `${namespace}\n${file}`;
    const before = this.#places.get(key);
    this.#places.set(key, places);
    if (before === undefined || before === places) return;
    this.#createRest();
    const kept = new Set(places.split('\n'));
    this.#replaced = this.#replaced.filter((reference) => reference.deref() !== undefined);
    for (const site of this.#byId.values()) {
      if (site.file !== file || !site.namespace.startsWith(namespace)) continue;
      if (kept.has(`${site.line}:${site.column}:${site.functionName}`)) continue;
      this.#byId.delete(site.id);
      this.#replaced.push(new CapturedWeakRef(site));
    }
  }

  /** True in a process that runs code of a development server, which may load any module again. */
  get isReloadable(): boolean {
    return this.#places.size > 0;
  }

  /** True when several slots may have this id. */
  isShared(id: string): boolean {
    return this.#sharedIds.has(id);
  }

  /** Existing slots; a slot that is created later is judged at its creation. */
  readonly created: Iterable<Site> = { [Symbol.iterator]: () => addAlive(this.#existing(), this.#replaced).values() };

  /** Number of slots. */
  get size(): number {
    this.#createRest();
    this.#prune();
    return this.#byId.size + this.#loose.length;
  }

  /** Every live slot, created if need be; several may have one id. */
  [Symbol.iterator](): IterableIterator<Site> {
    this.#createRest();
    return this.#existing().values();
  }

  /** A list, because a change of rules goes over thousands, and a generator takes longer than the judgement. */
  #existing(): Site[] {
    return addAlive([...this.#byId.values()], this.#loose);
  }

  #addLoose(site: Site): void {
    this.#loose.push(new CapturedWeakRef(site));
    this.#noteId(site.id);
    if (this.#loose.length < this.#pruneAt) return;
    this.#prune();
    this.#pruneAt = Math.max(1024, this.#loose.length * 2);
  }

  #noteId(id: string): void {
    if (this.#looseIds.has(id) || this.#byId.has(id)) this.#sharedIds.add(id);
    this.#looseIds.add(id);
  }

  #prune(): void {
    const before = this.#loose.length;
    this.#loose = this.#loose.filter((reference) => reference.deref() !== undefined);
    if (this.#loose.length === before) return;
    this.#looseIds = new Set();
    this.#sharedIds = new Set();
    for (const reference of this.#loose) this.#noteId(reference.deref()?.id ?? '');
  }
}

function addAlive(sites: Site[], references: readonly WeakRef<Site>[]): Site[] {
  for (const reference of references) {
    const site = reference.deref();
    if (site !== undefined) sites.push(site);
  }
  return sites;
}

/** Options are compared by identity; those that are data, by content. */
function isSameSite(a: Site, b: Site): boolean {
  if (a.spanName !== b.spanName || a.kind !== b.kind || a.namespace !== b.namespace) return false;
  // the shape is compared too, because a class factory can make functions of several shapes from one place in the source
  if (a.isAsync !== b.isAsync || a.shape !== b.shape) return false;
  const right = new Map(Object.entries(b.options));
  const sameOptions = Object.entries(a.options).every(([key, value]) => {
    const other = right.get(key);
    return (
      value === other || (typeof value !== 'function' && value !== undefined && JSON.stringify(value) === JSON.stringify(other))
    );
  });
  return sameOptions && JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}
