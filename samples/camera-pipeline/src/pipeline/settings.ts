// Reading the environment: a value that is not what it must be ends the start with its name, what was found, and what was expected.

export function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set. npm start sets it; a process that is started by hand needs it.`);
}

export function onOff(name: string, fallback: boolean): boolean {
  const text = process.env[name]?.toLowerCase() || String(fallback);
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Error(`${name}="${text}" is neither true nor false.`);
}

export function number(name: string, fallback: number, least: number, most: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new Error(`${name}="${text}" is not a number from ${least} to ${most}.`);
}
