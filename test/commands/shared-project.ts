import { join } from 'node:path';
import { emptyFolder, write } from '../rig.ts';

const STAGE = `import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Writes the words of a text, as often as is asked.',
  params: { times: param.int({ default: 2 }) },
  inputs: { text: 'file' },
  outputs: { words: 'dir' },
  metrics: { count: { goal: 'maximize' } },
  run: () => import('./run.ts'),
});
`;

const RUN = `import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from 'stillroom';
import type stage from './stage.ts';

/** A file for each word. */
export default work<typeof stage>(({ params, inputs, outputs, metric }) => {
  const words = readFileSync(inputs.text, 'utf8').trim().split(' ');
  for (const [index, word] of words.entries()) writeFileSync(join(outputs.words, index + '.txt'), word.repeat(params.times));
  metric('count', words.length);
});
`;

const PIPELINE = `name: poem
sources: { text: { path: ../data/text.txt, keep: true } }
stages:
  split: { uses: split, in: { text: $sources.text } }
  card:
    run: cat "$words"/*.txt > card.txt
    in: { words: split.words }
    out: { card: card.txt }
`;

/** A project with code, a kept source, a folder of files and a command, which shares its results in a remote. */
export function sharedProject(remotes: string): string {
  const folder = join(emptyFolder(), 'project');
  write(folder, {
    'stillroom.yaml': remotes,
    'stages/split/stage.ts': STAGE,
    'stages/split/run.ts': RUN,
    'pipelines/poem.yaml': PIPELINE,
    'data/text.txt': 'to be or not to be',
  });
  return folder;
}
