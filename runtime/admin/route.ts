// Shape of one route of the admin hook. The table is in routes.ts; the OpenAPI document is generated from the same rows.

import type { Lease, Tracing } from '../tracing.js';
import type { Field } from './fields.js';
import type { Reading } from './reads.js';

/** Arguments of a route that changes something. */
export interface Changing {
  readonly tracing: Tracing;
  readonly values: ReadonlyMap<string, unknown>;
  /** The `:id` of the path. */
  readonly id: string;
  readonly actor: string | undefined;
}

interface RouteFacts {
  /** Path below the prefix; `:id` stands for one segment. */
  readonly path: string;
  readonly summary: string;
}

interface ReadRoute extends RouteFacts {
  readonly method: 'GET';
  /** `none`: holds no data of the service; `change`: holds data that only the token for changes may read. */
  readonly permission: 'none' | 'read' | 'change';
  readonly query: readonly Field[];
  /** Content type of the answer, for the OpenAPI document. */
  readonly type: string;
  readonly read: (call: Reading) => Response;
}

export interface ChangeRoute extends RouteFacts {
  readonly method: 'PUT' | 'DELETE';
  readonly permission: 'change';
  /** Fields of the JSON body; null when the route takes none. */
  readonly body: readonly Field[] | null;
  /** The attempted change in words, for the log. */
  readonly describe: (call: Changing) => string;
  /** Makes the change as one step: it is made whole, or it throws. Answers with the lease made or ended. */
  readonly change: (call: Changing) => Lease;
}

/** An action that changes no setting in force. */
export interface ActRoute extends RouteFacts {
  readonly method: 'POST';
  readonly permission: 'change';
  /** Fields of the JSON body. */
  readonly body: readonly Field[];
  readonly describe: (call: Changing) => string;
  /** Answers with what was done. */
  readonly act: (call: Changing) => Promise<object>;
}

export type Route = ReadRoute | ChangeRoute | ActRoute;
