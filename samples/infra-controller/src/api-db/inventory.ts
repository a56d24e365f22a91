// The controller's model of its site, in the terms of the program; all SQL for it is in this file.

import { instrument } from 'spanwright';
import type { BackendName, Component, Endpoint } from '../component-manager/component.js';
import type { Database, Row } from './database.js';

export const OBJECT_KINDS = ['machine', 'switch', 'power-shelf'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

export interface ManagedObject {
  id: string;
  state: string;
  component: string;
}

export class UnknownComponentError extends Error {
  override readonly name = 'UnknownComponentError';
}

export class Inventory {
  constructor(private readonly database: Database) {}

  async addComponent(component: Component): Promise<void> {
    await this.database.query('INSERT INTO components (id, backend) VALUES ($1, $2)', [component.id, component.backend]);
    for (const [position, { url, credentials }] of component.endpoints.entries()) {
      await this.database.query(
        'INSERT INTO endpoints (component, position, url, username, password) VALUES ($1, $2, $3, $4, $5)',
        [component.id, position, url, credentials.username, credentials.password],
      );
    }
  }

  async addObject(kind: ObjectKind, object: ManagedObject): Promise<void> {
    await this.database.query('INSERT INTO objects (id, kind, state, component) VALUES ($1, $2, $3, $4)', [
      object.id,
      kind,
      object.state,
      object.component,
    ]);
  }

  /** @throws UnknownComponentError */
  @instrument({ level: 'debug', root: 'never', args: { id: 'component.id' } })
  async component(id: string): Promise<Component> {
    const rows = await this.database.query(
      `SELECT c.backend, e.url, e.username, e.password FROM components c JOIN endpoints e ON e.component = c.id
       WHERE c.id = $1 ORDER BY e.position`,
      [id],
    );
    const [first, ...rest] = rows;
    if (!first) throw new UnknownComponentError(`There is no component "${id}".`);
    return { id, backend: first.backend as BackendName, endpoints: [toEndpoint(first), ...rest.map(toEndpoint)] };
  }

  async componentIds(): Promise<string[]> {
    return (await this.database.query('SELECT id FROM components ORDER BY id')).map((row) => String(row.id));
  }

  /** Records of a component in DNS: the addresses of its BMCs, or its power state as text; nothing for other types of records. */
  async dnsRecords(id: string, type: string): Promise<{ type: string; data: string }[]> {
    if (type === 'A') {
      const { endpoints } = await this.component(id);
      return [...new Set(endpoints.map(({ url }) => new URL(url).hostname))].map((data) => ({ type, data }));
    }
    const rows = type === 'TXT' ? await this.database.query('SELECT power_state FROM components WHERE id = $1', [id]) : [];
    return rows.map((row) => ({ type, data: `power=${row.power_state}` }));
  }

  async objects(kind: ObjectKind): Promise<ManagedObject[]> {
    const rows = await this.database.query('SELECT id, state, component FROM objects WHERE kind = $1 ORDER BY id', [kind]);
    return rows as unknown as ManagedObject[];
  }

  async setObjectState(id: string, state: string): Promise<void> {
    await this.database.query('UPDATE objects SET state = $2, version = version + 1 WHERE id = $1', [id, state]);
  }

  async setPowerState(id: string, state: string): Promise<void> {
    await this.database.query('UPDATE components SET power_state = $2 WHERE id = $1', [id, state]);
  }

  async setFirmware(id: string, version: string): Promise<void> {
    await this.database.query('UPDATE components SET firmware = $2 WHERE id = $1', [id, version]);
  }

  async markSeen(id: string): Promise<void> {
    await this.database.query('UPDATE components SET last_seen = now() WHERE id = $1', [id]);
  }
}

function toEndpoint(row: Row): Endpoint {
  return { url: String(row.url), credentials: { username: String(row.username), password: String(row.password) } };
}
