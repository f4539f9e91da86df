import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkout, edit, emptyFolder, stillroom, write } from '../rig.ts';

/** What the TypeScript compiler says of a project whose packages are installed. */
function check(folder: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'node_modules/typescript/bin/tsc'), '--noEmit'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe('a project made by init', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(emptyFolder(), 'mine');
    await stillroom(join(folder, '..'), ['init', 'mine']);
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    symlinkSync(checkout, join(folder, 'node_modules/stillroom'));
    symlinkSync(join(checkout, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  });

  test('type-checks as it is', () => {
    expect(check(folder)).toBe('');
  });

  test('may use the toolkit, its declarations and data files', () => {
    write(folder, {
      'stages/look/labels.txt': 'cat\n',
      'stages/look/table.bin': '\0',
      'stages/look/names.json': '["cat"]',
      'stages/look/stage.ts': `import { defineStage } from 'stillroom';
import { patience } from 'stillroom/training';
export default defineStage({ about: 'Looks.', params: { patience }, inputs: { data: 'dir' }, outputs: {}, run: () => import('./run.ts') });
`,
      'stages/look/run.ts': `import { work } from 'stillroom';
import { openDataset } from 'stillroom/nn';
import labels from './labels.txt';
import names from './names.json';
import table from './table.bin';
import type stage from './stage.ts';
export default work<typeof stage>(({ inputs, params, log }) => {
  log(labels.trim() + names[0]?.length + table.byteLength + openDataset(inputs.data).info.count + params.patience.toFixed());
});
`,
    });
    expect(check(folder)).toBe('');
  });

  test.each([
    ['run.ts', 'inputs.text', 'inputs.txt', "Property 'txt' does not exist"],
    ['run.ts', 'outputs.counts', 'outputs.count', "Did you mean 'counts'?"],
    ['run.ts', 'params.least', 'params.last', "Property 'last' does not exist"],
    ['run.ts', "metric('words'", "metric('wrods'", '"wrods"'],
    ['stage.ts', "text: 'file'", "text: 'flie'", '"flie"'],
    ['stage.ts', "counts: 'file.tsv'", "counts: 'fil.tsv'", '"fil.tsv"'],
    ['stage.ts', 'param.int({ min: 1, default: 1,', 'param.int({ least: 1, default: 1,', "'least' does not exist"],
  ])('does not compile with a misnamed member: in %s, %s as %s', (file, right, wrong, message) => {
    const path = `stages/count-words/${file}`;
    edit(folder, path, right, wrong);
    try {
      expect(check(folder)).toContain(message);
    } finally {
      edit(folder, path, wrong, right);
    }
  });
});
