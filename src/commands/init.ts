import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { withPath } from '../files/with-path.ts';
import { installation } from '../model/installation.ts';
import { answer, refusal } from './answer.ts';
import { verb } from './verb.ts';
import { makeFolders } from '../files/folder.ts';

/** `stillroom init`: writes a commented pipeline, one stage and a little data, which run at once. Nothing that is there is touched. */
export default verb({
  name: 'init',
  arguments: ['[folder]'],
  about: 'write a commented pipeline and a stage that run at once',
  example: 'stillroom init my-experiment',
  options: {},
  async run({ folder = '.' }, invocation) {
    const target = resolve(invocation.folder, folder);
    const template = join(installation, 'src/commands/template');
    const files = readdirSync(template, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(template, join(entry.parentPath, entry.name)))
      .sort();
    const there = files.filter((file) => existsSync(join(target, file)));
    if (there.length > 0) {
      const message = `${there.join(', ')} exist${there.length === 1 ? 's' : ''} already`;
      return refusal([{ kind: 'usage', code: 'files-exist', message, hint: 'choose another folder: stillroom init FOLDER' }]);
    }
    makeFolders(target);
    for (const file of files) withPath(join(target, file), () => cpSync(join(template, file), join(target, file)));
    // Marks the folder as a project and keeps the store out of version control.
    makeFolders(join(target, 'artifacts'));
    const ignored = join(target, 'artifacts/.gitignore');
    withPath(ignored, () => writeFileSync(ignored, '*\n!.gitignore\n'));
    return answer({ files }, [
      ...files.map((file) => `wrote ${join(folder, file)}`),
      'next:',
      ...(folder === '.' ? [] : [`  cd ${folder}`]),
      '  npx stillroom run pipeline.yaml',
      '  npx stillroom plan pipeline.yaml --set least=4',
    ]);
  },
});
