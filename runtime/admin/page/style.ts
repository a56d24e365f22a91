// The style of the admin page: light and dark by the reader's setting, one column on a phone. No fonts, no pictures, no
// requests; colours as variables, so that both schemes are one list.

export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f4f6f8; --card: #ffffff; --ink: #18202a; --dim: #586474; --line: #dde3ea; --field: #ffffff; --soft: #eef2f6;
  --on: #0a7350; --on-soft: #dff3ea; --off: #6a7482; --warn: #9a5b00; --warn-soft: #fdf0d8; --bad: #b3261e; --bad-soft: #fde8e6;
  --bar: #2f74c0; --focus: #1f6feb;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0e1217; --card: #161c24; --ink: #e7ebf0; --dim: #9aa6b5; --line: #29323d; --field: #0f151c; --soft: #1e2630;
    --on: #43d39a; --on-soft: #10332a; --off: #8a95a3; --warn: #f0b75a; --warn-soft: #3a2c12; --bad: #ff8a80; --bad-soft: #401b19;
    --bar: #63a9ee; --focus: #79b8ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); }
.page { max-width: 76rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: .95rem; margin: 0; font-weight: 650; }
p { margin: 0; } .dim { color: var(--dim); } .small { font-size: .85rem; } .end { text-align: right; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
header { display: flex; flex-wrap: wrap; gap: .6rem 1.5rem; align-items: end; justify-content: space-between; margin-bottom: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.1rem; min-width: 0; }
.card > .head { display: flex; gap: .5rem 1rem; align-items: center; justify-content: space-between; flex-wrap: wrap; margin-bottom: .7rem; }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 5fr) minmax(0, 3fr); }
main > .wide { grid-column: 1 / -1; }
input, button, select { font: inherit; color: inherit; }
input[type=text], input[type=password], input[type=search] {
  width: 100%; padding: .42rem .6rem; background: var(--field); border: 1px solid var(--line); border-radius: 8px; }
label, legend { font-size: .82rem; color: var(--dim); } label > input { margin-top: .15rem; color: var(--ink); font-size: .95rem; }
button { padding: .45rem .9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--soft); cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--dim); } button:disabled { opacity: .5; cursor: not-allowed; }
button.main { background: var(--on); border-color: var(--on); color: var(--card); font-weight: 650; }
button.plain { background: none; border: 0; padding: .1rem .3rem; color: var(--dim); text-decoration: underline; }
.line { display: flex; gap: .5rem; align-items: end; flex-wrap: wrap; } #has-token { align-items: baseline; justify-content: flex-end; }
#access input { width: 14rem; max-width: 100%; } #token-note { text-align: right; margin-top: .2rem; }
#message { border-radius: 8px; padding: .55rem .8rem; margin-bottom: 1rem; background: var(--soft); overflow-wrap: anywhere; }
#message.bad { background: var(--bad-soft); color: var(--bad); } #message.good { background: var(--on-soft); color: var(--on); }

.state { display: flex; gap: .9rem; align-items: center; margin-bottom: .9rem; } .state > .flag { min-width: 0; overflow-wrap: anywhere; }
.lamp { width: 1.05rem; height: 1.05rem; border-radius: 50%; border: 3px solid var(--off); flex: none; }
.state strong { font-size: 1.5rem; line-height: 1.15; }
.state[data-flag=recording] .lamp { background: var(--on); border-color: var(--on); box-shadow: 0 0 0 4px var(--on-soft); }
.state[data-flag=recording] strong { color: var(--on); }
.state[data-flag=nowhere] .lamp { background: var(--warn); border-color: var(--warn); } .state[data-flag=nowhere] strong { color: var(--warn); }
.left { margin-left: auto; flex: none; text-align: right; font-variant-numeric: tabular-nums; }
.left b { font-size: 1.5rem; line-height: 1.15; display: block; }
.left.soon b { color: var(--warn); }
.gauge { height: 6px; border-radius: 3px; background: var(--soft); overflow: hidden; margin-bottom: 1rem; }
.gauge i { display: block; height: 100%; background: var(--on); border-radius: 3px; width: 0; transition: width .9s linear; }
@media (prefers-reduced-motion: reduce) { .gauge i { transition: none; } }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; }
.choices { display: flex; gap: .25rem; white-space: nowrap; margin-top: .15rem; }
.choices label { position: relative; color: var(--ink); font-size: .95rem; }
.choices input { position: absolute; opacity: 0; inset: 0; margin: 0; }
.choices span { display: block; padding: .38rem .5rem; border: 1px solid var(--line); border-radius: 8px; background: var(--field); }
.choices input:checked + span { border-color: var(--bar); box-shadow: inset 0 0 0 1px var(--bar); }
.choices input:focus-visible + span { outline: 2px solid var(--focus); outline-offset: 2px; }
.fields { display: grid; gap: .7rem 1rem; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); margin-bottom: .9rem; }
#switch > .fields { grid-template-columns: max-content minmax(0, 1fr) minmax(0, 1fr); }
details.limits { margin-bottom: .9rem; } details.limits > .fields { margin: .6rem 0 0; }
summary { cursor: pointer; font-size: .85rem; color: var(--dim); }
ul.leases { list-style: none; padding: 0; margin: 1rem 0 0; border-top: 1px solid var(--line); }
ul.leases li { display: flex; gap: .3rem .8rem; align-items: baseline; flex-wrap: wrap; padding: .5rem 0 0; font-size: .9rem; }
ul.leases .what { font-weight: 600; overflow-wrap: anywhere; } ul.leases button { margin-left: auto; }

.figures { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .9rem .6rem; margin: 0; }
.figures dt { font-size: .78rem; color: var(--dim); } .figures dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; line-height: 1.2; }
.figures dd small { font-size: .75rem; color: var(--dim); display: block; min-height: 1.2em; }
.figures .bad dd { color: var(--bad); }
.tag { font-size: .78rem; border-radius: 99px; padding: .12rem .6rem; background: var(--soft); color: var(--dim); white-space: nowrap; }
.tag.good { background: var(--on-soft); color: var(--on); } .tag.bad { background: var(--bad-soft); color: var(--bad); }
.tag.warn { background: var(--warn-soft); color: var(--warn); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .8rem; margin: .9rem 0 0; font-size: .85rem; }
.facts dt { color: var(--dim); } .facts dd { margin: 0; overflow-wrap: anywhere; }

table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { font-size: .78rem; font-weight: 500; color: var(--dim); text-align: left; white-space: nowrap; }
th, td { padding: .32rem .8rem .32rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr > :last-child { padding-right: 0; } tbody tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { overflow-wrap: anywhere; } .mono { font-family: ui-monospace, "SF Mono", Consolas, monospace; font-size: .85em; }
.none { color: var(--dim); padding: .3rem 0; }
td.number.hot { color: var(--bad); } td.busy { font-weight: 600; }
.twig { display: inline-flex; align-items: center; gap: .35rem; text-align: left; background: none; border: 0; padding: .1rem .25rem; border-radius: 6px; overflow-wrap: anywhere; }
.twig::before { content: ""; flex: none; width: .45rem; height: .45rem; border-right: 2px solid var(--dim); border-bottom: 2px solid var(--dim); transform: rotate(-45deg); }
.twig[aria-expanded=true]::before { transform: rotate(45deg) translate(-2px, -1px); }
.twig.leaf::before { border: 0; } .twig.call { color: var(--dim); }
td.twigs { padding-left: calc(var(--depth, 0) * 1.1rem); } .latency { padding-left: .8rem; }
.bars { display: inline-flex; gap: 2px; align-items: end; height: 1.35rem; vertical-align: middle; margin-right: .6rem; }
.bars i { width: 7px; height: 2px; background: var(--line); border-radius: 1px; } .bars i.some { background: var(--bar); }
.bars i.some.slow { background: var(--warn); } .bars i.some.slowest { background: var(--bad); }
.age { position: relative; } .age i { position: absolute; left: 0; bottom: 2px; height: 3px; border-radius: 2px; background: var(--bar); max-width: 100%; }
.pairs { margin: .2rem 0 .1rem; font-size: .85em; color: var(--dim); overflow-wrap: anywhere; }
@media (max-width: 52rem) { main { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  .page { padding: .7rem; } .card { padding: .9rem; } .wide-only { display: none; } th, td { padding-right: .5rem; }
  header, #access, #access label, #access input { width: 100%; } #access .line { flex-wrap: nowrap; } #access label { flex: 1; }
  button { min-height: 2.6rem; } button.plain, .twig { min-height: 2.2rem; } .choices span { padding: .55rem .8rem; }
  td.twigs { padding-left: calc(var(--depth, 0) * .55rem); } .twig { gap: .3rem; padding-left: 0; } .latency { padding-left: 0; }
  #switch > .fields { grid-template-columns: minmax(0, 1fr); } .left .small { display: none; }
  .bars { gap: 1px; margin: 0; } .bars i { width: 4px; } #token-note { text-align: left; } .state strong, .left b { font-size: 1.3rem; }
}
`;
