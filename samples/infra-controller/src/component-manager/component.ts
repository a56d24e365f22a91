// Components that the manager controls: racks, switches and power shelves, each reached through its BMC by one of three backends.

export const BACKENDS = ['nsm', 'psm', 'rms'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const POWER_ACTIONS = ['on', 'off', 'restart'] as const;
export type PowerAction = (typeof POWER_ACTIONS)[number];

export interface Credentials {
  username: string;
  password: string;
}

/** Address and credentials of a component's BMC: never to be recorded. */
export interface Endpoint {
  url: string;
  credentials: Credentials;
}

export interface Component {
  id: string;
  backend: BackendName;
  /** BMCs of the component: its own first, then those of its parts: trays of a rack, supplies of a shelf. */
  endpoints: readonly [Endpoint, ...Endpoint[]];
}

export interface FirmwareStatus {
  version: string;
  sha256: string;
  /** The version that a BMC with a queue will write next. */
  queued?: string;
}

/** Interface of the backends; one implementation for each kind of hardware. Racks and shelves are updated at once, switches queue updates. */
export type Backend = {
  powerControl(component: Component, action: PowerAction): Promise<string>;
  getFirmwareStatus(component: Component): Promise<FirmwareStatus[]>;
} & (
  | { updateFirmware(component: Component, version: string): Promise<FirmwareStatus> }
  | { queueFirmwareUpdates(component: Component, version: string): Promise<FirmwareStatus> }
) &
  ({ listFirmware(component: Component): Promise<string[]> } | { listFirmwareBundles(component: Component): Promise<string[]> });
