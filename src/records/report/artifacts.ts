import type { Artifact, ManifestEntry } from '../../model/artifact.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import type { Confusion, Curve, Sample, Samples } from '../../model/report.ts';
import { encodePng } from '../../text/png.ts';
import type { Store } from '../../model/store.ts';

/** Larger JSON outputs are not looked into. */
const LARGEST_JSON = 8 * 1024 * 1024;

/** Larger tables of predictions are not looked into. */
const LARGEST_TABLE = 256 * 1024 * 1024;

const MOST_CLASSES = 60;
const MISTAKES = 18;
const HITS = 6;

type Loose = Readonly<Record<string, unknown>>;

function isLoose(value: unknown): value is Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function json(bytes: Uint8Array | undefined): Loose | undefined {
  if (bytes === undefined || bytes.length > LARGEST_JSON) return undefined;
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return isLoose(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON objects among a node's outputs, by port. */
function jsonOutputs(store: Store, { outputs }: RunNode): [port: string, value: Loose][] {
  return Object.entries(outputs ?? {}).flatMap(([port, artifact]): [string, Loose][] => {
    if (artifact.kind !== 'file' || artifact.suffix !== '.json' || artifact.size > LARGEST_JSON) return [];
    const value = json(store.artifacts.read(artifact.digest));
    return value === undefined ? [] : [[port, value]];
  });
}

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every((one) => typeof one === 'number');
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((one) => typeof one === 'string');

/** The confusion matrices among a node's outputs: a square `confusion` of counts, with `classes`. */
export function confusionsOf(store: Store, name: string, node: RunNode): Confusion[] {
  return jsonOutputs(store, node).flatMap(([port, { confusion, classes }]): Confusion[] => {
    const isSquare = Array.isArray(confusion) && confusion.every((row) => isNumbers(row) && row.length === confusion.length);
    if (!isSquare || confusion.length < 2 || confusion.length > MOST_CLASSES) return [];
    const names = isTexts(classes) && classes.length === confusion.length ? classes : confusion.map((_, index) => String(index));
    return [{ from: `${name}.${port}`, classes: names, counts: confusion as number[][] }];
  });
}

/** The curves in a node's history: a list of objects of numbers, of which `epoch` or `step` counts. */
export function historyOf(store: Store, name: string, node: RunNode): Curve[] {
  for (const [, value] of jsonOutputs(store, node)) {
    for (const list of Object.values(value)) {
      if (!Array.isArray(list) || list.length < 2 || !list.every(isLoose)) continue;
      const rows: readonly Loose[] = list;
      const counter = ['epoch', 'step'].find((one) => rows.every((row) => typeof row[one] === 'number'));
      if (counter === undefined) continue;
      const metrics = Object.keys(rows[0] ?? {}).filter((key) => key !== counter && rows.some((row) => typeof row[key] === 'number'));
      return metrics.map((metric) => ({
        node: name,
        metric,
        points: rows.flatMap((row): [number, number][] =>
          typeof row[metric] === 'number' ? [[Number(row[counter]), Number(row[metric])]] : [],
        ),
      }));
    }
  }
  return [];
}

/** A folder artifact's files by path. */
function filesOf(store: Store, artifact: Artifact | undefined): ReadonlyMap<string, ManifestEntry> {
  const entries = artifact?.kind === 'dir' ? store.artifacts.manifest(artifact.digest)?.files : undefined;
  return new Map((entries ?? []).map((entry) => [entry.path, entry]));
}

/** A dataset's folder, if an artifact is one. */
interface DatasetFiles {
  readonly info: {
    readonly count: number;
    readonly height: number;
    readonly width: number;
    readonly channels: 1 | 3;
    readonly classes: readonly string[];
  };
  readonly images: string;
  readonly labels: Uint8Array;
  readonly names: readonly string[];
}

function datasetOf(store: Store, artifact: Artifact | undefined): DatasetFiles | undefined {
  const files = filesOf(store, artifact);
  const bytes = (path: string): Uint8Array | undefined => store.artifacts.read(files.get(path)?.digest ?? '');
  const info = json(files.has('dataset.json') ? bytes('dataset.json') : undefined);
  const images = files.get('images.bin');
  if (info === undefined || images === undefined || !files.has('labels.bin')) return undefined;
  const { count, height, width, channels, classes } = info;
  const isWhole = [count, height, width].every((one) => Number.isSafeInteger(one) && Number(one) > 0) && (channels === 1 || channels === 3);
  if (!isWhole || !isTexts(classes) || Number(count) * Number(height) * Number(width) * Number(channels) !== images.size) return undefined;
  const labels = bytes('labels.bin');
  if (labels?.length !== 2 * Number(count)) return undefined;
  const names = files.has('names.txt')
    ? Buffer.from(bytes('names.txt') ?? [])
        .toString('utf8')
        .split('\n')
    : [];
  return {
    info: { count: Number(count), height: Number(height), width: Number(width), channels, classes },
    images: images.digest,
    labels,
    names,
  };
}

/** Images of a node's predictions with what they are: of outputs that hold a table of probabilities for a dataset among the inputs. */
export function samplesOf(store: Store, record: RunRecord, name: string, { outputs, recipe }: RunNode): Samples[] {
  return Object.entries(outputs ?? {}).flatMap(([port, artifact]): Samples[] => {
    const files = filesOf(store, artifact);
    const info = json(files.has('predictions.json') ? store.artifacts.read(files.get('predictions.json')?.digest ?? '') : undefined);
    const table = files.get('predictions.bin');
    if (info === undefined || table === undefined || table.size > LARGEST_TABLE) return [];
    const origins = (recipe?.inputs ?? []).flatMap(({ elements }) => elements.map(({ origin }) => origin));
    for (const origin of origins) {
      const input = origin.kind === 'output' ? record.nodes[origin.instance]?.outputs?.[origin.port] : undefined;
      const dataset = input === undefined ? undefined : datasetOf(store, input);
      const values = store.artifacts.read(table.digest);
      if (dataset === undefined || values === undefined || dataset.info.count !== info['count']) continue;
      if (values.length !== 4 * dataset.info.count * dataset.info.classes.length) continue;
      return [{ from: `${name}.${port}`, items: chosenSamples(store, dataset, values) }];
    }
    return [];
  });
}

interface Guess {
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  readonly probability: number;
}

function guesses({ info, labels }: DatasetFiles, values: Uint8Array): Guess[] {
  const width = info.classes.length;
  const table = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length: info.count }, (_, index) => {
    let [predicted, probability] = [0, Number.NEGATIVE_INFINITY];
    for (let one = 0; one < width; one += 1) {
      const value = table.getFloat32(4 * (index * width + one), true);
      if (value > probability) [predicted, probability] = [one, value];
    }
    return { index, truth: (labels[2 * index] ?? 0) + 256 * (labels[2 * index + 1] ?? 0), predicted, probability };
  });
}

/** The surest mistakes, and what is right at even distances through the set. */
function chosenSamples(store: Store, dataset: DatasetFiles, values: Uint8Array): Sample[] {
  const all = guesses(dataset, values);
  const wrong = all
    .filter(({ truth, predicted }) => truth !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const right = all.filter(({ truth, predicted }) => truth === predicted);
  const hits = Math.min(HITS, right.length);
  const spread = Array.from({ length: hits }, (_, index) => right[Math.floor((index * right.length) / hits)]);
  const { info, images, names } = dataset;
  const size = info.height * info.width * info.channels;
  return [...wrong.slice(0, MISTAKES), ...spread].flatMap((guess): Sample[] => {
    const pixels = guess === undefined ? undefined : store.artifacts.readRange(images, guess.index * size, size);
    if (guess === undefined || pixels?.length !== size) return [];
    return [
      {
        image: encodePng(pixels, info.width, info.height, info.channels),
        name: names[guess.index] ?? String(guess.index),
        truth: info.classes[guess.truth] ?? String(guess.truth),
        predicted: info.classes[guess.predicted] ?? String(guess.predicted),
        probability: guess.probability,
      },
    ];
  });
}
