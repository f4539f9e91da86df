import { chmodSync, cpSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, emptyFolder, write } from '../rig.ts';

/** Variables under which the recipe's command finds its own tool and its declared variable. */
export function recipeEnvironment(folder: string): Record<string, string> {
  return { GREETING: 'hello', PATH: `${join(folder, 'tools')}:${process.env['PATH'] ?? ''}` };
}

/** The recipe with its installed packages: a linked workspace package, and one with native code and a dependency. */
export function recipe(): string {
  const folder = join(emptyFolder(), 'recipe');
  cpSync(join(checkout, 'test/fixtures/recipe'), folder, { recursive: true });
  write(folder, {
    'packages/common/package.json': '{ "name": "@me/common", "version": "0.0.0", "type": "module", "main": "index.js" }',
    'packages/common/index.js': 'export const greet = (fold) => `teacher of ${fold}`;\n',
    'node_modules/native-package/package.json':
      '{ "name": "native-package", "version": "1.0.0", "type": "module", "main": "index.js", "dependencies": { "below": "*" } }',
    'node_modules/native-package/index.js': "import below from 'below';\nexport default () => `native ${below}`;\n",
    'node_modules/native-package/build/addon.node': 'not really one',
    'node_modules/below/package.json': '{ "name": "below", "version": "1.0.0", "type": "module", "main": "index.js" }',
    'node_modules/below/index.js': "export default 'below';\n",
    'node_modules/.package-lock.json': JSON.stringify({
      packages: { 'node_modules/native-package': { integrity: 'sha512-native' }, 'node_modules/below': { integrity: 'sha512-below' } },
    }),
    'tools/chosen-tool': '#!/bin/sh\necho tool\n',
  });
  chmodSync(join(folder, 'tools/chosen-tool'), 0o755);
  mkdirSync(join(folder, 'node_modules/@me'));
  symlinkSync('../../packages/common', join(folder, 'node_modules/@me/common'));
  mkdirSync(join(folder, 'artifacts'));
  return folder;
}

/** Moves a folder, as a user who renames it would. */
export function moved(folder: string): string {
  const to = join(emptyFolder(), 'elsewhere');
  renameSync(folder, to);
  return to;
}
