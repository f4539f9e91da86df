import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolders, namesIn } from '../files/folder.ts';
import { withPath } from '../files/with-path.ts';
import { installation } from '../model/installation.ts';
import { dim, type Line, strong } from '../text/styled.ts';
import { styledTable } from '../text/table.ts';
import { answer, refusal } from './answer.ts';
import { described, projectFiles } from './init-files.ts';
import { verb } from './verb.ts';

/** Files of the template that are no example: each is written unless it is there. */
const FOR_EDITORS = /^(?:tsconfig\.json$|\.vscode\/)/;

/**
 * `stillroom init`: writes a commented pipeline, one stage and a little data, which run at once, and what an editor needs to complete and check
 * them. Nothing that is there is touched: what is missing is added.
 */
export default verb({
  name: 'init',
  arguments: ['[folder]'],
  about: 'write a commented pipeline and a stage that run at once, and what an editor needs',
  example: 'stillroom init my-experiment',
  options: {},
  async run({ folder = '.' }, invocation) {
    const target = resolve(invocation.folder, folder);
    const template = join(installation, 'src/commands/template');
    const inside = readdirSync(template, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(template, join(entry.parentPath, entry.name)))
      .sort();
    const example = inside.filter((file) => !FOR_EDITORS.test(file));
    const reason = whyNoExample(target, example);
    const copied = reason === undefined ? inside : inside.filter((file) => FOR_EDITORS.test(file));
    const texts = projectFiles(target);
    const isThere = (file: string): boolean => existsSync(join(target, file));
    const left = [...copied, ...Object.keys(texts)].filter(isThere).sort();
    const files = [...copied, ...Object.keys(texts)].filter((file) => !isThere(file)).sort();
    for (const file of files) {
      const path = join(target, file);
      makeFolders(dirname(path));
      const text = texts[file];
      withPath(path, () => (text === undefined ? cpSync(join(template, file), path) : writeFileSync(path, text)));
    }
    const prepared = await (await invocation.open({ file: join(target, 'pipeline.yaml') })).prepareEditor();
    if (!prepared.ok) return refusal(prepared.problems);
    const { linked } = prepared.value;
    const links = linked.map(({ name }) => `node_modules/${name}`);
    return answer({ files, left, linked: linked.map(({ name }) => name), example: reason === undefined }, [
      ...section(folder === '.' ? 'wrote:' : `wrote to ${folder}:`, [
        ...described(files),
        ...links.map((file) => ({ file, about: 'a link to its types' })),
      ]),
      ...section(
        'left as it was:',
        left.map((file) => ({ file, about: '' })),
      ),
      ...(reason === undefined ? [] : [`no example was written: ${reason}`]),
      ...next(folder, reason === undefined),
    ]);
  },
});

function section(title: string, rows: readonly { readonly file: string; readonly about: string }[]): Line[] {
  if (rows.length === 0) return [];
  return [strong(title), ...styledTable(rows.map(({ file, about }) => [`  ${file}`, dim(about)]))];
}

/** Why the example is not written to a folder; undefined where nothing stands against it. */
function whyNoExample(target: string, example: readonly string[]): string | undefined {
  const there = example.filter((file) => existsSync(join(target, file)));
  if (there.length > 0) return `${there.length === example.length ? 'it' : there[0]} is there already`;
  const [pipeline] = namesIn(join(target, 'pipelines')).filter((name) => /\.ya?ml$/.test(name));
  return pipeline === undefined ? undefined : `there is a pipeline already, pipelines/${pipeline}`;
}

function next(folder: string, hasExample: boolean): Line[] {
  const commands = [
    ...(folder === '.' ? [] : [`cd ${folder}`]),
    ...(hasExample ? ['npx stillroom run pipeline.yaml', 'npx stillroom plan pipeline.yaml --set least=4'] : []),
  ];
  if (commands.length === 0) return [];
  return [strong('next:'), ...commands.map((command) => `  ${command}`)];
}
