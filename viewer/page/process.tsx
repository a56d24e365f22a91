// Process view: a running service through its admin hook, in the panels of the admin page.

import { useEffect, useMemo } from 'preact/hooks';
import { Panels } from '../../runtime/admin/page/panels.js';
import { type Ask, Refused, Service } from '../../runtime/admin/page/service.js';
import type { TraceLink } from '../../runtime/admin/page/trace-id.js';
import type { ViewerState } from '../server/shapes.js';
import { json, sendToViewer } from './api.js';
import { useAnswer } from './load.js';
import { change as changeAddress, follow, hrefOf, query } from './route.js';

export function Process() {
  const { answer: state } = useAnswer('hooks', () => json<ViewerState>('/api/state'), true);
  const hooks = state?.hooks ?? [];
  const chosen = Math.min(Number(query.value.get('hook') ?? 0), Math.max(0, hooks.length - 1));
  if (state === undefined) return <p class="summary">Loading</p>;
  return (
    <>
      <h1>Process</h1>
      {hooks.length === 0 ? (
        <div class="empty">
          <p>No admin hook is known. Start the viewer with the address of one:</p>
          <pre>npx spanwright view --hook http://127.0.0.1:9465/tracing</pre>
        </div>
      ) : (
        <>
          {hooks.length > 1 && (
            <label class="choice">
              <span>Service</span>
              <select value={chosen} onChange={(event) => changeAddress({ hook: event.currentTarget.value })}>
                {hooks.map(({ url, service }, at) => (
                  <option key={url} value={at}>
                    {service || url}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Hook key={chosen} hook={chosen} url={hooks[chosen]?.url ?? ''} trusted={hooks[chosen]?.trusted ?? false} />
        </>
      )}
    </>
  );
}

function Hook({ hook, url, trusted }: { hook: number; url: string; trusted: boolean }) {
  const service = useMemo(() => new Service(askThrough(hook)), [hook]);
  useEffect(() => {
    service.watch();
    return () => service.close();
  }, [service]);
  const state = service.state.value;
  return (
    <>
      <p class="facts">
        {state !== undefined && (
          <>
            <strong>{state.serviceName}</strong>
            <span>pid {state.pid}</span>
          </>
        )}
        <span>{url}</span>
      </p>
      <Panels service={service} link={traceLink} trusted={trusted} />
    </>
  );
}

const traceLink: TraceLink = (id, span) => (
  <a href={hrefOf({ view: 'trace', id, span })} onClick={follow}>
    {id}
  </a>
);

/** Requests to a hook through the viewer, which adds the hook's token. */
function askThrough(hook: number): Ask {
  return async (path, method, body) => {
    const response = await sendToViewer(`/api/hooks/${hook}/${path}`, {
      method,
      ...(method === 'GET' ? {} : { headers: { 'content-type': 'application/json' } }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new Refused(0, 'The viewer does not answer.');
    });
    const answer = (await response.json().catch(() => undefined)) as { error?: { message: string; field?: string } } | undefined;
    if (response.ok && answer !== undefined) return answer;
    const { message, field } = answer?.error ?? { message: `the viewer answered with status ${response.status}` };
    const remedy = ' Start the viewer with --hook and --hook-token-file.';
    throw new Refused(response.status, response.status === 401 ? message + remedy : message, field);
  };
}
