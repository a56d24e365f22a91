// Detects that this process compiles for a tool that may measure coverage. Istanbul and its like count every statement that they
// see, so auto mode then records only functions whose check such tools can ignore. Called by the hosts.

const TOOLS = ['VITEST', 'JEST_WORKER_ID', 'NYC_CONFIG', 'NYC_CWD'];

/** True if V8 measures the coverage of this process (c8, `node --test`): tools then leave out lines without a place in a source. */
export function isMeasured(): boolean {
  return process.env.NODE_V8_COVERAGE !== undefined;
}

export function isCovered(): boolean {
  return TOOLS.some((name) => process.env[name] !== undefined);
}
