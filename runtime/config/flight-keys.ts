// Configuration keys of the flight recorder. Part of KEYS in keys.ts.

import type { Duration } from '../tracing.js';
import type { KeyRow } from './key-row.js';
import { boolean, choice, duration, integer, text, type ValueType } from './types.js';

const MINUTE = 60_000;

const optionalDuration = (bounds: { min: number; max: number }): ValueType<number | null, Duration> => duration(bounds);

export const FLIGHT_KEYS = [
  {
    key: 'flight_recorder',
    option: 'flightRecorder',
    type: optionalDuration({ min: 1000, max: 60 * MINUTE }),
    default: null,
    env: ['SPANWRIGHT_FLIGHT_RECORDER'],
    doc: 'Time for which calls that are not recorded stay in memory, for a dump ([flight-recorder.md](flight-recorder.md)). Unset: they are not kept.',
  },
  {
    key: 'flight_max_calls',
    option: 'flightMaxCalls',
    type: integer({ min: 100, max: 10_000_000 }),
    default: 600_000,
    env: ['SPANWRIGHT_FLIGHT_MAX_CALLS'],
    doc: 'Most calls that the flight recorder keeps.',
  },
  {
    key: 'flight_max_bytes',
    option: 'flightMaxBytes',
    type: integer({ min: 65_536, max: 2 ** 30 }),
    default: 32 * 2 ** 20,
    env: ['SPANWRIGHT_FLIGHT_MAX_BYTES'],
    doc: 'Most bytes that the flight recorder takes, kept arguments included.',
  },
  {
    key: 'flight_directory',
    option: 'flightDirectory',
    type: text(),
    default: '.',
    env: ['SPANWRIGHT_FLIGHT_DIRECTORY'],
    doc: 'Directory of the dump files, relative to the working directory.',
  },
  {
    key: 'flight_errors',
    option: 'flightErrors',
    type: boolean(),
    default: true,
    env: ['SPANWRIGHT_FLIGHT_ERRORS'],
    doc: 'An error at a root dumps the flight recorder.',
  },
  {
    key: 'flight_slower_than',
    option: 'flightSlowerThan',
    type: optionalDuration({ min: 1, max: 60 * MINUTE }),
    default: null,
    env: ['SPANWRIGHT_FLIGHT_SLOWER_THAN'],
    doc: 'Duration of a root above which the flight recorder is dumped.',
  },
  {
    key: 'flight_loop_delay',
    option: 'flightLoopDelay',
    type: optionalDuration({ min: 10, max: MINUTE }),
    default: null,
    env: ['SPANWRIGHT_FLIGHT_LOOP_DELAY'],
    doc: 'Delay of the event loop above which the flight recorder is dumped.',
  },
  {
    key: 'flight_signal',
    option: 'flightSignal',
    type: choice(['none', 'SIGUSR1', 'SIGUSR2']),
    default: 'none',
    env: ['SPANWRIGHT_FLIGHT_SIGNAL'],
    doc: 'Signal that dumps the flight recorder.',
  },
  {
    key: 'flight_interval',
    option: 'flightInterval',
    type: duration({ min: 0, max: 24 * 60 * MINUTE }),
    default: MINUTE,
    env: ['SPANWRIGHT_FLIGHT_INTERVAL'],
    doc: 'Least time between two dumps for the same cause. A dump that a person requests is always written.',
  },
] as const satisfies readonly KeyRow[];
