import { pathToFileURL } from 'node:url';

/** Of playwright what is used here. */
export interface Browser {
  newContext(options: object): Promise<{ newPage(): Promise<Tab>; close(): Promise<void> }>;
  close(): Promise<void>;
}

interface Tab {
  goto(address: string): Promise<unknown>;
  on(event: string, listener: (told: { url?: () => string; message?: string }) => void): void;
  /** Runs a text in the page. */
  evaluate<Value>(script: string): Promise<Value>;
  emulateMedia(options: object): Promise<void>;
  screenshot(options: object): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void> };
}

/** How a page is looked at. */
interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  /** axe-core as text. */
  readonly axe: string;
  /** Where a picture of it goes. */
  readonly picture: string | undefined;
}

/** What of a page is wrong by its own measure, in words: it runs in the page. */
const MEASURES = `(() => {
  const faults = [];
  const told = (element) => element.outerHTML.slice(0, 120);
  if (globalThis.pwned !== undefined) faults.push('what a user wrote has run: ' + globalThis.pwned);
  if (document.documentElement.scrollWidth > innerWidth) faults.push('it is wider than the screen by ' + (document.documentElement.scrollWidth - innerWidth));
  for (const box of document.querySelectorAll('.box')) {
    const frame = box.querySelector('rect').getBoundingClientRect();
    for (const text of box.querySelectorAll('text')) {
      const words = text.getBoundingClientRect();
      if (words.width > 0 && (words.left < frame.left || words.right > frame.right || words.top < frame.top || words.bottom > frame.bottom)) faults.push('does not fit its box: ' + text.textContent);
    }
  }
  for (const picture of document.querySelectorAll('svg[role=img]')) {
    const frame = picture.getBoundingClientRect();
    for (const text of picture.querySelectorAll('text')) {
      const words = text.getBoundingClientRect();
      if (words.width > 0 && (words.left < frame.left - 1 || words.right > frame.right + 1)) faults.push('leaves its picture: ' + text.textContent);
    }
  }
  for (const image of document.images) if (!image.complete || image.naturalWidth === 0) faults.push('is no picture: ' + told(image));
  return faults;
})()`;

const AXE = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ' ' + nodes.length + ' times: ' + nodes[0].html.slice(0, 120) + ' ' + (nodes[0].any[0]?.message ?? '')))`;

const OPEN_ALL = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;

/** Waits until what was asked of the page is painted. */
const PAINTED = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))))`;

/** What is wrong with a page in a browser: by axe-core, by its own measure, and by what it reaches for; folded and with all parts open. */
export async function pageFaults(browser: Browser, file: string, { colorScheme, width, axe, picture }: Look): Promise<readonly string[]> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  try {
    const tab = await context.newPage();
    const faults: string[] = [];
    const address = pathToFileURL(file).href;
    tab.on('pageerror', (error) => faults.push(`its script failed: ${error.message}`));
    // What a frame is denied is told as a request too, which the policy has ended.
    tab.on('response', (response) => {
      const to = response.url?.() ?? '';
      if (to !== address && !to.startsWith('data:')) faults.push(`it has loaded ${to}`);
    });
    await tab.goto(address);
    await tab.evaluate(PAINTED);
    if (picture !== undefined) await tab.screenshot({ path: picture, fullPage: true });
    await tab.evaluate(axe);
    for (const script of ['0', OPEN_ALL]) {
      await tab.evaluate(script);
      await tab.evaluate(PAINTED);
      faults.push(...(await tab.evaluate<string[]>(AXE)), ...(await tab.evaluate<string[]>(MEASURES)));
    }
    return [...new Set(faults)];
  } finally {
    await context.close();
  }
}

/** How many steps the first chart shows, how smooth its first line is, and what can be seen of it. */
const CHART = `(() => {
  const figure = document.querySelector('figure.lines');
  return { canvases: figure.querySelectorAll('canvas').length, picture: getComputedStyle(figure.querySelector('svg')).display, focus: document.activeElement?.getAttribute('aria-label') ?? '' };
})()`;

interface Chart {
  readonly canvases: number;
  readonly picture: string;
  readonly focus: string;
}

/** The pixels of the first chart, as a text that changes with them. */
const PIXELS = `document.querySelector('figure.lines canvas').toDataURL()`;

/** What a page with curves does not do that it should: be drawn by the script, zoomed by the keyboard, smoothed, printed as pictures; and be there without scripts. */
export async function behaviourFaults(browser: Browser, file: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const expectThat = (isSo: boolean, what: string): void => void (isSo || faults.push(what));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(file).href);
  await tab.evaluate(PAINTED);
  const drawn = await tab.evaluate<Chart>(CHART);
  expectThat(drawn.canvases === 1 && drawn.picture === 'none', `curves are not drawn by the script: ${JSON.stringify(drawn)}`);
  let reached = '';
  for (let step = 0; step < 200 && !reached.endsWith(': zoom in'); step += 1) {
    await tab.keyboard.press('Tab');
    reached = (await tab.evaluate<Chart>(CHART)).focus;
  }
  expectThat(reached.endsWith(': zoom in'), 'the keyboard does not reach the buttons of a chart');
  const before = await tab.evaluate<string>(PIXELS);
  await tab.keyboard.press('Enter');
  await tab.evaluate(PAINTED);
  const zoomed = await tab.evaluate<string>(PIXELS);
  expectThat(zoomed !== before, 'a chart does not zoom in');
  await tab.evaluate(`document.querySelector('figure.lines .tools button:last-child').click()`);
  await tab.evaluate(PAINTED);
  expectThat((await tab.evaluate<string>(PIXELS)) === before, 'a chart does not show all again');
  await tab.evaluate(
    `(() => { const slider = document.querySelector('input[type=range]'); slider.value = '0.9'; slider.dispatchEvent(new Event('input')); })()`,
  );
  await tab.evaluate(PAINTED);
  expectThat((await tab.evaluate<string>(PIXELS)) !== before, 'a chart is not smoothed');
  await tab.emulateMedia({ media: 'print' });
  expectThat((await tab.evaluate<Chart>(CHART)).picture === 'block', 'a printed chart is not its picture');
  await context.close();
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  const quiet = await plain.newPage();
  await quiet.goto(pathToFileURL(file).href);
  const still = await quiet.evaluate<Chart>(CHART);
  expectThat(still.canvases === 0 && still.picture === 'block', `without scripts curves are no pictures: ${JSON.stringify(still)}`);
  await plain.close();
  return faults;
}
