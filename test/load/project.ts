import { join } from 'node:path';
import { loadPipeline, type LoadRequest } from '../../src/load/pipeline/pipeline.ts';
import type { Pipeline } from '../../src/model/pipeline.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { emptyFolder, write } from '../rig.ts';

/** A project with one stage that has a param of each kind and ports of each kind, and two sources: a file and a folder. */
export function project(): string {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'poem.txt': 'a poem\n',
    'folder/page.txt': 'a page\n',
    'stages/count/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Counts.',
  params: {
    least: param.int({ min: 1, max: 9 }),
    rate: param.number({ above: 0, below: 1, default: 0.5 }),
    mode: param.choice(['fast', 'slow'], { default: 'fast' }),
    model: param.module({ folder: './models', default: 'small' }),
  },
  inputs: { text: 'file', many: 'file[]', maybe: 'dir?', some: 'dir[]?' },
  outputs: { counts: 'file.txt', folder: 'dir' },
  metrics: { lines: { goal: 'maximize' } },
  run: () => import('./run.ts'),
});
`,
    'stages/count/run.ts': 'export default () => undefined;\n',
    'stages/count/models/small.ts': 'export default 1;\n',
    'stages/imports/stage.ts': "import { readFileSync } from 'node:fs';\nexport default { about: String(readFileSync), outputs: {} };\n",
    'stages/broken/stage.ts': 'export default defineStage({\n',
    'stages/nothing/stage.ts': 'export const stage = 1;\n',
  });
  return folder;
}

/** Reads a pipeline of this text in a project. */
export function load(
  folder: string,
  text: string,
  set: readonly string[] = [],
  more: Partial<LoadRequest> = {},
): Promise<Outcome<Pipeline>> {
  write(folder, { 'pipeline.yaml': text });
  const file = join(folder, 'pipeline.yaml');
  return loadPipeline({ file, shownFile: 'pipeline.yaml', root: folder, cache: join(folder, 'artifacts/index'), set, ...more });
}

/** A whole pipeline whose node `words` is the stage `count`, with lines of it replaced or added. */
export function pipelineText({ top = '', words = '', more = '' }: { top?: string; words?: string; more?: string }): string {
  const node = words === '' ? 'words: { uses: count, in: { text: $sources.poem, many: $sources.poem }, with: { least: 2 } }' : words;
  return `name: demo
params: { size: 32, title: Poem }
sources: { poem: poem.txt, folder: folder }
${top === '' ? '' : `${top}\n`}stages:
  ${node}
${more === '' ? '' : `  ${more}\n`}`;
}
