// Reconciles objects, one pass at a time: reads the objects of a kind and passes each to the controller of that kind. A pass
// is asked for by a request, or by the loop, whose passes are traces of their own.

import { instrument } from 'spanwright';
import type { Inventory, ManagedObject, ObjectKind } from '../api-db/inventory.js';
import { log } from '../log.js';

/** Looks at one object in its state, does what the state asks for, and answers with the state it is in then. */
export interface ObjectController {
  handleObjectState(objectId: string, state: string, object: ManagedObject): Promise<string>;
}

export class StateController {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly inventory: Inventory,
    private readonly controllers: Readonly<Record<ObjectKind, ObjectController>>,
  ) {}

  /** Answers with the states after the pass, by object. */
  async reconcile(kind: ObjectKind): Promise<Record<string, string>> {
    const objects = await this.inventory.objects(kind);
    const states = await Promise.all(objects.map((object) => this.advance(kind, object)));
    return Object.fromEntries(objects.map((object, index) => [object.id, states[index] ?? object.state]));
  }

  private async advance(kind: ObjectKind, object: ManagedObject): Promise<string> {
    const next = await this.controllers[kind].handleObjectState(object.id, object.state, object);
    if (next !== object.state) await this.inventory.setObjectState(object.id, next);
    return next;
  }

  @instrument({ name: 'state_processor_iteration', root: true, attributes: { 'carbide.trace_root': true } })
  async iteration(): Promise<void> {
    for (const kind of Object.keys(this.controllers) as ObjectKind[]) await this.reconcile(kind);
  }

  /** Starts the loop. The pause is counted from the end of a pass, so that passes never overlap. */
  start(intervalMs: number): void {
    this.timer = setTimeout(() => {
      this.iteration()
        .catch((error) => log('error', 'a reconcile pass failed', { error }))
        .finally(() => {
          if (!this.stopped) this.start(intervalMs);
        });
    }, intervalMs).unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
