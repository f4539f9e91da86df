import type { Artifact, ManifestEntry } from '../../model/artifact.ts';
import type { Sample, Samples } from '../../model/report.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import type { Artifacts } from '../../model/store.ts';
import {
  type DatasetInfo,
  decodeDatasetInfo,
  decodeLabels,
  decodeNames,
  decodeProbabilities,
  imageBytes,
  type Probabilities,
} from '../../nn/data/formats.ts';
import { encodePng } from '../../text/png.ts';

/** Larger tables of predictions are not looked into. */
const LARGEST_TABLE = 256 * 1024 * 1024;

const MISTAKES = 18;
const HITS = 6;

/** A folder artifact's files by path. */
function filesOf(artifacts: Artifacts, artifact: Artifact | undefined): ReadonlyMap<string, ManifestEntry> {
  const entries = artifact?.kind === 'dir' ? artifacts.manifest(artifact.digest) : undefined;
  return new Map((entries?.files ?? []).map((entry) => [entry.path, entry]));
}

/** What is decoded from outputs may be damaged, or of another format: then it is not shown. */
function unless<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** A dataset's folder, if an artifact is one. */
interface DatasetFiles {
  readonly info: DatasetInfo;
  /** Digest of the pixels of all images, one after the other. */
  readonly images: string;
  readonly labels: Uint16Array;
  readonly names: readonly string[];
}

function datasetOf(artifacts: Artifacts, artifact: Artifact | undefined): DatasetFiles | undefined {
  const files = filesOf(artifacts, artifact);
  const bytes = (path: string): Uint8Array | undefined => artifacts.read(files.get(path)?.digest ?? '');
  const images = files.get('images.bin');
  const [written, labelled] = files.has('dataset.json') ? [bytes('dataset.json'), bytes('labels.bin')] : [];
  if (images === undefined || written === undefined || labelled === undefined) return undefined;
  const info = unless(() => decodeDatasetInfo(written));
  const labels = decodeLabels(labelled);
  if (info === undefined || labels.length !== info.count || info.count * imageBytes(info) !== images.size) return undefined;
  return { info, images: images.digest, labels, names: decodeNames(bytes('names.txt') ?? new Uint8Array(), info) };
}

function predictionsOf(artifacts: Artifacts, artifact: Artifact): Probabilities | undefined {
  const files = filesOf(artifacts, artifact);
  const [about, table] = [files.get('predictions.json'), files.get('predictions.bin')];
  if (about === undefined || table === undefined || table.size > LARGEST_TABLE) return undefined;
  const [info, values] = [artifacts.read(about.digest), artifacts.read(table.digest)];
  return info === undefined || values === undefined ? undefined : unless(() => decodeProbabilities('predictions', info, values));
}

/** Images of a node's predictions with what they are: of outputs that hold a table of probabilities for a dataset among the inputs. */
export function samplesOf(artifacts: Artifacts, record: RunRecord, name: string, { outputs, recipe }: RunNode): Samples[] {
  const origins = (recipe?.inputs ?? []).flatMap(({ elements }) => elements.map(({ origin }) => origin));
  return Object.entries(outputs ?? {}).flatMap(([port, artifact]): Samples[] => {
    const predictions = predictionsOf(artifacts, artifact);
    if (predictions === undefined) return [];
    for (const origin of origins) {
      const input = origin.kind === 'output' ? record.nodes[origin.instance]?.outputs?.[origin.port] : undefined;
      const dataset = input === undefined ? undefined : datasetOf(artifacts, input);
      if (dataset?.info.count !== predictions.count || dataset.info.classes.length !== predictions.classes.length) continue;
      return [{ from: `${name}.${port}`, items: chosenSamples(artifacts, dataset, predictions) }];
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

function guesses({ labels }: DatasetFiles, { count, classes, values }: Probabilities): Guess[] {
  return Array.from({ length: count }, (_, index) => {
    const row = values.subarray(index * classes.length, (index + 1) * classes.length);
    const predicted = row.reduce((best, value, at) => (value > (row[best] ?? Number.NEGATIVE_INFINITY) ? at : best), 0);
    return { index, truth: labels[index] ?? 0, predicted, probability: row[predicted] ?? 0 };
  });
}

/** The surest mistakes, and what is right at even distances through the set. */
function chosenSamples(artifacts: Artifacts, dataset: DatasetFiles, predictions: Probabilities): Sample[] {
  const all = guesses(dataset, predictions);
  const wrong = all
    .filter(({ truth, predicted }) => truth !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const right = all.filter(({ truth, predicted }) => truth === predicted);
  const hits = Math.min(HITS, right.length);
  const spread = Array.from({ length: hits }, (_, index) => right[Math.floor((index * right.length) / hits)]);
  const { info, images, names } = dataset;
  const size = imageBytes(info);
  const { channels } = info;
  if (channels !== 1 && channels !== 3) return [];
  return [...wrong.slice(0, MISTAKES), ...spread].flatMap((guess): Sample[] => {
    const pixels = guess === undefined ? undefined : artifacts.readRange(images, guess.index * size, size);
    if (guess === undefined || pixels?.length !== size) return [];
    return [
      {
        image: encodePng(pixels, info.width, info.height, channels),
        name: names[guess.index] || String(guess.index),
        truth: info.classes[guess.truth] ?? String(guess.truth),
        predicted: info.classes[guess.predicted] ?? String(guess.predicted),
        probability: guess.probability,
      },
    ];
  });
}
