// Risk of a classified object, 0 to 100, from its kind, its confidence and the priority in the baggage of its image.

import type { ObjectKind } from '../camera/scene.js';
import type { Classified } from '../inference/network.js';
import type { Priority } from '../pipeline/baggage.js';

const OF_OBJECT: Record<ObjectKind, number> = { person: 60, vehicle: 45, animal: 10 };
const OF_PRIORITY: Record<Priority, number> = { low: -10, normal: 0, high: 15, critical: 35 };

export function riskOf({ object, confidence }: Classified, priority: Priority): number {
  return Math.round(Math.max(0, Math.min(100, OF_OBJECT[object] * confidence + OF_PRIORITY[priority])));
}
