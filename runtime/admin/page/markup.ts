// The frame of the admin page, without any data: headings, forms and empty lists that the script fills.

const DURATIONS = ['1m', '10m', '1h', '8h'] as const;
const USUAL = '10m';

const durationChoice = (value: string) =>
  `<label><input type="radio" name="for" value="${value}"${value === USUAL ? ' checked' : ''}><span>${value.replace('m', ' min').replace('h', ' h')}</span></label>`;

export const MARKUP = `
<div class="page">
<header>
  <div><h1 id="service">Spanwright</h1><p class="dim small" id="process">&nbsp;</p></div>
  <form id="access" autocomplete="off">
    <div class="line" id="ask-token">
      <label>Token<input id="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="token-note"></label>
      <button>Use</button>
    </div>
    <div class="line" id="has-token" hidden><span class="tag good">token in use</span><button type="button" class="plain" id="forget">Forget</button></div>
    <p class="dim small" id="token-note">Kept in this page only, until it is closed.</p>
  </form>
</header>
<p id="message" role="status" aria-live="polite" hidden></p>
<noscript><p>This page needs JavaScript. The program spanwright shows the same on a terminal.</p></noscript>
<main>
  <section class="card" aria-labelledby="switch-head">
    <h2 id="switch-head" hidden>Switch</h2>
    <div class="state" id="state" data-flag="unknown">
      <span class="lamp" aria-hidden="true"></span>
      <div class="flag"><strong id="flag">…</strong><p class="dim small" id="flag-note">&nbsp;</p></div>
      <div class="left" id="left" hidden><b id="left-time"></b><span class="dim small">until it ends by itself</span></div>
    </div>
    <div class="gauge" aria-hidden="true"><i id="gauge"></i></div>
    <form id="switch">
      <div class="fields">
        <fieldset><legend>For</legend><div class="choices">${DURATIONS.map(durationChoice).join('')}</div></fieldset>
        <label>Only at<input type="text" id="only" list="namespaces" placeholder="the whole service" autocomplete="off" spellcheck="false"></label>
        <label>Reason<input type="text" id="reason" maxlength="500" autocomplete="off"></label>
      </div>
      <datalist id="namespaces"></datalist>
      <details class="limits"><summary>Limits that end it earlier</summary>
        <div class="fields">
          <label>Spans per second, at most<input type="text" inputmode="numeric" id="maxSpansPerSecond"></label>
          <label>Open spans, at most<input type="text" inputmode="numeric" id="maxOpenSpans"></label>
          <label>Spans in all, at most<input type="text" inputmode="numeric" id="maxSpans"></label>
        </div>
      </details>
      <div class="line"><button class="main" id="on" value="true">Switch on</button><button id="off" value="false">Switch off</button></div>
    </form>
    <p class="small dim" id="refused" hidden>Changes are refused while the service runs: allow_runtime_changes is false.</p>
    <ul class="leases" id="leases" aria-label="Changes in force"></ul>
  </section>
  <section class="card" aria-labelledby="health-head">
    <div class="head"><h2 id="health-head">On the way to the collector</h2><span class="tag" id="health">…</span></div>
    <dl class="figures" id="figures"></dl>
    <dl class="facts" id="facts"></dl>
  </section>
  <section class="card wide" aria-labelledby="tree-head">
    <div class="head"><h2 id="tree-head">Namespaces</h2><label class="filter"><input type="search" id="filter" placeholder="Filter" aria-label="Filter namespaces" autocomplete="off" spellcheck="false"></label></div>
    <table><thead><tr><th scope="col">Namespace</th><th scope="col" class="number">Open</th><th scope="col" class="number">Per s</th>
      <th scope="col" class="number wide-only">Calls</th><th scope="col" class="number">Errors</th><th scope="col" class="latency">Latency</th></tr></thead><tbody id="tree"></tbody></table>
    <p class="none" id="tree-none" hidden></p>
  </section>
  <section class="card wide" aria-labelledby="spans-head">
    <div class="head"><h2 id="spans-head">Open spans, oldest first</h2><span class="tag" id="spans-count">0</span></div>
    <table id="spans-table"><thead><tr><th scope="col" class="number">Age</th><th scope="col">Span</th><th scope="col" class="wide-only">Namespace</th><th scope="col" class="wide-only">Trace</th></tr></thead><tbody id="spans"></tbody></table>
    <p class="none" id="spans-none" hidden>No span is open.</p>
  </section>
  <section class="card wide" aria-labelledby="errors-head">
    <div class="head"><h2 id="errors-head">Recent errors</h2><span class="tag" id="errors-count">0</span></div>
    <table id="errors-table"><thead><tr><th scope="col" class="number">Ago</th><th scope="col">Span</th><th scope="col">Error</th><th scope="col" class="number wide-only">Took</th><th scope="col" class="wide-only">Trace</th></tr></thead><tbody id="errors"></tbody></table>
    <p class="none" id="errors-none" hidden>No recorded call has failed.</p>
  </section>
</main>
</div>
`;
