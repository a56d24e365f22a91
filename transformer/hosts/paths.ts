// Paths as TypeScript and Vite write them, on every system.

/** The path with forward slashes. */
export function forwardSlashes(path: string): string {
  return path.replace(/\\/g, '/');
}
