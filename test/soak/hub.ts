// Exported folders in the real packages: torch's, timm's, transformers' and transformers.js's logits of 200 images are the training graph's.
//
//   npm run soak -- hub [--python FILE] [architectures …]
//
// All architectures that timm knows, as they are and with folded batch norms, at 64 pixels, and one in grey. Without --python the packages are
// installed into an environment in a temporary folder, which takes several gigabytes and minutes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cropCentre } from '../../src/nn/images/crop.ts';
import type { Dataset } from '../../src/nn/data/dataset.ts';
import { openDataset } from '../../src/nn/data/dataset.ts';
import { relativeDifference } from '../../src/nn/difference.ts';
import { fuse } from '../../src/nn/fuse.ts';
import { Normaliser } from '../../src/nn/images/normalise.ts';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import type { Counterpart } from '../../src/nn/serving/hub/counterparts.ts';
import { counterparts } from '../../src/nn/serving/hub/counterparts.ts';
import { openPredictor } from '../../src/nn/training/evaluate.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { writeModel } from '../../src/nn/weights/model-folder.ts';
import run from '../../stages/export/run.ts';
import stage from '../../stages/export/stage.ts';
import { filled } from '../nn/rig.ts';
import { perform } from '../stages/context.ts';
import { writeDataset } from '../stages/dataset.ts';
import type { TransformersJs } from '../stages/transformers-js.ts';
import { loadTransformersJs } from '../stages/transformers-js.ts';

const [SIZE, COUNT, TOLERANCE] = [64, 200, 1e-4];
const PACKAGES = ['torch==2.15.0', 'torchvision==0.29.2', 'timm==1.0.31', 'transformers==5.24.0'];
const classes = ['cat', 'dog', 'owl', 'bat', 'fox'];

/** What is exported and compared. */
interface Case {
  readonly name: string;
  readonly model: Model;
  readonly formats: readonly ('timm' | 'transformers' | 'transformers_js')[];
}

function caseOf(architecture: string, channels: number, isFused: boolean): Case {
  const { build, modelType } = counterparts.get(architecture) as Counterpart;
  const network = build({ classes: classes.length, channels, stemStride: 2 });
  const normal = { mean: new Array<number>(channels).fill(0.25), std: new Array<number>(channels).fill(0.2) };
  const plain: Model = {
    architecture,
    network,
    input: { size: SIZE, channels, ...normal },
    classes,
    training: { holdout: null },
    weights: new Map(parametersOf(network).map(({ name, shape }) => [name, { shape, data: filled(name, shape) }])),
  };
  const model = isFused ? { ...plain, ...fuse(plain) } : plain;
  const formats = ['timm', 'transformers', ...(modelType === undefined ? [] : ['transformers_js'])] as Case['formats'];
  return { name: `${architecture}${channels === 1 ? ' grey' : ''}${isFused ? ' fused' : ''}`, model, formats };
}

/** The images as a user prepares them, and what the training graph answers to them. */
function answersTo(data: Dataset, { input }: Model, model: Model): { images: Float32Array; logits: Float32Array } {
  const area = input.size ** 2 * input.channels;
  const images = new Float32Array(COUNT * area);
  const normaliser = new Normaliser(input);
  const pixels = new Uint8Array(data.info.height * data.info.width * data.info.channels);
  for (let index = 0; index < COUNT; index++) {
    data.read(index, pixels);
    normaliser.write(cropCentre(pixels, data.info, input.size), 'NCHW', images, index * area);
  }
  const predictor = openPredictor(model, 50);
  const every = Array.from({ length: COUNT }, (_, index) => index);
  const logits = predictor.logits(data, every);
  predictor.close();
  return { images, logits };
}

/** Exports one case by the stage; returns the largest difference that transformers.js shows, if it knows the architecture. */
async function exportCase(folder: string, { model, formats }: Case, js: TransformersJs): Promise<number | undefined> {
  mkdirSync(folder);
  writeModel(join(folder, 'trained'), model);
  const labels = Array.from({ length: COUNT }, (_, image) => image % classes.length);
  const made = writeDataset(join(folder, 'data'), { labels, classes, size: SIZE + 8, channels: model.input.channels });
  await perform(stage, run, { params: { formats }, inputs: { model: join(folder, 'trained'), data: made }, folder });
  const data = openDataset(made);
  const { images, logits } = answersTo(data, model, model);
  writeFileSync(join(folder, 'images.bin'), images);
  writeFileSync(join(folder, 'logits.bin'), logits);
  const { size, channels } = model.input;
  writeFileSync(join(folder, 'case.json'), JSON.stringify({ classes, images: [COUNT, channels, size, size] }));
  try {
    return formats.includes('transformers_js') ? relativeDifference(logits, await answersOfJs(folder, data, js), 1) : undefined;
  } finally {
    data.close();
  }
}

/** What transformers.js answers to the stored pixels, which it crops and normalises itself. */
async function answersOfJs(folder: string, data: Dataset, js: TransformersJs): Promise<Float32Array> {
  const { RawImage, AutoProcessor, AutoModelForImageClassification } = js;
  const exported = join(folder, 'model', 'transformers_js');
  const { height, width, channels } = data.info;
  const pictures = Array.from({ length: COUNT }, (_, index) => {
    const pixels = new Uint8Array(height * width * channels);
    data.read(index, pixels);
    return new RawImage(pixels, width, height, channels);
  });
  const prepare = await AutoProcessor.from_pretrained(exported);
  const model = await AutoModelForImageClassification.from_pretrained(exported, { dtype: 'fp32' });
  const { logits } = await model(await prepare(pictures));
  await model.dispose();
  return logits.data;
}

/** Python with the packages: the one that is given, or a new environment. */
function pythonIn(folder: string, given: string | undefined): string {
  if (given !== undefined) return resolve(given);
  const python = join(folder, 'bin', 'python');
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]],
  ];
  for (const [program, args] of steps) {
    if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) throw new Error(`${program} ${args.join(' ')} failed.`);
  }
  return python;
}

const given = process.argv.slice(2);
const at = given.indexOf('--python');
const chosen = at < 0 ? given : given.toSpliced(at, 2);
const names = chosen.length > 0 ? chosen : [...counterparts.keys()];
const room = mkdtempSync(join(tmpdir(), 'stillroom-hub-'));
try {
  const python = pythonIn(join(room, 'environment'), at < 0 ? undefined : given[at + 1]);
  const [cases, script] = [join(room, 'cases'), join(room, 'script')];
  mkdirSync(cases);
  mkdirSync(script);
  const js = await loadTransformersJs(script);
  const grey = names.includes('mobilenet-v3-small') ? [caseOf('mobilenet-v3-small', 1, true)] : [];
  let bad = 0;
  for (const one of [...names.flatMap((name) => [caseOf(name, 3, false), caseOf(name, 3, true)]), ...grey]) {
    const difference = await exportCase(join(cases, one.name), one, js);
    if (difference === undefined) continue;
    bad += difference < TOLERANCE ? 0 : 1;
    const verdict = difference < TOLERANCE ? 'agrees' : 'DIFFERS';
    console.log(`${one.name.padEnd(32)} transformers.js ${difference.toExponential(1)}  ${verdict}`);
  }
  const { status } = spawnSync(python, [resolve('test/soak/hub.py'), cases], { stdio: 'inherit' });
  process.exitCode = bad === 0 && status === 0 ? 0 : 1;
} finally {
  rmSync(room, { recursive: true, force: true });
}
