import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Images } from '../data/dataset.ts';
import { WeightsError } from '../weights/bytes.ts';
import type { Model } from '../weights/model-folder.ts';
import { describeInitialisation, initialise } from '../weights/pretrained.ts';
import type { NetworkRecipe } from './fresh-model.ts';
import { freshModel } from './fresh-model.ts';

/** What initialising needs of its stage's context. */
export interface InitialisingContext {
  metric(name: 'initialised', value: number): void;
  log(line: string): void;
  fail(message: string, hint?: string): never;
}

/**
 * The model that a training starts from: new, and initialised from a file of pretrained weights if one is given (see `initialise`). What
 * became of the weights is logged, their number is the metric `initialised`, and `init.json` in the report's folder lists all names.
 * Fails the stage if the file is no file of weights, wants anything executed, or fits nothing.
 */
export function initialModel(
  images: Images,
  recipe: NetworkRecipe,
  modules: Parameters<typeof freshModel>[2],
  { init, report }: { readonly init?: string | undefined; readonly report: string },
  context: InitialisingContext,
): Model {
  const fresh = freshModel(images, recipe, modules);
  if (init === undefined) return fresh;
  try {
    const { model, report: initialisation } = initialise(fresh, init);
    mkdirSync(report, { recursive: true });
    writeFileSync(join(report, 'init.json'), `${JSON.stringify({ format: 1, ...initialisation }, null, 1)}\n`);
    context.log(`initial weights: ${describeInitialisation(initialisation)}`);
    context.metric('initialised', initialisation.loaded.length);
    return model;
  } catch (error) {
    if (error instanceof WeightsError)
      return context.fail(error.message, 'Give a state dict of this architecture: safetensors or torch.save.');
    throw error;
  }
}
