import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetInfo } from '../data/dataset.ts';
import type { Probabilities } from '../data/probabilities.ts';
import { readPredictions } from '../data/probabilities.ts';
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
 * Fails the stage if it is missing, or if answers or a model do not fit the images.
 */
export function readTeacher(
  { teaching }: Loss,
  { teacher, teacher_models: models = [] }: TeacherInputs,
  info: DatasetInfo,
  { fail }: { readonly fail: Fail },
): Pick<Task, 'teacher' | 'teachers'> {
  if (teaching === undefined) return {};
  if (teaching.teacher === 'stored') {
    if (teacher !== undefined) return { teacher: readAnswers(teacher, info, fail) };
    return fail(
      'The loss learns from stored answers of a teacher, and the node is given none.',
      'Connect a teacher’s predictions as `teacher` (answers or oof make them), or set `teacher: online` in the loss and connect its model as `teacher_models`.',
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

/** Reads a teacher's stored answers. */
function readAnswers(folder: string, info: DatasetInfo, fail: Fail): Probabilities {
  if (!existsSync(join(folder, 'predictions.json'))) {
    return fail(
      'The folder given as `teacher` holds no predictions.',
      'Connect the output `predictions` of predict or oof; a model belongs to `teacher_models`, with `teacher: online` in the loss.',
    );
  }
  const answers = readPredictions(folder);
  const remedy = 'Let the teacher predict the very images that the student is trained on: connect both to one prepare-images.';
  if (answers.count !== info.count)
    return fail(`The teacher's answers are for ${answers.count} images, but there are ${info.count}.`, remedy);
  const difference = differenceOf(answers.classes, info.classes);
  if (difference !== undefined) return fail(`The teacher's answers are of other classes than the images: ${difference}.`, remedy);
  return answers;
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
