#include "exporters/status/status_pages.hpp"

namespace dkimprobe::exporters {
namespace {

// Each pair of text and background colours has a contrast of at least 4.5 to 1 (WCAG 2.1, level AA), in light
// and dark mode; tests/browser measures it.
constexpr std::string_view css = R"css(:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --sheet: #ffffff; --ink: #1b2127; --quiet: #57616b; --line: #dce1e6; --edge: #7b858f;
  --link: #0a5299; --track: #e9edf0;
  --ok: #19633a; --ok-ground: #e5f3ea;
  --warning: #744800; --warning-ground: #fdf0d2;
  --critical: #a11029; --critical-ground: #fce8ea;
  --unknown: #573a91; --unknown-ground: #efeafa;
  --notice: #245372; --notice-ground: #e6f0f6;
  --a1: #bcd9f0; --a2: #f3d3a4; --a3: #c8e3c0; --a4: #e2cdec; --a5: #f3c9c6; --a6: #c6e4e2; --a-ink: #1b2127;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1317; --sheet: #171c21; --ink: #e3e7eb; --quiet: #9ca7b2; --line: #2b333b; --edge: #6c7883;
    --link: #86bbf6; --track: #242b32;
    --ok: #86d6a4; --ok-ground: #14301f;
    --warning: #efc368; --warning-ground: #33280f;
    --critical: #ff9ca6; --critical-ground: #3c171d;
    --unknown: #cab6f4; --unknown-ground: #281f3d;
    --notice: #9ccae8; --notice-ground: #152a39;
    --a1: #2b577a; --a2: #6b4a18; --a3: #325b2b; --a4: #5a3c69; --a5: #743733; --a6: #23595a; --a-ink: #f2f5f7;
  }
}
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
body { margin: 0; background: var(--ground); color: var(--ink); font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; top: 0; background: var(--sheet); padding: .5rem 1rem; z-index: 1; }
.skip:focus { left: 0; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1.75rem; padding-top: .9rem;
  padding-bottom: .9rem; }
.brand { font: 600 1.05rem var(--mono); color: var(--ink); text-decoration: none; }
nav ul, nav ol { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
header nav a { text-decoration: none; color: var(--quiet); padding: .2rem 0; }
header nav a[aria-current] { color: var(--ink); font-weight: 600; border-bottom: 2px solid var(--link); }
header nav a:hover { color: var(--ink); }
.crumbs { margin: .25rem 0 .5rem; font-size: .87rem; }
.crumbs li::after { content: "/"; color: var(--quiet); margin-left: .6rem; }
.crumbs ol { gap: 0 .6rem; }
footer { color: var(--quiet); font-size: .87rem; padding-top: 1.25rem; padding-bottom: 2rem; display: flex;
  flex-wrap: wrap; justify-content: space-between; gap: 0 2rem; }
footer p { margin: .2rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0; letter-spacing: -.01em; }
h2 { font-size: 1.02rem; margin: 0 0 .6rem; }
h3 { font-size: .93rem; margin: 1.1rem 0 .4rem; }
p { margin: .35rem 0; }
code { font-family: var(--mono); font-size: .86em; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: .95rem 1.1rem;
  margin: .9rem 0; }
.quiet { color: var(--quiet); font-weight: 400; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .8rem; }
.headline { font-size: 1.08rem; margin: .1rem 0; }
.probes { font-size: .87rem; margin-bottom: .9rem; }
.banner { background: var(--warning-ground); color: var(--warning); border: 1px solid currentColor;
  border-radius: 8px; padding: .6rem 1rem; margin: .9rem 0; }
.banner .quiet { color: inherit; }

.badge, .mark, .chip { display: inline-flex; align-items: center; gap: .3em; border-radius: 4px; font-size: .84rem;
  line-height: 1.4; padding: .05rem .45rem; white-space: nowrap; vertical-align: baseline; }
.badge { font-weight: 600; }
.mark { color: var(--quiet); border: 1px solid var(--line); white-space: normal; }
.sign { width: .95em; height: .95em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8;
  stroke-linecap: round; stroke-linejoin: round; }
.sign.filled { fill: currentColor; }
.sign .cut { stroke: var(--critical-ground); }
.ok { --own: var(--ok); --own-ground: var(--ok-ground); }
.warning { --own: var(--warning); --own-ground: var(--warning-ground); }
.critical { --own: var(--critical); --own-ground: var(--critical-ground); }
.unknown { --own: var(--unknown); --own-ground: var(--unknown-ground); }
.notice { --own: var(--notice); --own-ground: var(--notice-ground); }
.badge, .chip { color: var(--own); background: var(--own-ground); }
.check { color: var(--quiet); }

.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .7rem; list-style: none; padding: 0;
  margin: .7rem 0 .9rem; }
.tile { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .6rem; background: var(--sheet);
  color: var(--ink); border: 1px solid var(--line); border-left: 4px solid var(--own); border-radius: 8px;
  padding: .55rem .9rem; text-decoration: none; }
.tile strong { font-size: 1.55rem; line-height: 1.2; font-weight: 650; }
.tile.none { border-left-color: var(--line); }
.tile.none strong { color: var(--quiet); font-weight: 400; }
.tile:hover { border-color: var(--edge); border-left-color: var(--own); }
.tile[aria-current="true"] { outline: 2px solid var(--own); outline-offset: -1px; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
input, button { font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--edge);
  border-radius: 5px; padding: .28rem .6rem; max-width: 100%; }
button { cursor: pointer; }
button:hover { border-color: var(--ink); }
.pages { margin: .8rem 0; }

table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; font-size: .93rem; padding: .6rem 0 .3rem; }
caption.visually-hidden { padding: 0; }
th, td { text-align: left; vertical-align: baseline; padding: .42rem .75rem .42rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; }
thead th { border-top: 0; color: var(--quiet); font-weight: 500; font-size: .84rem; }
main > table { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; border-collapse: separate;
  border-spacing: 0; }
main > table th:first-child, main > table td:first-child { padding-left: 1.1rem; }
.time { color: var(--quiet); font-size: .87rem; }
time { white-space: nowrap; }
main > table th:first-child { width: 22%; }
main > table .wide { width: 28%; }
.name { font-weight: 500; }
.address { font: .84em var(--mono); color: var(--quiet); }
th .address { font-weight: 400; }
.chips { display: flex; flex-wrap: wrap; gap: .3rem; list-style: none; margin: 0; padding: 0; }
.chip { text-decoration: none; white-space: normal; color: var(--own); }
.chip:hover { text-decoration: underline; }
.chip .word { font-size: .92em; }
.lines { list-style: none; margin: 0; padding: 0; }
.lines li { display: grid; grid-template-columns: 6.3rem 1fr auto; gap: .1rem .8rem; align-items: baseline;
  padding: .42rem 0; border-top: 1px solid var(--line); }
.lines li:first-child { border-top: 0; }
.lines .badge, .lines > li > .mark, .lines > li > .chip { justify-self: start; }
.lines a { font-weight: 600; }

.scroll { overflow-x: auto; position: relative; }
.matrix { width: auto; min-width: 100%; font-size: .95rem; }
.matrix th, .matrix td { padding: .4rem .9rem .4rem 0; }
.matrix td { min-width: 9.5rem; }
.matrix tbody th[scope=row] { min-width: 9.75rem; max-width: 22rem; }
.matrix .zone th { color: var(--quiet); font-weight: 400; font-size: .87rem; padding-top: .8rem; border-top: 0; }
.matrix thead th a { color: var(--link); font-size: .95rem; margin-right: .3rem; }
.answer { padding: .12rem .45rem; border-left: 3px solid var(--line); }
.answer.differs { border-left: 3px solid var(--critical); background: var(--critical-ground); color: var(--critical);
  border-radius: 0 4px 4px 0; }
.answer.silent { border-left-style: dotted; border-left-color: var(--edge); color: var(--quiet); }
.letter { display: inline-block; min-width: 1.5em; text-align: center; font: 600 .87em/1.5 var(--mono);
  border: 1px solid currentColor; border-radius: 4px; }
.differs .letter { border-width: 2px; }

.findings { list-style: none; margin: 0; padding: 0; }
.finding { border-left: 4px solid var(--own); padding: .1rem 0 .1rem .85rem; margin: 0 0 .9rem; }
.finding:last-child { margin-bottom: 0; }
.finding p { margin: .2rem 0; max-width: 62rem; }
.facts { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); gap: .2rem .8rem; margin: 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; }
.reasons { margin: .6rem 0 0; padding-left: 1.1rem; }
.tags { margin-top: .5rem; }
.tags th { min-width: 3.6rem; }
.tags td:nth-child(2) { min-width: 5.2rem; }
.tags td:nth-child(2) { white-space: nowrap; color: var(--quiet); }
.published { margin: .5rem 0; }
summary { cursor: pointer; }
.strings { margin: .2rem 0 .6rem; padding-left: 1.6rem; }
.strings code { background: var(--track); border-radius: 3px; padding: .05rem .25rem; }
.checks { font: .84rem/1.7 var(--mono); }
tr.differs th, tr.differs td { background: var(--critical-ground); color: var(--critical); }
tr.differs .address, tr.differs .quiet, tr.differs .time { color: inherit; }
tr.differs th:first-child { box-shadow: inset 3px 0 var(--critical); padding-left: .6rem; }
.differs .badge { background: none; padding: 0; }

.lane { margin: .45rem 0; }
.lane p { margin: 0; font-size: .87rem; }
.lane svg, .axis { display: block; }
.lane.over p { color: var(--critical); font-weight: 600; }
svg text { font-size: 12px; fill: var(--quiet); font-family: inherit; }
.track { fill: var(--track); }
.bar { fill: var(--link); }
.bar.beyond { fill: var(--critical-ground); stroke: var(--critical); stroke-width: 2; stroke-dasharray: 4 3; }
.limit { stroke: var(--edge); stroke-width: 1; stroke-dasharray: 2 3; }
.limit.own { stroke: var(--ink); stroke-width: 2; stroke-dasharray: none; }
.span rect { stroke: var(--sheet); stroke-width: 1; }
.span text { fill: var(--a-ink); font-weight: 600; }
.answer-1 rect { fill: var(--a1); } .answer-2 rect { fill: var(--a2); } .answer-3 rect { fill: var(--a3); }
.answer-4 rect { fill: var(--a4); } .answer-5 rect { fill: var(--a5); } .answer-6 rect { fill: var(--a6); }
.span.absent rect { fill: var(--sheet); stroke: var(--edge); stroke-dasharray: 5 3; }
.span.unknown rect { fill: var(--sheet); stroke: var(--edge); stroke-dasharray: 1 3; stroke-width: 2; }
.span.absent text, .span.unknown text { fill: var(--ink); font-weight: 400; }
.ends { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; color: var(--quiet);
  font-size: .84rem; }
.legend { display: grid; grid-template-columns: 44px minmax(0, 1fr); gap: .3rem .7rem; margin: .8rem 0; font-size: .87rem;
  align-items: center; }
.legend dt { line-height: 0; }
.legend dd { margin: 0; }
.changes { list-style: none; margin: 0; padding: 0 0 0 1rem; border-left: 2px solid var(--line); }
.changes li { margin: 0 0 .75rem; }
.changes p { margin: .05rem 0; }
.changes .head { color: var(--quiet); font-size: .87rem; }
.change { color: var(--ink); margin-left: .5rem; }

@media (max-width: 46rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  section { padding: .8rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .tile { padding: .4rem .7rem; }
  .lines li { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .4rem; }
  table.cards, .cards tbody { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { display: flex; flex-wrap: wrap; gap: .15rem .8rem; align-items: baseline; padding: .6rem 0;
    border-top: 1px solid var(--line); }
  .cards tbody tr:first-child { border-top: 0; }
  .cards th, .cards td { display: block; border: 0; padding: 0; background: none; }
  .cards tbody th, .cards .wide, .cards td.time { flex: 1 1 100%; }
  .cards caption { display: block; }
  .cards td.void { display: none; }
  .cards td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); font-size: .84rem; }
  .cards tr.differs { background: var(--critical-ground); padding-left: .6rem; box-shadow: inset 3px 0 var(--critical); }
  .cards tr.differs th:first-child { box-shadow: none; padding-left: 0; }
  .cards tr.differs td::before { color: inherit; }
  main > table.cards { padding: 0 .8rem; }
  main > table th:first-child, main > table .wide { width: auto; }
  main > table.cards th:first-child, main > table.cards td:first-child { padding-left: 0; }
  .tags td:nth-child(2) { white-space: normal; }
  .matrix td { min-width: 8rem; }
}
@media print {
  html { font-size: 12px; }
  header nav, .skip, form { display: none; }
  section { break-inside: avoid; }
}
)css";

}  // namespace

std::string_view stylesheet() {
  return css;
}

}  // namespace dkimprobe::exporters
