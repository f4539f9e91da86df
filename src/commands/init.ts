import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { installation } from '../model/installation.ts';
import { EXIT, fail, printJson } from './problems.ts';

/** `stillroom init`: writes a commented pipeline, one stage and a little data, which run at once. Nothing that is there is touched. */
export function initCommand(folder: string, options: { readonly json?: boolean }): number {
  const target = resolve(folder);
  const template = join(installation, 'src/commands/template');
  const files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)))
    .sort();
  const there = files.filter((file) => existsSync(join(target, file)));
  if (there.length > 0) {
    return fail(
      [
        {
          kind: 'usage',
          code: 'files-exist',
          message: `${there.join(', ')} exist${there.length === 1 ? 's' : ''} already`,
          hint: 'choose another folder: stillroom init FOLDER',
        },
      ],
      options.json === true,
    );
  }
  for (const file of files) cpSync(join(template, file), join(target, file));
  // Marks the folder as a project and keeps the store out of version control.
  mkdirSync(join(target, 'artifacts'), { recursive: true });
  writeFileSync(join(target, 'artifacts/.gitignore'), '*\n!.gitignore\n');
  if (options.json === true) printJson({ files });
  else {
    for (const file of files) process.stdout.write(`wrote ${join(folder, file)}\n`);
    process.stdout.write(
      `next:\n${folder === '.' ? '' : `  cd ${folder}\n`}  npx stillroom run pipeline.yaml\n  npx stillroom plan pipeline.yaml --set least=4\n`,
    );
  }
  return EXIT.done;
}
