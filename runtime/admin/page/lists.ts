// Script of the admin page: the open spans, the recent errors, the figures of the way out, and the refresh that brings all of
// them. A page that nobody looks at asks for nothing.

export const LISTS = `
let figuresBefore = null;

function figure(name, value, note, bad) { return { name, value, note, bad }; }

function showHealth(health) {
  const { exporter } = health;
  const before = figuresBefore || { at: performance.now(), exporter, started: state.spans.started };
  figuresBefore = { at: performance.now(), exporter, started: state.spans.started };
  const seconds = Math.max(0.001, (figuresBefore.at - before.at) / 1000);
  const pace = (now, was) => now > was ? '+' + perSecond((now - was) / seconds) + '/s' : '';
  const bySdk = state.exportedBy === 'sdk';
  keep($('figures'), [
    ...(bySdk ? [] : [figure('exported', exporter.exported, pace(exporter.exported, before.exporter.exported)),
    figure('dropped', exporter.dropped, pace(exporter.dropped, before.exporter.dropped), exporter.dropped > 0),
    figure('failed', exporter.failed, pace(exporter.failed, before.exporter.failed), exporter.failed > 0)]),
    figure('started', state.spans.started, pace(state.spans.started, before.started)),
    figure('open', state.spans.open, ''),
    figure('leaked', state.spans.leaked, '', state.spans.leaked > 0),
  ], (each) => each.name, (each) => { const group = make('div'); group.append(make('dt', '', each.name), make('dd')); group.lastChild.append(make('span'), make('small')); return group; },
  (group, each) => {
    group.className = each.bad ? 'bad' : '';
    say(group.lastChild.firstChild, count(each.value));
    say(group.lastChild.lastChild, each.note);
  });
  const losing = exporter.dropped > before.exporter.dropped || exporter.failed > before.exporter.failed;
  const kind = exporter.state === 'delivering' ? 'good' : exporter.state === 'losing spans' ? (losing ? 'bad' : 'warn') : '';
  const words = exporter.state === 'losing spans' && !losing ? 'has lost spans' : exporter.state === 'none' ? 'no exporter' : exporter.state;
  $('health').className = 'tag ' + kind;
  say($('health'), words);
  const facts = [['Endpoint', bySdk ? 'of your SDK' : exporter.endpoint || (state.built ? 'given in code' : 'none')], ['Starts at', state.roots], ['Rules', state.rules || 'none'], ['Never', state.drop || 'nothing is left out']];
  if (exporter.forgotten) facts.push(['Not kept', count(exporter.forgotten)]);
  if (state.spans.remoteRoots) facts.push(['While off, for sampled callers', count(state.spans.remoteRoots) + ' traces recorded']);
  if (state.spans.remoteRefused) facts.push(['Refused to sampled callers', count(state.spans.remoteRefused) + ' (remote_roots_per_second)']);
  if (state.spans.refused) facts.push(['Refused', count(state.spans.refused) + ' (max_open_spans)']);
  keep($('facts'), facts.flatMap(([name, value]) => [['dt', name, name], ['dd', name + ' value', value]]), (part) => part[1], (part) => make(part[0]), (node, part) => say(node, part[2]));
}

function showSpans({ total, spans }) {
  say($('spans-count'), total > spans.length ? spans.length + ' of ' + count(total) : total);
  $('spans-none').hidden = total > 0;
  $('spans-table').hidden = total === 0;
  const oldest = spans.length ? spans[0].ageMs : 1;
  keep($('spans'), spans, (each) => each.traceId + each.spanId, () => {
    const line = row(['number age', 'name', 'name wide-only dim', 'mono wide-only dim']);
    line.children[0].append(make('span'), make('i'));
    line.children[1].append(make('span'), make('p', 'pairs'));
    return line;
  }, (line, each) => {
    const [age, name, namespace, trace] = line.children;
    say(age.firstChild, span(each.ageMs));
    age.lastChild.style.width = Math.max(2, each.ageMs / oldest * 88) + '%';
    say(name.firstChild, each.name + (each.longRunning ? ' (long-running)' : ''));
    const pairs = Object.entries(each.attributes || {}).filter(([key]) => !key.startsWith('code.')).map(([key, value]) => key + ' = ' + JSON.stringify(value));
    say(name.lastChild, pairs.join('   '));
    name.lastChild.hidden = pairs.length === 0;
    say(namespace, each.namespace);
    say(trace, each.traceId);
  });
}

function showErrors({ total, errors }) {
  say($('errors-count'), total);
  $('errors-none').hidden = total > 0;
  $('errors-table').hidden = total === 0;
  keep($('errors'), errors.slice(0, 20), (each) => each.traceId + each.spanId, () => {
    const line = row(['number dim', 'name', 'name', 'number dim wide-only', 'mono wide-only dim']);
    line.children[1].append(make('span'), make('p', 'pairs'));
    return line;
  }, (line, each) => {
    const [ago, name, error, took, trace] = line.children;
    say(ago, span(Math.max(0, Math.round((serverNow() - Date.parse(each.startedAt) - each.durationMs) / 1000) * 1000)).replace(/^0 ms$/, 'now').replace('.0 s', ' s'));
    say(name.firstChild, each.name);
    say(name.lastChild, each.namespace);
    say(error, each.error || (each.errorType || 'failed') + (token ? '' : ' (message with the token)'));
    say(took, span(each.durationMs));
    say(trace, each.traceId);
  });
}

let running = false;
let again = false;
let timer = 0;

async function refresh() {
  clearTimeout(timer);
  if (running) { again = true; return; }
  running = true;
  try {
    // Alone and first, so that a wrong token is refused, and counted, once.
    showState(await call('state'));
    const [open, errors, health] = await Promise.all([call('spans/open?limit=100'), call('errors?limit=20'), call('health')]);
    showHealth(health);
    showSpans(open);
    showErrors(errors);
    await loadTree();
    tell('', '', 'refresh');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell('bad', error.message + (error.status === 401 ? ' Enter it at the top of the page.' : ''), 'refresh');
  } finally {
    running = false;
    if (again) { again = false; refresh(); }
    else if (!document.hidden) timer = setTimeout(refresh, 1000);
  }
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
showToken();
refresh();
`;
