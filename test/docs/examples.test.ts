import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { openModel } from '../../docs/examples/predict-page.mjs';
import { colouredPicture, judgePreparation, writeJudge } from '../exported-judge.ts';
import { called, checkout, emptyFolder } from '../rig.ts';

interface Answer {
  readonly label: string;
  readonly probability: number;
}

const fits = ['pad', 'shrink', 'cover', 'stretch'] as const;

let folder: string;
/** What the product says, by model and picture: `pad 0.png`. */
const expected = new Map<string, Answer>();

beforeAll(async () => {
  folder = emptyFolder();
  const names = ['0.png', '1.jpeg', '2.png'];
  for (const [colour, extent] of (
    [
      [300, 200],
      [40, 90],
      [20, 13],
    ] as const
  ).entries())
    writeFileSync(join(folder, names[colour] as string), await colouredPicture(colour, names[colour]?.slice(1) ?? '', [...extent]));
  for (const fit of fits) {
    writeJudge(join(folder, fit), fit);
    const { stdout } = await called(folder, ['predict', fit, ...names, '--json']);
    const { pictures } = JSON.parse(stdout) as { pictures: readonly (Answer & { picture: string })[] };
    for (const { picture, label, probability } of pictures) expected.set(`${fit} ${picture}`, { label, probability });
  }
  expect(new Set([...expected.values()].map(({ label }) => label))).toEqual(new Set(['red', 'green, mostly', 'blue']));
});

/** Whether an example says what the product says of each picture. */
function compare(ask: (fit: string, picture: string) => Answer): void {
  for (const [name, { label, probability }] of expected) {
    const [fit = '', picture = ''] = name.split(' ');
    const answer = ask(fit, picture);
    expect(answer.label, name).toBe(label);
    expect(Math.abs(answer.probability - probability), name).toBeLessThan(1e-3);
  }
}

/** What an example printed: a label and a probability. */
function printed(line: string): Answer {
  const at = line.trim().lastIndexOf(' ');
  return { label: line.slice(0, at), probability: Number(line.slice(at)) };
}

test('the one for Node says what the product says', () => {
  copyFileSync(join(checkout, 'docs/examples/predict.mjs'), join(folder, 'predict.mjs'));
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  compare((...given) => printed(execFileSync(process.execPath, ['predict.mjs', ...given], { cwd: folder, encoding: 'utf8' })));
});

/** A folder of the packages that the Python example needs, in the user's cache: they are installed once. */
function pythonPackages(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  const version = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
  const parent = join(cache?.startsWith('/') ? cache : join(homedir(), '.cache'), 'stillroom', 'test');
  const packages = join(parent, `predict-example-python-${version}`);
  if (existsSync(packages)) return packages;
  mkdirSync(parent, { recursive: true });
  const made = mkdtempSync(`${packages}-`);
  execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', made, 'onnxruntime', 'numpy', 'pillow'], { stdio: 'pipe' });
  // Whoever else has put it there meanwhile has put the same.
  if (!existsSync(packages)) renameSync(made, packages);
  return packages;
}

test('the one for Python says what the product says', { timeout: 300_000 }, () => {
  const env = { ...process.env, PYTHONPATH: pythonPackages() };
  const example = join(checkout, 'docs/examples/predict.py');
  compare((...given) => printed(execFileSync('python3', [example, ...given], { cwd: folder, encoding: 'utf8', env, stdio: 'pipe' })));
});

test("the page's code says what the product says of the pixels of a canvas, by WebAssembly", async () => {
  const server = createServer(({ url }, response) => response.end(readFileSync(join(folder, url ?? '')))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const model = await openModel(ort, `http://127.0.0.1:${(server.address() as AddressInfo).port}/pad`);
  server.close();
  const { size } = judgePreparation;
  expect(model.preparation).toEqual(judgePreparation);
  const answers = new Map<string, Answer>();
  for (const picture of ['0.png', '1.jpeg', '2.png']) {
    const resized = sharp(join(folder, picture)).resize(size, size, { fit: 'contain', background: { r: 0, g: 0, b: 0 } });
    answers.set(`pad ${picture}`, await model.label(new Uint8ClampedArray(await resized.ensureAlpha().raw().toBuffer())));
  }
  for (const [name, { label, probability }] of answers) {
    expect(label, name).toBe(expected.get(name)?.label);
    expect(probability, name).toBeCloseTo(expected.get(name)?.probability ?? 0, 3);
  }
});
