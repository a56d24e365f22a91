// Script of the admin page: the flag, the lease that holds it with its countdown, the form that changes it, and the list of
// all changes in force. Time left is reckoned from the service's own clock, whatever the clock of the reader says.

export const SWITCH = `
let state = null;
let skew = 0; // the service's clock minus the monotonic clock of this page
let acting = false;
const serverNow = () => performance.now() + skew;

function leaseOfFlag() {
  const held = state.leases.filter((lease) => lease.kind === 'enabled');
  return held[held.length - 1];
}

function flagWords() {
  if (!state.enabled) return ['off', 'Off'];
  return state.recording ? ['recording', 'Recording'] : ['nowhere', 'On, recording nothing'];
}

function flagNote() {
  const lease = leaseOfFlag();
  if (state.enabled && !state.recording) return 'No exporter is configured.';
  const configured = 'Configured: ' + (state.configured ? 'on' : 'off');
  if (lease) return configured + '. Changed ' + (lease.actor ? 'by ' + lease.actor : 'by an unnamed caller') + (lease.reason ? ': ' + lease.reason : '.');
  const { lastEnded } = state;
  const why = { expired: 'its time was over', ended: 'somebody ended it', maxSpans: 'it reached its limit of spans',
    maxSpansPerSecond: 'it reached its limit of spans per second', maxOpenSpans: 'it reached its limit of open spans' };
  return configured + '.' + (lastEnded ? ' The last change ended: ' + (why[lastEnded.cause] || lastEnded.cause) + '.' : '');
}

function showTime() {
  if (!state) return;
  const lease = leaseOfFlag();
  const limited = lease && lease.expiresAt !== null;
  $('left').hidden = !limited;
  const ends = limited ? Date.parse(lease.expiresAt) : 0;
  const left = limited ? ends - serverNow() : 0;
  if (limited) say($('left-time'), clock(left));
  $('left').classList.toggle('soon', left < 30000);
  const share = limited ? Math.max(0, Math.min(1, left / Math.max(1, ends - Date.parse(lease.createdAt)))) : 0;
  $('gauge').style.width = (share * 100).toFixed(2) + '%';
  for (const node of $('leases').querySelectorAll('[data-ends]')) say(node, clock(Number(node.dataset.ends) - serverNow()) + ' left');
}

const settingOf = (lease) => ({ enabled: 'tracing ' + (lease.value ? 'on' : 'off'), rules: 'rules ' + (lease.value || '(none)'), drop: 'drop ' + (lease.value || '(none)') })[lease.kind]
  + (lease.only ? ' only for ' + lease.only : '');

function buildLease(lease) {
  const item = make('li');
  const end = make('button', 'plain', 'End');
  end.type = 'button';
  end.setAttribute('aria-label', 'End: ' + settingOf(lease));
  end.addEventListener('click', () => act('leases/' + encodeURIComponent(lease.id), 'DELETE', undefined, () => 'Ended: ' + settingOf(lease) + '.'));
  const time = make('span', 'dim');
  if (lease.expiresAt === null) time.textContent = 'until switched on';
  else time.dataset.ends = String(Date.parse(lease.expiresAt));
  item.append(make('span', 'what', settingOf(lease)), time, make('span', 'dim'), end);
  return item;
}

function showState(next) {
  state = next;
  skew = Date.parse(next.now) - performance.now();
  const [flag, words] = flagWords();
  $('state').dataset.flag = flag;
  say($('flag'), words);
  say($('flag-note'), flagNote());
  say($('service'), next.serviceName);
  document.title = words + ' · ' + next.serviceName;
  say($('process'), 'pid ' + next.pid + ' · up ' + span(serverNow() - Date.parse(next.startedAt)) + ' · spanwright ' + next.version);
  $('switch').hidden = !next.allowRuntimeChanges;
  $('refused').hidden = next.allowRuntimeChanges;
  keep($('leases'), next.leases, (lease) => lease.id, buildLease, (item, lease) => {
    const by = (lease.actor ? 'by ' + lease.actor : '') + (lease.reason ? ' · ' + lease.reason : '') + (lease.spans ? ' · ' + count(lease.spans) + ' spans' : '');
    say(item.children[2], by);
    item.lastChild.hidden = !next.allowRuntimeChanges;
  });
  $('leases').hidden = next.leases.length === 0;
  showTime();
}

async function act(path, method, body, done) {
  if (acting) return;
  acting = true;
  for (const id of ['on', 'off']) $(id).disabled = true;
  try {
    tell('good', done(await call(path, method, body)), 'deed');
  } catch (error) {
    const needsToken = error.status === 401;
    tell('bad', error.message + (needsToken ? ' Enter it at the top of the page.' : ''), 'deed');
    if (needsToken) $('token').focus();
    else if (error.field && $(error.field) && $(error.field).focus) $(error.field).focus();
  }
  acting = false;
  for (const id of ['on', 'off']) $(id).disabled = false;
  refresh();
}

$('switch').addEventListener('submit', (event) => {
  event.preventDefault();
  const on = !event.submitter || event.submitter.value === 'true';
  const body = { enabled: on };
  if ($('reason').value.trim()) body.reason = $('reason').value.trim();
  if (on) body.for = $('switch').elements.for.value;
  if (on && $('only').value.trim()) body.only = $('only').value.trim();
  for (const limit of on ? ['maxSpansPerSecond', 'maxOpenSpans', 'maxSpans'] : []) {
    const text = $(limit).value.trim();
    if (text) body[limit] = /^[0-9]+$/.test(text) ? Number(text) : text;
  }
  act('enabled', 'PUT', body, ({ lease }) => {
    const until = lease.expiresAt === null ? 'it is switched on' : new Date(lease.expiresAt).toLocaleTimeString();
    return 'Switched ' + (on ? 'on' : 'off') + (lease.only ? ' for ' + lease.only : '') + ' until ' + until + '. ' + lease.warnings.join(' ');
  });
});
setInterval(showTime, 250);
`;
