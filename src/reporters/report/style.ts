/** The colours of a page: what is written, drawn and marked, in one of the two ways that people read it. */
export interface Palette {
  readonly ink: string;
  /** Words of less weight. */
  readonly soft: string;
  /** Lines that only part things. */
  readonly line: string;
  readonly paper: string;
  readonly tint: string;
  readonly good: string;
  readonly bad: string;
  readonly reuse: string;
  readonly link: string;
  /** What cells of a confusion matrix are filled with, the stronger the more there are: as red, green and blue. */
  readonly right: readonly [number, number, number];
  readonly wrong: readonly [number, number, number];
  /** Lines of charts, in their order. */
  readonly lines: readonly string[];
}

/** By what the reader's system prefers. */
export const PALETTES: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    ink: '#1b1f24',
    soft: '#57606a',
    line: '#d1d9e0',
    paper: '#ffffff',
    tint: '#f6f8fa',
    good: '#116329',
    bad: '#a40e26',
    reuse: '#6639ba',
    link: '#0550ae',
    right: [26, 127, 55],
    wrong: [207, 34, 46],
    lines: ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#9a6700', '#1b7c83', '#cf222e', '#57606a', '#4d7a00'],
  },
  dark: {
    ink: '#e6edf3',
    soft: '#a3acb7',
    line: '#3d444d',
    paper: '#0d1117',
    tint: '#161b22',
    good: '#56d364',
    bad: '#ff7b72',
    reuse: '#d2a8ff',
    link: '#79c0ff',
    right: [46, 160, 67],
    wrong: [218, 54, 51],
    lines: ['#58a6ff', '#ffa657', '#3fb950', '#bc8cff', '#ff7eb6', '#e3b341', '#39c5cf', '#ff7b72', '#b1bac4', '#a5d65b'],
  },
};

/** How strongly cells are filled, in per cent, by how many there are in nine steps. */
export const FILLS: Readonly<Record<'right' | 'wrong', readonly number[]>> = {
  right: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => step * 6),
  wrong: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => 8 + step * 5),
};

function variables({ lines, right, wrong, ...named }: Palette): string {
  const all = {
    ...named,
    right: right.join(' '),
    wrong: wrong.join(' '),
    ...Object.fromEntries(lines.map((one, index) => [`c${index}`, one])),
  };
  return Object.entries(all)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

const fills = (['right', 'wrong'] as const)
  .flatMap((kind) => FILLS[kind].map((share, index) => `.${kind}.s${index + 1}{background:rgb(var(--${kind})/${share}%)}`))
  .join('');

const lineColours = PALETTES.light.lines.map((_, index) => `.c${index}{color:var(--c${index})}`).join('');

/** The style of a page of ours, charts aside; its digest stands in the page's policy. */
export const STYLE = `
:root{color-scheme:light dark;${variables(PALETTES.light)}}
@media(prefers-color-scheme:dark){:root{${variables(PALETTES.dark)}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1240px;padding:24px;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:26px;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:19px;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:16px;margin:20px 0 6px}h3,h4{overflow-wrap:anywhere}p{margin:4px 0}p,li,td,th{overflow-wrap:break-word}main>section>p,.alert p,li{overflow-wrap:anywhere}a{color:var(--link)}
code,pre,.number{font-family:ui-monospace,monospace;font-size:13px}.soft{color:var(--soft)}.soft code,h2 code{overflow-wrap:anywhere}td code,th code{display:inline-block;max-width:340px;overflow-wrap:break-word}th[scope=row] code{white-space:nowrap}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:14px 0 0;padding:0}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.scroll{overflow-x:auto;max-width:100%}table{border-collapse:collapse}td,th{padding:4px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
thead th{background:var(--tint);white-space:nowrap;font-weight:600}.number{text-align:right;white-space:nowrap}thead th.number{font-family:inherit;font-size:inherit}
.best{font-weight:700;color:var(--good)}.state-failed,.bad{color:var(--bad)}.state-reused{color:var(--reuse)}.state-executed,.good{color:var(--good)}
details{margin:8px 0}summary{cursor:pointer;padding:2px 0}summary h3{display:inline}
.alert{border:2px solid var(--bad);border-radius:8px;padding:4px 18px 14px;margin:20px 0}.alert h2{margin-top:10px}
pre{margin:6px 0;padding:10px 12px;background:var(--tint);border:1px solid var(--line);border-radius:6px;overflow:auto;max-height:460px;white-space:pre-wrap;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(210px,100%),1fr));gap:12px;margin:12px 0}
.figures>div{border:1px solid var(--line);border-radius:8px;padding:12px 16px;background:var(--tint);min-width:0}.figures dt{overflow-wrap:anywhere}.figures dd{margin:0;overflow-wrap:anywhere}
.figures .value{font-size:28px;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
figure{margin:0 0 18px;min-width:0}figcaption{font-weight:600;margin-bottom:4px;overflow-wrap:anywhere}.wide{max-width:100%}
.edge{fill:none;stroke:var(--soft);stroke-width:1.2}.edges{opacity:.75}.tip{fill:var(--soft)}
.box rect{fill:var(--tint);stroke:var(--soft);stroke-width:1.5}.box text{text-anchor:middle;fill:var(--ink);font:600 12px ui-monospace,monospace}.box .detail{font-weight:400;font-size:11px;fill:var(--soft)}
.box.executed rect{stroke:var(--good)}.box.reused rect{stroke:var(--reuse);stroke-dasharray:5 3}.box.failed rect,.box.cancelled rect{stroke:var(--bad);stroke-width:2.5}.box.skipped rect{stroke-dasharray:1 4}
.time text{fill:var(--ink);font:12px ui-monospace,monospace}.time .tick{fill:var(--soft);font-size:11px}.time .bar{fill:var(--c0)}.time .bar.critical{fill:var(--c1)}.time .bar.failed{fill:var(--bad)}.time .wait{stroke:var(--soft);stroke-width:2}.time .kept{fill:none;stroke:var(--reuse);stroke-width:1.5;stroke-dasharray:3 2}.time .use{fill:var(--soft);opacity:.35}
.grid{stroke:var(--line)}.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(480px,100%),1fr));gap:24px}.chart svg{display:block;max-width:100%;height:auto}.tick{fill:var(--soft);font:11px system-ui,sans-serif}
.line polyline{fill:none;stroke-width:2;stroke:currentColor}.line circle,.dot{fill:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:4px 0 0;padding:0;list-style:none;font-size:12px;max-height:150px;overflow:auto}.legend li{display:flex;gap:5px;align-items:center;overflow-wrap:anywhere;min-width:0}.legend svg{flex:none}.legend svg line{stroke:currentColor;stroke-width:2.5}.legend .label{color:var(--ink)}
${lineColours}
.confusion td,.confusion th{padding:3px 6px;font-size:12px;text-align:right;border:1px solid var(--line)}.confusion thead span{writing-mode:vertical-rl;transform:rotate(180deg)}.confusion thead th{vertical-align:bottom;text-align:left}
.confusion .share{color:var(--soft)}${fills}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:12px;padding:0;margin:0;list-style:none;font-size:12px}
.samples img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;background:var(--tint);border:2px solid var(--line);border-radius:6px}
.samples .miss img{border-color:var(--bad)}.samples .hit img{border-color:var(--good)}
.drawn .scroll{max-height:420px;overflow:auto}.drawn img{max-width:100%;max-height:560px;background:#fff;border:1px solid var(--line);border-radius:6px}.drawn iframe{width:100%;height:480px;border:1px solid var(--line);border-radius:6px;background:#fff;color-scheme:light}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:0 24px}.beside .drawn img{width:100%;object-fit:contain}
.text{border-left:3px solid var(--line);padding:2px 0 2px 18px;max-width:900px;overflow-x:auto}.text p,.text li{overflow-wrap:anywhere}.text h4,.text h5,.text h6{margin:14px 0 4px;font-size:15px}.text h4{font-size:17px}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important;scroll-behavior:auto!important}}
@media print{:root{color-scheme:light;${variables(PALETTES.light)}}body{max-width:none;padding:0;font-size:12px}nav,.tools,.chart details{display:none}td,th,td code,th code,.number{font-size:10px}.scroll,pre,.legend{overflow:visible;max-height:none}figure,.figures>div,tr{break-inside:avoid}h2,h3{break-after:avoid}details::details-content{content-visibility:visible;display:block}}
`.trim();
