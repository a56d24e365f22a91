// The header `Retry-After` (RFC 9110, section 10.2.3), for exports over HTTP and for OpAMP.

/** Milliseconds, from seconds or a date; undefined where it cannot be read. */
export function retryAfterMillis(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d{1,6}$/u.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}
