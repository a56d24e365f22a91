// Script of the admin page: asking the JSON routes. The token lives in one variable of this page; it is sent only when it was
// entered, and no more once the service has called it wrong, so that a page left open does not lock its reader out.

export const CONNECTION = String.raw`
const base = location.pathname.replace(/\/$/, '');
let token = '';

function showToken() {
  $('ask-token').hidden = token !== '';
  $('has-token').hidden = token === '';
}

class Refused extends Error {
  constructor(status, message, field) { super(message); this.status = status; this.field = field; }
}

async function call(path, method, body) {
  const headers = {};
  const sent = token;
  if (sent) headers.authorization = 'Bearer ' + sent;
  if (body) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(base + '/' + path, {
      method, headers, body: body && JSON.stringify(body), cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(8000),
    });
  } catch { throw new Refused(0, 'The service does not answer. It may be restarting; this page keeps trying.'); }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const message = answer && answer.error ? answer.error.message : 'What answers there is not the admin hook (status ' + response.status + ').';
  if (response.status === 401 && sent && sent === token) {
    token = '';
    showToken();
  }
  throw new Refused(response.status, message, answer && answer.error && answer.error.field);
}

/** What the last refresh and the last deed had to say; a deed's message stays until the next deed. */
function tell(kind, text, from) {
  const node = $('message');
  if (from === 'refresh' && node.dataset.from === 'deed' && !node.hidden && kind !== 'bad') return;
  if (from === 'refresh' && kind === '' && node.dataset.from !== 'refresh') return;
  node.dataset.from = from;
  node.className = kind;
  say(node, text);
  node.hidden = !text;
}

$('access').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  $('token').value = '';
  showToken();
  tell('', '', 'deed');
  refresh();
});
$('forget').addEventListener('click', () => {
  token = '';
  showToken();
  $('token').focus();
  refresh();
});
`;
