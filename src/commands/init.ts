import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolders, namesIn } from '../files/folder.ts';
import { withPath } from '../files/with-path.ts';
import { installation } from '../model/installation.ts';
import { writeOutputs } from '../project/output-file.ts';
import { recipeFiles } from '../project/recipe-files.ts';
import { shellWord } from '../text/shell-word.ts';
import { dim, type Line, strong } from '../text/styled.ts';
import { styledTable } from '../text/table.ts';
import { answer, refusal } from './answer.ts';
import { described, projectFiles } from './init-files.ts';
import { nextLines } from './next-lines.ts';
import { type Invocation, text, verb } from './verb.ts';

/** Files of the template that are no example: each is written unless it is there. */
const FOR_EDITORS = /^(?:tsconfig\.json$|\.vscode\/)/;

/** A file that is copied: where it goes, relative to the project, and where it lies. */
interface Copied {
  readonly file: string;
  readonly from: string;
}

/** The files of the template. */
function templateFiles(): readonly Copied[] {
  const template = join(installation, 'src/commands/template');
  return readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((from) => ({ file: relative(template, from), from }));
}

/**
 * `stillroom init`: writes a commented pipeline, one stage and a little data, which run at once, or with `--from` a recipe of Stillroom's; and
 * what an editor needs to complete and check them. Nothing that is there is touched: what is missing is added.
 */
export default verb({
  name: 'init',
  arguments: ['[folder]'],
  about: 'write a commented pipeline and a stage that run at once, and what an editor needs',
  example: 'stillroom init my-experiment',
  examples: ['stillroom init --from fashion-2020 clothes'],
  options: {
    from: text('--from <recipe>', 'a recipe of Stillroom’s in place of the example, with what it needs: quickstart, fashion-2020, …'),
  },
  async run({ folder = '.', from }, invocation) {
    const target = resolve(invocation.folder, folder);
    const recipe = from === undefined ? undefined : recipeFiles(from);
    if (recipe?.ok === false) return refusal(recipe.problems);
    const inside = templateFiles();
    const example = recipe?.value.files ?? inside.filter(({ file }) => !FOR_EDITORS.test(file));
    const reason = recipe === undefined ? whyNoExample(target, example) : undefined;
    const wrote = await writeOutputs(target, async () =>
      writeFiles(target, [...inside.filter(({ file }) => FOR_EDITORS.test(file)), ...(reason === undefined ? example : [])]),
    );
    if (!wrote.ok) return refusal(wrote.problems);
    const { files, left } = wrote.value;
    const prepared = await (await invocation.open({ file: join(target, 'pipeline.yaml') })).prepareEditor();
    if (!prepared.ok) return refusal(prepared.problems);
    const { linked } = prepared.value;
    const missing = recipe?.value.missing ?? [];
    const data = { files, left, linked: linked.map(({ name }) => name), example: reason === undefined };
    return answer({ ...data, ...(recipe === undefined ? {} : { missing }) }, [
      ...section(folder === '.' ? 'wrote:' : `wrote to ${folder}:`, [
        ...described(files),
        ...linked.map(({ name }) => ({ file: `node_modules/${name}`, about: 'a link to its types' })),
      ]),
      ...section(
        'left as it was:',
        left.map((file) => ({ file, about: '' })),
      ),
      ...(reason === undefined ? [] : [`no example was written: ${reason}`]),
      ...section(
        'it needs:',
        missing.map(({ path, obtain }) => ({ file: path, about: obtain })),
      ),
      ...next(folder, from ?? (reason === undefined ? 'pipeline.yaml' : undefined), missing.length > 0, invocation),
    ]);
  },
});

/** Copies and writes what is not there yet. */
function writeFiles(target: string, copied: readonly Copied[]): { readonly files: readonly string[]; readonly left: readonly string[] } {
  const texts = projectFiles(target);
  const sources = new Map(copied.map(({ file, from }) => [file, from]));
  const all = [...sources.keys(), ...Object.keys(texts)].sort();
  const left = all.filter((file) => existsSync(join(target, file)));
  const files = all.filter((file) => !left.includes(file));
  for (const file of files) {
    const path = join(target, file);
    makeFolders(dirname(path));
    withPath(path, () => (sources.has(file) ? cpSync(sources.get(file) ?? '', path) : writeFileSync(path, texts[file] ?? '')));
  }
  return { files, left };
}

function section(title: string, rows: readonly { readonly file: string; readonly about: string }[]): Line[] {
  if (rows.length === 0) return [];
  return [strong(title), ...styledTable(rows.map(({ file, about }) => [`  ${file}`, dim(about)]))];
}

/** Why the example is not written to a folder; undefined where nothing stands against it. */
function whyNoExample(target: string, example: readonly Copied[]): string | undefined {
  const there = example.filter(({ file }) => existsSync(join(target, file)));
  if (there.length > 0) return `${there.length === example.length ? 'it' : there[0]?.file} is there already`;
  const [pipeline] = namesIn(join(target, 'pipelines')).filter((name) => /\.ya?ml$/.test(name));
  return pipeline === undefined ? undefined : `there is a pipeline already, pipelines/${pipeline}`;
}

/** What to type next, where there is a pipeline that was written. */
function next(folder: string, pipeline: string | undefined, isToWait: boolean, invocation: Invocation): Line[] {
  const commands =
    pipeline === undefined ? [] : [['run', pipeline], ...(pipeline === 'pipeline.yaml' ? [['plan', pipeline, '--set', 'least=4']] : [])];
  const lines = nextLines(invocation, commands).slice(1);
  const enter = folder === '.' ? [] : [`  cd ${shellWord(folder)}`];
  return enter.length + lines.length === 0 ? [] : [strong(isToWait ? 'when it is there:' : 'next:'), ...enter, ...lines];
}
