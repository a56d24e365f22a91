// The admin page: heading, token and panels of the service that serves it. The token lives in one variable of this page; it is sent only
// when it was entered, and not again after the service refused it, so that a page left open causes no delay for wrong tokens.

import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { duration } from './format.js';
import { Panels } from './panels.js';
import { type Method, Refused, Service } from './service.js';
import { flagOf } from './switch.js';
import type { TraceLink } from './trace-id.js';
import './page.css';

const base = location.pathname.replace(/\/$/, '');
const ANSWER_WITHIN_MS = 8000;
const token = signal('');

async function ask(path: string, method: Method, body?: object): Promise<unknown> {
  const sent = token.value;
  const response = await fetch(`${base}/${path}`, {
    method,
    headers: {
      ...(sent === '' ? {} : { authorization: `Bearer ${sent}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }).catch(() => {
    throw new Refused(0, 'The service does not answer. It may be restarting; this page keeps trying.');
  });
  const answer = (await response.json().catch(() => undefined)) as { error?: { message: string; field?: string } } | undefined;
  if (response.ok && answer !== undefined) return answer;
  if (response.status === 401 && sent === token.value) token.value = '';
  const { message, field } = answer?.error ?? {
    message: `What answers there is not the admin hook (status ${response.status}).`,
  };
  throw new Refused(response.status, response.status === 401 ? `${message} Enter it at the top of the page.` : message, field);
}

const service = new Service(ask);

/** Template of the address of a trace, which the hook has checked. */
const template = document.querySelector<HTMLMetaElement>('meta[name="trace-url"]')?.content;
const traceLink: TraceLink | undefined =
  template === undefined
    ? undefined
    : (traceId, spanId) => (
        <a href={template.replaceAll('{trace_id}', traceId).replaceAll('{span_id}', spanId)} rel="noreferrer">
          {traceId}
        </a>
      );

function useToken(text: string): void {
  token.value = text;
  service.message.value = undefined;
  void service.read();
}

function Token() {
  if (token.value !== '') {
    return (
      <div class="line" id="has-token">
        <span class="tag good">token in use</span>
        <button type="button" class="plain" id="forget" onClick={() => useToken('')}>
          Forget
        </button>
      </div>
    );
  }
  return (
    <div class="line" id="ask-token">
      <label>
        Token
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} aria-describedby="token-note" />
      </label>
      <button type="submit">Use</button>
    </div>
  );
}

function Heading() {
  const state = service.state.value;
  const enter = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget).get('token');
    event.currentTarget.reset();
    useToken(String(entered ?? '').trim());
  };
  return (
    <header>
      <div>
        <h1 id="service">{state?.serviceName ?? 'Spanwright'}</h1>
        <p class="dim small">
          {state === undefined
            ? '\u00a0'
            : `pid ${state.pid} · up ${duration(service.now() - Date.parse(state.startedAt))} · spanwright ${state.version}`}
        </p>
      </div>
      <form id="access" autocomplete="off" onSubmit={enter}>
        <Token />
        <p class="dim small" id="token-note">
          Kept in this page only, until it is closed.
        </p>
      </form>
    </header>
  );
}

function Page() {
  return (
    <div class="page">
      <Heading />
      <main>
        <Panels service={service} link={traceLink} trusted={token.value !== ''} />
      </main>
    </div>
  );
}

effect(() => {
  const state = service.state.value;
  if (state !== undefined) document.title = `${flagOf(state)[1]} · ${state.serviceName}`;
});
render(<Page />, document.getElementById('app') as HTMLElement);
service.watch();
