import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOnnx } from '../../onnx/classifier.ts';
import { encodeOnnx } from '../../onnx/encode.ts';
import { parametersOf } from '../../layers/parameters.ts';
import { readSafetensors } from '../../weights/safetensors.ts';
import type { Tensor } from '../../weights/tensor.ts';
import { describeModel } from '../description.ts';
import type { ExportedClassifier } from '../runtime.ts';
import { counterparts } from './counterparts.ts';
import { timmName } from './hub-model.ts';

/** What is read of a folder's `config.json`. */
interface Config {
  readonly architecture: string;
  readonly label_names: readonly string[];
  readonly pretrained_cfg: {
    readonly input_size: readonly [number, number, number];
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

/**
 * Opens a folder that `writeTimm` or `writeTransformers` wrote: the tensors of its file in our network of timm's architecture, computed by
 * onnxruntime. It proves what was written, not what timm makes of it.
 */
export async function openTimm(folder: string, threads: number): Promise<ExportedClassifier> {
  const {
    architecture,
    label_names: classes,
    pretrained_cfg: own,
  } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Config;
  const [name, counterpart] = [...counterparts].find(([, { timm }]) => timm === architecture) ?? [];
  if (name === undefined || counterpart === undefined) throw new Error(`The folder holds timm's ${architecture}, which is unknown here.`);
  const [channels, size] = own.input_size;
  const network = counterpart.build({ classes: classes.length, channels, stemStride: 2 });
  const stored = readSafetensors(join(folder, 'model.safetensors'));
  const names = counterpart.names(network);
  const weights = new Map(
    parametersOf(network).map(({ name: ours, shape }): [string, Tensor] => {
      const found = stored.get(timmName(names, ours));
      if (found === undefined) throw new Error(`The file of weights lacks timm's ${timmName(names, ours)}.`);
      return [ours, { shape, data: found.data }];
    }),
  );
  const input = { size, channels, mean: own.mean, std: own.std };
  const preparation = { size, channels, fit: 'stretch', background: 0 } as const;
  const metadata = describeModel({ architecture: name, classes, input, preparation, network }, 'NCHW');
  return openOnnx(encodeOnnx(network, weights, { size, channels, classes: classes.length, name, metadata }), threads);
}
