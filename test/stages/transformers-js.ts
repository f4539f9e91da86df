import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/setup/places.mjs';

const run = promisify(execFile);

/** The package, of which one file suffices: it bundles what it needs but onnxruntime and sharp, which are ours. */
const PACKAGE = '@huggingface/transformers@4.3.1';
const INTEGRITY = 'sha512-5+voSeUCFK6PCKlY15dPhNOKq3/zOTxDN7oC+Wy9dFb1QZ0TSQomZRRy7URRK8YRuUoE9fGMQTTPC5d/pWBJhA==';

/** As much of a tensor as is read. */
interface Tensor {
  readonly data: Float32Array;
}

/** What the tests use of `@huggingface/transformers`. */
export interface TransformersJs {
  readonly env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  readonly RawImage: new (pixels: Uint8Array, width: number, height: number, channels: number) => object;
  readonly AutoProcessor: { from_pretrained(name: string): Promise<(images: object[]) => Promise<{ readonly pixel_values: Tensor }>> };
  readonly AutoModelForImageClassification: {
    from_pretrained(
      name: string,
      options: { dtype: 'fp32' },
    ): Promise<
      ((inputs: { readonly pixel_values: Tensor }) => Promise<{ readonly logits: Tensor }>) & {
        readonly config: { readonly id2label: Readonly<Record<string, string>> };
        dispose(): Promise<unknown>;
      }
    >;
  };
  pipeline(
    task: 'image-classification',
    name: string,
    options: { dtype: 'fp32' },
  ): Promise<(image: object, options: { top_k: number }) => Promise<readonly { readonly label: string; readonly score: number }[]>>;
}

/** The package's archive, which is downloaded once and kept in the user's cache; its digest is looked at each time. */
async function archive(): Promise<string> {
  const kept = join(cacheFolder(), 'test', 'transformers-js-4.3.1.tgz');
  const isWhole = (file: string): boolean => `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}` === INTEGRITY;
  if (existsSync(kept) && isWhole(kept)) return kept;
  mkdirSync(dirname(kept), { recursive: true });
  const folder = mkdtempSync(join(dirname(kept), 'download-'));
  try {
    await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], { cwd: folder });
    const file = join(folder, readdirSync(folder)[0] ?? '');
    if (!isWhole(file)) throw new Error(`npm gave another ${PACKAGE} than the one that was named.`);
    renameSync(file, kept);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return kept;
}

/** Loads the real package from a folder that it is unpacked into. It reaches no network. */
export async function loadTransformersJs(folder: string): Promise<TransformersJs> {
  await run('tar', ['-xzf', await archive(), '-C', folder, 'package/package.json', 'package/dist/transformers.node.mjs']);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const module = pathToFileURL(join(folder, 'package', 'dist', 'transformers.node.mjs')).href;
  const loaded = (await import(/* @vite-ignore */ module)) as TransformersJs;
  Object.assign(loaded.env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/' });
  return loaded;
}
