import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { installation } from '../model/installation.ts';

/** Whether npm already takes a folder as part of a package: its own, or that of the repository it lies in. */
function isInPackage(folder: string): boolean {
  if (existsSync(join(folder, 'package.json'))) return true;
  const above = dirname(folder);
  return !existsSync(join(folder, '.git')) && above !== folder && hasRepository(above) && isInPackage(above);
}

function hasRepository(folder: string): boolean {
  const above = dirname(folder);
  return existsSync(join(folder, '.git')) || (above !== folder && hasRepository(above));
}

/** A package.json for a folder's project. It names Stillroom where that was installed by npm, and not where it is a checkout. */
function packageJson(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { readonly version: string };
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const content = {
    name: name === '' || name === 'stillroom' ? 'experiments' : name,
    private: true,
    type: 'module',
    scripts: { start: 'stillroom run' },
    ...(installation.includes('/node_modules/') ? { dependencies: { stillroom: `^${version}` } } : {}),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** What makes a project of a folder, beside its pipeline and stages: texts by file. */
export function projectFiles(folder: string): Readonly<Record<string, string>> {
  return {
    // Marks the folder as a project and keeps the store out of version control.
    'artifacts/.gitignore': '*\n!.gitignore\n',
    '.gitignore': 'node_modules/\n',
    ...(isInPackage(folder) ? {} : { 'package.json': packageJson(folder) }),
  };
}

/** What the files of a new project are for, in the order in which they are told. */
const ABOUT: Readonly<Record<string, string>> = {
  'pipeline.yaml': 'a pipeline, with comments',
  'stages/count-words/stage.ts': 'a stage: what it takes and gives',
  'stages/count-words/run.ts': 'and what it does',
  'data/poem.txt': 'a little data',
  'package.json': 'names the project and what it needs',
  'tsconfig.json': 'types for stages, in an editor or by npx tsc',
  '.vscode/settings.json': 'completion and checks in pipelines',
  '.vscode/extensions.json': 'names the extension that does that',
  '.gitignore': 'leaves out what is installed',
  'artifacts/.gitignore': 'keeps the store of results out of git',
};

/** Files with what they are for, the most telling ones first. */
export function described(files: readonly string[]): readonly { readonly file: string; readonly about: string }[] {
  const order = Object.keys(ABOUT);
  const rank = (file: string): number => (order.includes(file) ? order.indexOf(file) : order.length);
  return files.toSorted((a, b) => rank(a) - rank(b)).map((file) => ({ file, about: ABOUT[file] ?? '' }));
}
