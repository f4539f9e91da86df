import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetInfo } from '../data/dataset.ts';
import { readPredictionsOf } from '../data/probabilities.ts';
import type { Loss } from '../losses/parts/loss.ts';
import type { Model } from '../weights/model-folder.ts';
import { readModel } from '../weights/model-folder.ts';
import type { Task } from './recipe.ts';

/** What a training stage is given of teachers. */
export interface TeacherInputs {
  /** A folder of predictions. */
  readonly teacher: string | undefined;
  /** Model folders, each with the matrix point of who made it. */
  readonly teacher_models: readonly { readonly key: object; readonly path: string }[] | undefined;
}

/** Ends the stage with what is wrong and what to do. */
type Fail = (message: string, hint?: string) => never;

/**
 * What the loss learns from: stored answers, or the models that are to answer each batch; nothing for other losses, which pass both over.
 * Fails the stage if it is missing, or if a model does not fit the images.
 */
export function readTeacher(
  { teaching }: Loss,
  { teacher, teacher_models: models = [] }: TeacherInputs,
  info: DatasetInfo,
  { fail }: { readonly fail: Fail },
): Pick<Task, 'teacher' | 'teachers'> {
  if (teaching === undefined) return {};
  if (teaching.teacher === 'stored') {
    if (teacher !== undefined) return { teacher: readPredictionsOf(teacher, info) };
    return fail(
      'The loss learns from stored answers of a teacher, and the node is given none.',
      'Connect a teacher’s predictions as `teacher` (predict or oof make them), or set `teacher: online` in the loss and connect its model as `teacher_models`.',
    );
  }
  if (models.length === 0) {
    return fail(
      'The loss learns from a teacher that answers each batch, and the node is given no model of one.',
      'Connect trained models as `teacher_models`, for example `teacher_models: teacher.model`, or set `teacher: stored` in the loss.',
    );
  }
  return {
    teachers: models.map(({ key, path }) => readOne(path, Object.keys(key).length === 0 ? '' : ` ${JSON.stringify(key)}`, info, fail)),
  };
}

/** Reads the model of a teacher that messages call by `name`. */
function readOne(path: string, name: string, info: DatasetInfo, fail: Fail): Model {
  if (!existsSync(join(path, 'model.json')))
    return fail(`The folder given as teacher${name} holds no model.`, 'Connect the output `model` of a training to `teacher_models`.');
  const model = readModel(path);
  const called = `The teacher${name} (${model.architecture})`;
  const { channels } = model.input;
  if (channels !== info.channels) {
    return fail(
      `${called} takes images of ${channels} channels, but the student's have ${info.channels}.`,
      `Train a teacher on images prepared with \`channels: ${info.channels}\`, or prepare the student's with \`channels: ${channels}\`.`,
    );
  }
  const difference = differenceOf(model.classes, info.classes);
  if (difference !== undefined) {
    return fail(
      `${called} tells other classes apart than the student's images have: ${difference}.`,
      'Train a teacher on images of the same classes in the same order: prepare both from one source.',
    );
  }
  const broken = [...model.weights].find(([, { data }]) => !data.every(Number.isFinite));
  if (broken !== undefined) return fail(`${called} has values in "${broken[0]}" that are no numbers.`, 'Train it again with a lower lr.');
  return model;
}

/** The first difference between a teacher's classes and the images'. */
function differenceOf(own: readonly string[], wanted: readonly string[]): string | undefined {
  if (own.length !== wanted.length) return `${own.length} instead of ${wanted.length}`;
  const place = wanted.findIndex((name, index) => own[index] !== name);
  return place < 0 ? undefined : `class ${place} is "${own[place]}" instead of "${wanted[place]}"`;
}
