// The sample's files for Grafana, as plain records: the queries of the dashboard and the settings of the data sources.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SAMPLE } from './pipeline.js';

interface Target {
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr?: string;
  readonly service?: string;
  readonly operation?: string;
  /** Tags in the form of Grafana's Jaeger data source, logfmt. */
  readonly tags?: string;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly overrides?: readonly {
      properties: readonly { id: string; value: { steps: readonly { color: string; value: number | null }[] } }[];
    }[];
  };
}

export interface DataSource {
  readonly uid: string;
  readonly type: string;
  readonly jsonData?: {
    readonly derivedFields?: readonly { matcherRegex: string; url: string; datasourceUid: string }[];
    readonly tracesToLogsV2?: {
      datasourceUid: string;
      tags: readonly { key: string; value: string }[];
      filterByTraceID: boolean;
    };
    readonly tracesToMetrics?: {
      datasourceUid: string;
      tags: readonly { key: string; value: string }[];
      queries: readonly { name: string; query: string }[];
    };
  };
}

export function dashboardPanels(): Panel[] {
  const text = readFileSync(join(SAMPLE, 'grafana/dashboards/camera-pipeline.json'), 'utf8');
  return (JSON.parse(text) as { panels: Panel[] }).panels;
}

export function dataSources(): DataSource[] {
  const text = readFileSync(join(SAMPLE, 'grafana/provisioning/datasources/datasources.yml'), 'utf8');
  // Grafana puts environment variables into this file first, and takes two dollar signs for one
  return (parse(text.replaceAll('$$', '$')) as { datasources: DataSource[] }).datasources;
}

/** The parameters of Jaeger's API for a search of the dashboard. */
export function jaegerSearch({ operation, tags }: Target): Record<string, string> {
  const pairs = (tags ?? '').split(' ').filter((pair) => pair !== '');
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(pairs.length > 0 && { tags: JSON.stringify(Object.fromEntries(pairs.map((pair) => pair.split('=')))) }),
  };
}
