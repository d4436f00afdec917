// The style and the script of the report's page.
#include "flows/regress/report/page_parts.hpp"

namespace mixvec::inline flows {

const char* const kPageStyle = R"css(
:root { --good:#1a7f4b; --bad:#b3261e; --warn:#9a6700; --ink:#1c1f23; --soft:#5b6470; --line:#dfe3e8; --pale:#f5f7f9;
  --run:#7fb2e5; --build:#c9b458; }
* { box-sizing:border-box; }
body { margin:0; font:14px/1.45 system-ui,"DejaVu Sans",sans-serif; color:var(--ink); background:#fff; }
header { padding:18px 28px 14px; color:#fff; }
header.good { background:var(--good); }
header.bad { background:var(--bad); }
header h1 { margin:0; font-size:22px; }
header p { margin:4px 0 0; opacity:.92; }
main { max-width:1200px; padding:8px 28px 60px; }
h2 { font-size:17px; margin:30px 0 8px; }
.cards { display:flex; flex-wrap:wrap; gap:10px; margin:16px 0; }
.card { border:1px solid var(--line); border-radius:6px; padding:8px 14px; min-width:110px; }
.card b { display:block; font-size:20px; font-variant-numeric:tabular-nums; }
.card > span { color:var(--soft); }
nav { position:sticky; top:0; background:#fff; border-bottom:1px solid var(--line); padding:9px 28px; z-index:2;
  display:flex; gap:14px; align-items:center; flex-wrap:wrap; }
nav input[type=search] { font:inherit; padding:5px 9px; width:300px; border:1px solid #b6bec8; border-radius:5px; }
nav a { color:#1a5fb4; text-decoration:none; }
nav #shown { color:var(--soft); margin-left:auto; }
table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; }
th { text-align:left; font-weight:600; color:var(--soft); border-bottom:2px solid var(--line); padding:4px 8px; }
td { border-bottom:1px solid var(--line); padding:4px 8px; vertical-align:top; }
td.n, th.n { text-align:right; white-space:nowrap; }
td.name { white-space:nowrap; }
tr.part td:first-child { color:#a9b1ba; }
tr.part td:nth-child(2) { padding-left:22px; }
tr.hidden, .bucket.hidden { display:none; }
.rate { display:inline-block; width:90px; height:9px; background:#e9b6b3; border-radius:4px; overflow:hidden;
  vertical-align:middle; margin-right:7px; }
.rate i { display:block; height:100%; background:var(--good); }
.rate.none { background:var(--line); }
.stage { font-weight:600; color:var(--soft); }
.bad-text { color:var(--bad); font-weight:600; }
.soft { color:var(--soft); }
.bucket { border:1px solid var(--line); border-left:4px solid var(--bad); border-radius:5px; padding:8px 14px 12px;
  margin:10px 0; }
.bucket h3 { margin:2px 0 6px; font-size:15px; overflow-wrap:anywhere; }
pre { background:var(--pale); border:1px solid var(--line); border-radius:5px; padding:7px 10px; margin:6px 0; overflow-x:auto;
  font:12px/1.4 ui-monospace,"DejaVu Sans Mono",monospace; white-space:pre-wrap; overflow-wrap:anywhere; }
pre.tail { max-height:320px; overflow-y:auto; }
.copy { display:flex; gap:8px; align-items:flex-start; }
.copy pre { flex:1; }
button { font:inherit; padding:3px 10px; border:1px solid #b6bec8; border-radius:5px; background:#fff; cursor:pointer; }
.copy button { margin-top:6px; }
details > summary { cursor:pointer; }
.wide { overflow-x:auto; }
svg.timeline { max-width:100%; height:auto; }
svg text { font:11px system-ui,"DejaVu Sans",sans-serif; fill:var(--soft); }
svg .grid { stroke:var(--line); }
svg rect.run { fill:var(--run); stroke:#fff; stroke-width:.4; }
svg rect.build { fill:var(--build); stroke:#fff; stroke-width:.4; }
svg rect.bad { fill:var(--bad); stroke:#fff; stroke-width:.4; }
.key i { display:inline-block; width:11px; height:11px; border-radius:2px; margin:0 4px 0 14px; vertical-align:-1px; }
dl { display:grid; grid-template-columns:max-content 1fr; gap:3px 16px; margin:0; }
dt { color:var(--soft); }
dd { margin:0; overflow-wrap:anywhere; }
)css";

const char* const kPageScript = R"js(
const box = document.getElementById('filter'), bad = document.getElementById('only-bad');
const rows = [...document.querySelectorAll('[data-f]')], shown = document.getElementById('shown');
function filter() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const text = row.dataset.f.toLowerCase();
    const keep = words.every(w => text.includes(w)) && (!bad.checked || row.dataset.bad === '1');
    row.classList.toggle('hidden', !keep);
    count += keep ? 1 : 0;
  }
  shown.textContent = count === rows.length ? '' : count + ' of ' + rows.length + ' rows';
}
box.addEventListener('input', filter);
bad.addEventListener('change', filter);
for (const button of document.querySelectorAll('.copy button')) {
  button.addEventListener('click', () => {
    const line = button.parentElement.querySelector('pre');
    const done = () => { button.textContent = 'copied'; setTimeout(() => button.textContent = 'copy', 1500); };
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(line.textContent).then(done); return; }
    const range = document.createRange();  // a page that is opened from a disk has no clipboard
    range.selectNodeContents(line);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    if (document.execCommand('copy')) done();
  });
}
if (location.hash.startsWith('#filter=')) { box.value = decodeURIComponent(location.hash.slice(8)); }
filter();
)js";

}  // namespace mixvec::inline flows
