/** The only style of a report; its digest stands in the page's policy. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--tint:#f6f8fa;--good:#1a7f37;--bad:#b3261e;--reuse:#8250df;--blue:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;--tint:#151b23;--good:#3fb950;--bad:#f85149;--reuse:#ab7df8;--blue:#4493f8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:24px;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--line)}h3{font-size:16px;margin:20px 0 6px}
p{margin:4px 0}code,.number{font-family:ui-monospace,monospace;font-size:13px}.soft{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse}td,th{padding:4px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{background:var(--tint);white-space:nowrap}td.number{text-align:right;white-space:nowrap}td.best{font-weight:700;color:var(--good)}
.state-failed{color:var(--bad)}.state-reused{color:var(--reuse)}.state-executed{color:var(--good)}
figure{margin:0}figcaption{font-weight:600;margin-bottom:4px}.wide{overflow-x:auto;margin-bottom:18px}
.soft code,h2 code{overflow-wrap:anywhere}.edge{fill:none;stroke:var(--soft);stroke-width:1.2}.edges{opacity:.75}.tip{fill:var(--soft)}
.box rect{fill:var(--tint);stroke:var(--line);stroke-width:1.5}.box text{text-anchor:middle;fill:var(--ink);font:600 13px system-ui,sans-serif}.box .detail{font:11px system-ui,sans-serif;fill:var(--soft)}
.box.executed rect{stroke:var(--good)}.box.reused rect{stroke:var(--reuse);stroke-dasharray:5 3}.box.failed rect,.box.cancelled rect{stroke:var(--bad)}.box.skipped{opacity:.55}
.charts{display:flex;flex-wrap:wrap;gap:24px}.chart{max-width:100%}.chart svg{max-width:100%;height:auto}.grid{stroke:var(--line)}.tick{fill:var(--soft);font:11px system-ui,sans-serif}
.line polyline{fill:none;stroke-width:2;stroke:currentColor}.line circle{fill:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:0;padding:0 0 0 18px;max-width:460px;list-style:square;font-size:12px}.legend li{margin-left:14px}
.c0{color:#0969da}.c1{color:#bc4c00}.c2{color:#1a7f37}.c3{color:#8250df}.c4{color:#bf3989}.c5{color:#9a6700}.c6{color:#1b7c83}.c7{color:#cf222e}.c8{color:#57606a}.c9{color:#4d8a00}
.confusion td,.confusion th{padding:3px 6px;font-size:12px;text-align:right;border:1px solid var(--line)}.confusion thead span{writing-mode:vertical-rl;transform:rotate(180deg)}.confusion thead th{vertical-align:bottom;text-align:left}
.confusion .share{color:var(--soft)}
${[1, 2, 3, 4, 5, 6, 7, 8, 9]
  .map((step) => `.right.s${step}{background:rgb(26 127 55/${step * 7}%)}.wrong.s${step}{background:rgb(207 34 46/${8 + step * 8}%)}`)
  .join('')}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:12px;padding:0;margin:0;list-style:none;font-size:12px}
.samples img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;background:var(--tint);border:2px solid var(--line);border-radius:6px}
.samples .miss img{border-color:var(--bad)}.samples .hit img{border-color:var(--good)}
`.trim();
