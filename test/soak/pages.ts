// The pages that `report` writes, in a real browser: light and dark, wide and narrow, by keyboard, printed, and without scripts.
//
//   npm run soak -- pages [--pictures FOLDER]
//
// axe-core must find nothing serious on any of them, no page may reach for the network or run what a user wrote, and labels must fit their boxes.
// playwright-core and axe-core are installed into a temporary folder; the browser is the machine's own Chromium (or CHROMIUM names it).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from '../../src/setup/places.mjs';
import { behaviourFaults, type Browser, pageFaults } from './pages/faults.ts';
import { EVIL, writeProject } from './pages/project.ts';

const PACKAGES = ['playwright-core@1.65.1', 'axe-core@4.14.1'];
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const LARGEST_PAGE = 5_000_000;

/** The program that is the browser. */
function browserProgram(): string {
  const folders = (process.env['PATH'] ?? '').split(':');
  const found =
    process.env['CHROMIUM'] ?? BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (found === undefined) throw new Error('There is no Chromium: on Debian  sudo apt-get install chromium, or let CHROMIUM name one.');
  return found;
}

/** Runs the command line in a project; only what is to fail may. */
function stillroom(project: string, args: readonly string[], code = 0): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], { cwd: project, encoding: 'utf8' });
  if (status !== code) throw new Error(`stillroom ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** Writes the pages that are looked at; returns their files by name. */
function writePages(folder: string): Readonly<Record<string, string>> {
  const project = join(folder, 'project');
  writeProject(project);
  const settings = [[], ['rate=0.5'], ['rate=0.6'], ['rate=0.7'], ['rate=0.7', `title=${EVIL}`]];
  for (const set of settings) stillroom(project, ['run', 'seen', ...set.flatMap((one) => ['--set', one])]);
  stillroom(project, ['run', 'failing', '--set', `title=${EVIL}`], 1);
  const listed = JSON.parse(stillroom(project, ['runs', '--json'])) as { readonly runs: readonly { readonly run: string }[] };
  const [failed = '', ...done] = listed.runs.map(({ run }) => run);
  const words = { one: done.slice(0, 1), five: done.toReversed(), failed: [failed] };
  const files = Object.entries(words).map(([name, runs]) => ({ name, runs, file: join(folder, `${name}.html`) }));
  for (const { runs, file } of files) stillroom(project, ['report', ...runs, '--output', file]);
  return Object.fromEntries(files.map(({ name, file }) => [name, file]));
}

async function look(folder: string, pictures: string | undefined): Promise<readonly string[]> {
  const install = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...PACKAGES];
  if (spawnSync('npm', install, { stdio: 'inherit' }).status !== 0) throw new Error(`npm could not install ${PACKAGES.join(' and ')}.`);
  const require = createRequire(join(folder, 'package.json'));
  const { chromium } = require(join(folder, 'node_modules/playwright-core')) as { chromium: { launch(options: object): Promise<Browser> } };
  const axe = readFileSync(join(folder, 'node_modules/axe-core/axe.min.js'), 'utf8');
  const files = writePages(folder);
  const browser = await chromium.launch({ executablePath: browserProgram(), args: ['--no-sandbox'] });
  const faults: string[] = [];
  try {
    for (const [name, file] of Object.entries(files)) {
      if (statSync(file).size > LARGEST_PAGE) faults.push(`${name}: larger than ${LARGEST_PAGE} bytes`);
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [1280, 390]) {
          const picture = pictures === undefined ? undefined : join(pictures, `${name}-${colorScheme}-${width}.png`);
          const found = await pageFaults(browser, file, { colorScheme, width, axe, picture });
          console.log(`${name} ${colorScheme} ${width}: ${found.length === 0 ? 'good' : `${found.length} faults`}`);
          faults.push(...found.map((fault) => `${name} ${colorScheme} ${width}: ${fault}`));
        }
      }
    }
    faults.push(...(await behaviourFaults(browser, files['five'] ?? '')));
  } finally {
    await browser.close();
  }
  return faults;
}

const at = process.argv.indexOf('--pictures');
const folder = mkdtempSync(join(tmpdir(), 'stillroom-pages-'));
try {
  const faults = await look(folder, at < 0 ? undefined : resolve(process.argv[at + 1] ?? 'pages'));
  for (const fault of faults) console.log(fault);
  console.log(faults.length === 0 ? 'all pages are good' : `${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
