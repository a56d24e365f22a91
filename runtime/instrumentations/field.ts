// Property access on objects of instrumented libraries, whose shape depends on their version.

/** Returns the property, or undefined when `holder` is no object. */
export function fieldOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[name] : undefined;
}
