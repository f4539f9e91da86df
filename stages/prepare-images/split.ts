import { some, SourceProblem } from './collection.ts';
import { classFolders } from './folders.ts';

/** A given split: the folders of a parent, by what they are for. */
export interface GivenSplit {
  readonly train: readonly string[];
  readonly test: string;
  readonly note: string;
}

/** What the folders of a split are called. */
const splitNames = {
  train: ['train', 'training', 'trn'],
  validation: ['val', 'valid', 'validation', 'dev'],
  test: ['test', 'testing', 'tst', 'eval'],
} as const;

type Part = keyof typeof splitNames;

/** Folders that hold images of any class. */
const plainNames = ['image', 'images', 'img', 'imgs', 'photo', 'photos', 'picture', 'pictures', 'data', 'jpg', 'jpeg', 'png'];

/** What each folder is for, of those whose names say so. */
function partsAmong(folders: Iterable<string>): ReadonlyMap<Part, string> {
  const parts = new Map<Part, string>();
  for (const folder of folders)
    for (const part of Object.keys(splitNames) as Part[])
      if ((splitNames[part] as readonly string[]).includes(folder.toLowerCase())) parts.set(part, folder);
  return parts;
}

/**
 * The split of a folder of `train`, `val` and `test`, each with class folders. Without a labelled `test`, `val` is the test set; with one,
 * it joins the training set, of which folds are held out anyway. Undefined where the folder is no such parent.
 */
export function givenSplit(files: readonly string[]): GivenSplit | undefined {
  const parts = partsAmong(classFolders(files).keys());
  const withClasses = new Map([...parts].filter(([, folder]) => classFolders(files, `${folder}/`).size > 0));
  const [train, validation, test] = (['train', 'validation', 'test'] as const).map((part) => withClasses.get(part));
  if (train === undefined) return undefined;
  if (test !== undefined) {
    const joined = validation === undefined ? '' : `, ${validation}/ joins the training set`;
    const note = `the given split is kept: ${train}/ for training, ${test}/ for the test${joined}`;
    return { train: [train, ...(validation === undefined ? [] : [validation])], test, note };
  }
  if (validation === undefined) return undefined;
  return { train: [train], test: validation, note: `the given split is kept: ${train}/ for training, ${validation}/ for the test` };
}

/** The folders that could be classes: not called as the parts of a split, nor as folders of images of any class are. */
export function plausibleClasses(files: readonly string[]): ReadonlyMap<string, number> {
  const other = [...plainNames, ...Object.values(splitNames).flat()];
  return new Map([...classFolders(files)].filter(([name]) => !other.includes(name.toLowerCase())));
}

/** @throws SourceProblem if the source holds nothing but `train` and `val` or `test` with images in them: those are no classes */
export function checkFlatSplit(files: readonly string[]): void {
  const folders = classFolders(files);
  const parts = partsAmong(folders.keys());
  if (!parts.has('train') || parts.size < 2 || parts.size < folders.size) return;
  throw new SourceProblem(
    `the source holds ${some([...folders.keys()].map((name) => `${name}/`))}, but no class folders in them`,
    'Say of which class each image is by a table (the input `labels`); or, if these are the classes, set `layout: folders`.',
  );
}
