// Regular expressions that take the ids out of lines, for `derivedFields` of a Loki data source in Grafana and for any other
// reader of lines. In the syntax that RE2 and JavaScript share. The one group is the id; an all-zero id is matched too, as RE2 cannot
// look ahead.

/** Patterns for JSON (`"trace_id":"..."`), logfmt and text (`trace_id=...`). */
export const TRACE_FIELD_PATTERNS = {
  trace_id: '(?:^|[^0-9A-Za-z_.-])"?trace_id"?\\s*[:=]\\s*"?([0-9a-f]{32})(?:[^0-9A-Za-z_]|$)',
  span_id: '(?:^|[^0-9A-Za-z_.-])"?span_id"?\\s*[:=]\\s*"?([0-9a-f]{16})(?:[^0-9A-Za-z_]|$)',
} as const;
