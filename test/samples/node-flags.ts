// Flags of Node for processes of the samples. Those that a driver starts have the flags of their driver.

/** Without optimizing WebAssembly in the background: PGlite, the embedded PostgreSQL, ends here before optimized code has paid off. */
export const SHORT_LIVED: readonly string[] = ['--liftoff-only'];
