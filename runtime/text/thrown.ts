// Renders a thrown value as text for a line of the log. Anything can be thrown, also a value that throws when it is read. Read by
// the parts of the set-up that call code of the application.

export function textOfThrown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}
