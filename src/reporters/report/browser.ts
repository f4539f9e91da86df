// What runs in a browser when a page with curves is opened. These functions are put into the page as their text, so they use nothing but each
// other and what they are given; a page is described by as much as they need of it, since here is no browser whose types could be used.

/** A part of a page. */
export interface PageElement {
  textContent: string | null;
  className: string;
  value: string;
  hidden: boolean;
  readonly clientWidth: number;
  readonly classList: { add(name: string): void };
  append(...children: (PageElement | string)[]): void;
  prepend(...children: (PageElement | string)[]): void;
  before(sibling: PageElement): void;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  addEventListener(type: string, listener: () => void): void;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** A page in a window. */
export interface Page extends Pick<PageElement, 'querySelector' | 'querySelectorAll'> {
  createElement(name: string): PageElement;
  readonly defaultView: {
    addEventListener(type: string, listener: () => void): void;
    getComputedStyle(element: PageElement): { getPropertyValue(name: string): string };
    matchMedia(query: string): { addEventListener(type: string, listener: () => void): void };
  };
}

type Values = readonly (number | null)[];
type Table = readonly Values[];

/** A chart that uPlot draws. */
export interface Plot {
  readonly scales: Readonly<Record<'x' | 'y', { readonly min: number; readonly max: number }>>;
  readonly cursor: { readonly idx: number | null | undefined };
  setData(data: Table, resetScales?: boolean): void;
  setScale(name: 'x', limits: { readonly min: number; readonly max: number }): void;
  setSeries(index: number, options: { readonly show: boolean }): void;
  setSize(size: { readonly width: number; readonly height: number }): void;
  destroy(): void;
}

/** uPlot itself. */
export interface Plotter {
  new (options: object, data: Table, target: PageElement): Plot;
  join(tables: readonly (readonly [Values, Values])[]): Table;
}

/** A line as the page holds it: one without steps has those of the line before. */
export interface PageLine {
  readonly x?: readonly number[];
  readonly y: readonly number[];
  readonly colour: string;
  readonly dash: readonly number[];
}

/** A chart that is drawn, and what may be done with all charts at once. */
interface Drawn {
  smooth(weight: number): void;
  redraw(): void;
  resize(): void;
}

/** Smoothed values: each the mean of those up to it, with less weight the further back they are (exponential, without bias at the start). */
export function smoothed(values: Values, weight: number): Values {
  let [sum, weights] = [0, 0];
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    sum = sum * weight + value * (1 - weight);
    weights = weights * weight + (1 - weight);
    return weight === 0 ? value : sum / weights;
  });
}

/** The lines of a chart over the steps of all of them. */
export function joined(lines: readonly PageLine[], plotter: Plotter): Table {
  let steps: readonly number[] = [];
  return plotter.join(
    lines.map(({ x, y }) => {
      steps = x ?? steps;
      return [steps, y] as const;
    }),
  );
}

/** The range of steps after a wish: closer, wider, to either side, or all. */
export function ranged(wish: string, now: { readonly min: number; readonly max: number }, all: readonly [number, number]) {
  const width = now.max - now.min;
  const whole = { min: all[0], max: all[1] };
  if (wish === 'all') return whole;
  const change = { closer: [0.25, -0.25], wider: [-0.5, 0.5], left: [-0.25, -0.25], right: [0.25, 0.25] }[wish] ?? [0, 0];
  const [min, max] = [now.min + width * (change[0] ?? 0), now.max + width * (change[1] ?? 0)];
  if (wish === 'left' && min < whole.min) return { min: whole.min, max: whole.min + width };
  if (wish === 'right' && max > whole.max) return { min: whole.max - width, max: whole.max };
  return { min: Math.max(whole.min, min), max: Math.min(whole.max, max) };
}

/** Buttons by which a chart is zoomed without a mouse. */
export function zoomButtons(page: Page, title: string, onWish: (wish: string) => void): PageElement {
  const tools = page.createElement('div');
  tools.className = 'tools';
  const buttons = [
    ['closer', '+', 'zoom in'],
    ['wider', '\u2212', 'zoom out'],
    ['left', '\u2190', 'further left'],
    ['right', '\u2192', 'further right'],
    ['all', 'all', 'all of it'],
  ] as const;
  for (const [wish, sign, words] of buttons) {
    const button = page.createElement('button');
    button.setAttribute('type', 'button');
    button.setAttribute('aria-label', `${title}: ${words}`);
    button.setAttribute('title', words);
    button.textContent = sign;
    button.addEventListener('click', () => onWish(wish));
    tools.append(button);
  }
  return tools;
}

/** Makes the names in a legend buttons that hide and show their lines, each followed by the line's value where the pointer is. */
export function legendButtons(page: Page, figure: PageElement, onToggle: (line: number, isShown: boolean) => void): PageElement[] {
  return [...figure.querySelectorAll('.legend li')].map((item, line) => {
    const label = item.querySelector('.label');
    const [button, value] = [page.createElement('button'), page.createElement('output')];
    button.setAttribute('type', 'button');
    button.setAttribute('aria-pressed', 'true');
    button.setAttribute('title', 'hide or show this line');
    button.className = 'label';
    button.textContent = label?.textContent ?? '';
    let isShown = true;
    button.addEventListener('click', () => {
      isShown = !isShown;
      button.setAttribute('aria-pressed', String(isShown));
      onToggle(line, isShown);
    });
    if (label !== null) label.hidden = true;
    item.append(button, value);
    return value;
  });
}

/** Distances of marks on an axis of whole numbers. */
export function wholeSteps(): number[] {
  return Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat();
}

/** Draws a chart anew in place of its picture. */
export function drawChart(figure: PageElement, page: Page, plotter: Plotter): Drawn | undefined {
  const [holder, picture] = [figure.querySelector('script'), figure.querySelector('svg')];
  if (holder === null || picture === null) return undefined;
  const lines = JSON.parse(holder.textContent ?? '[]') as readonly PageLine[];
  const raw = joined(lines, plotter);
  const steps = (raw[0] ?? []) as readonly number[];
  const all = [steps[0] ?? 0, steps.at(-1) ?? 1] as const;
  const title = figure.querySelector('figcaption')?.textContent ?? '';
  const target = page.createElement('div');
  target.className = 'plot';
  picture.before(target);
  figure.classList.add('live');
  let weight = 0;
  let plot: Plot | undefined;
  const shown = lines.map(() => true);
  const data = (): Table => [steps, ...raw.slice(1).map((values) => smoothed(values, weight)), ...(weight === 0 ? [] : raw.slice(1))];
  const show = (line: number): void => {
    plot?.setSeries(1 + line, { show: shown[line] === true });
    if (weight > 0) plot?.setSeries(1 + lines.length + line, { show: shown[line] === true });
  };
  const values = legendButtons(page, figure, (line, isShown) => {
    shown[line] = isShown;
    show(line);
  });
  const tell = (at: number | null | undefined): void => {
    values.forEach((output, line) => {
      const value = at === null || at === undefined ? undefined : raw[1 + line]?.[at];
      output.textContent = value === null || value === undefined ? '' : `${Number(value.toPrecision(5))} at ${steps[at ?? 0]}`;
    });
  };
  const redraw = (): void => {
    const range = plot?.scales.x;
    plot?.destroy();
    const colour = (name: string): string => page.defaultView.getComputedStyle(figure).getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 } };
    const line = (width: number, alpha: number) => (one: PageLine) => ({
      stroke: colour(one.colour),
      ...{
        width,
        alpha,
        dash: one.dash,
        spanGaps: true,
        points: { show: width > 1 && one.y.length <= 40, size: 5, fill: colour(one.colour) },
      },
    });
    const named = (name: string): object => {
      const label = figure.getAttribute(name) ?? '';
      return label === '' || label === 'step'
        ? axis
        : { ...axis, label, labelSize: 20, labelGap: 0, labelFont: '12px system-ui, sans-serif' };
    };
    const across = steps.every((step) => Number.isInteger(step)) ? { ...named('data-x'), incrs: wholeSteps() } : named('data-x');
    plot = new plotter(
      {
        ...{
          width: target.clientWidth,
          height: 270,
          legend: { show: false },
          scales: { x: { time: false } },
          axes: [across, named('data-y')],
        },
        series: [{}, ...lines.map(line(2, 1)), ...(weight === 0 ? [] : lines.map(line(1, 0.35)))],
        hooks: { setCursor: [(own: Plot) => tell(own.cursor.idx)] },
      },
      data(),
      target,
    );
    lines.forEach((_, index) => show(index));
    if (range !== undefined) plot.setScale('x', range);
  };
  target.before(
    zoomButtons(page, title, (wish) => {
      if (plot !== undefined) plot.setScale('x', ranged(wish, plot.scales.x, all));
    }),
  );
  redraw();
  return {
    smooth(now) {
      weight = now;
      redraw();
    },
    redraw,
    resize: () => plot?.setSize({ width: target.clientWidth, height: 270 }),
  };
}

/** Draws all charts of lines anew, with one slider that smooths them. Without this the pictures in the page stay as they are. */
export function drawCharts(page: Page, plotter: Plotter): void {
  const charts = [...page.querySelectorAll('figure.lines')].flatMap((figure) => drawChart(figure, page, plotter) ?? []);
  const section = page.querySelector('.charts');
  if (charts.length === 0 || section === null) return;
  const [tools, label, slider, told] = [
    page.createElement('div'),
    page.createElement('label'),
    page.createElement('input'),
    page.createElement('output'),
  ];
  tools.className = 'tools';
  slider.setAttribute('type', 'range');
  slider.setAttribute('min', '0');
  slider.setAttribute('max', '0.98');
  slider.setAttribute('step', '0.02');
  slider.value = '0';
  told.textContent = 'off';
  label.append('Smoothing ', slider);
  tools.append(label, told, ' Drag over a chart to zoom in; a double click shows all of it again.');
  section.before(tools);
  slider.addEventListener('input', () => {
    const weight = Number(slider.value);
    told.textContent = weight === 0 ? 'off' : String(weight);
    for (const chart of charts) chart.smooth(weight);
  });
  page.defaultView.addEventListener('resize', () => {
    for (const chart of charts) chart.resize();
  });
  page.defaultView.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const chart of charts) chart.redraw();
  });
}
