import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { drawChart, drawCharts, joined, legendButtons, ranged, smoothed, wholeSteps, zoomButtons } from './browser.ts';

/** The style of what the script makes: charts, buttons, and that pictures stay what is printed. */
const CHART_STYLE = `
.live>svg{display:none!important}.plot{width:100%;min-height:270px}
.tools{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center;color:var(--soft);font-size:13px;margin:2px 0}
button{font:inherit;color:var(--ink);background:var(--tint);border:1px solid var(--soft);border-radius:4px;min-width:28px;min-height:26px;padding:0 6px;cursor:pointer}
.legend button{border:0;background:none;padding:0;min-height:24px;text-align:left}.legend button[aria-pressed=false]{text-decoration:line-through}
.legend output{color:var(--soft);font-variant-numeric:tabular-nums}input[type=range]{vertical-align:middle;accent-color:var(--link)}
.u-select{background:var(--ink)!important;opacity:.12}
@media print{.live>svg{display:block!important}.plot,.tools{display:none}}
`;

/** What draws the curves of a page anew so that they can be zoomed and smoothed: uPlot, and what uses it. */
export function chartScript(): { readonly code: string; readonly style: string } {
  const require = createRequire(import.meta.url);
  const text = (path: string): string => readFileSync(path, 'utf8').trim();
  const licence = text(require.resolve('uplot/LICENSE')).replaceAll('*/', '* /');
  const [script, style] = [text(require.resolve('uplot/dist/uPlot.iife.min.js')), text(require.resolve('uplot/dist/uPlot.min.css'))];
  const own = [smoothed, joined, ranged, zoomButtons, legendButtons, wholeSteps, drawChart, drawCharts];
  const code = `/*\nuPlot\n\n${licence}\n*/\n${script}\n${own.map(String).join('\n')}\n${drawCharts.name}(document, uPlot);`;
  // An element of a page ends where its text says so, and a text of ours never does.
  return { code: code.replaceAll('</', '<\\/'), style: `${style}\n${CHART_STYLE}` };
}
