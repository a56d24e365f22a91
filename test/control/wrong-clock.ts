// Gives the process a clock that is wrong by `clockOffset` milliseconds, as a machine with a wrong clock has it from the start. The
// replica imports it before the package, which captures its clocks at load.

const { clockOffset = 0 } = JSON.parse(process.argv[2] ?? '{}') as { clockOffset?: number };
const RightDate = Date;
globalThis.Date = class extends RightDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [RightDate.now() + clockOffset] : given) as [number]));
  }
  static override now(): number {
    return RightDate.now() + clockOffset;
  }
} as DateConstructor;
// where `Date` is no function of the engine, the package takes the wall clock from here
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + clockOffset });

export {};
