import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Project } from '../../../src/project/project.ts';

/** The command line that is attacked. */
export const cli: string = resolve('dist/cli.js');

/** The environment of what is attacked: Node's own system calls in one order. */
export const environment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  CI: '1',
  NO_COLOR: '1',
  UV_THREADPOOL_SIZE: '1',
  UV_USE_IO_URING: '0',
};

/** `n` says how many files are made and how many steps are learned; `pace` how long each of them takes, in seconds. */
const pipeline = (pace: number): string => `name: small
params: { n: 2 }
sources: { words: words }
stages:
  make:
    run: |
      for i in $(seq "$n"); do cat "$words"/*.txt > "$files/$i.txt"; echo "$i" >> "$files/$i.txt"; sleep ${pace}; done
    in: { words: $sources.words }
    with: { n: $n }
    out: { files: files/ }
  tally:
    matrix: { k: [1, 2] }
    run: |
      cat "$files"/*.txt > "$count"
      echo "$k" >> "$count"
      sleep ${pace}
      echo "{\\"words\\": $n}" > words.json
    in: { files: make.files }
    with: { k: $k, n: $n }
    out: { count: count.txt }
    metrics: words.json
`;

const learning = (pace: number): string => `  learn:
    uses: learn
    in: { count: tally.count }
    matrix: { k: [1] }
    with: { n: $n, pace: ${pace} }
`;

/** A stage `learn`, which adds up and saves a checkpoint for each step: its files, by their paths. */
export const learningStage: Readonly<Record<string, string>> = {
  'stages/learn/stage.ts': `import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Adds up, with a checkpoint for each step.',
  params: { n: param.int({ min: 1 }), pace: param.number({ min: 0 }) },
  inputs: { count: 'file' },
  outputs: { model: 'dir' },
  metrics: { sum: {} },
  run: () => import('./run.ts'),
});
`,
  'stages/learn/run.ts': `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from 'stillroom';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, inputs, outputs, metric, checkpoint }) => {
  const { folder } = checkpoint;
  const read = (name: string) => (folder === undefined ? 0 : Number(readFileSync(join(folder, name), 'utf8')));
  let sum = read('sum');
  for (let step = read('step'); step < params.n; step += 1) {
    sum += step;
    metric('sum', sum, { step });
    await sleep(params.pace * 1000);
    await checkpoint.save((next) => {
      writeFileSync(join(next, 'sum'), String(sum));
      writeFileSync(join(next, 'step'), String(step + 1));
    });
  }
  mkdirSync(outputs.model, { recursive: true });
  writeFileSync(join(outputs.model, 'model.json'), JSON.stringify({ sum, count: readFileSync(inputs.count, 'utf8') }));
});
`,
};

/** Which small project is made. */
export interface SmallProject {
  /** Seconds that a step of its nodes takes; default 0. */
  readonly pace?: number;
  /** With a node in TypeScript that saves checkpoints. */
  readonly learns?: boolean;
  /** The executor of its nodes; default `local`. */
  readonly executor?: 'detached';
}

/** Writes a project of a few short nodes, with folders, a matrix, metrics and, if asked for, checkpoints. */
export function writeSmallProject(folder: string, { pace = 0, learns = false, executor }: SmallProject = {}): void {
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}\n',
    'words/a.txt': 'hello\n',
    'words/b.txt': 'world\n',
    'pipeline.yaml': pipeline(pace) + (learns ? learning(pace) : ''),
    ...(learns ? learningStage : {}),
    ...(executor === undefined ? {} : { 'stillroom.yaml': 'executors:\n  local: { kind: detached }\n' }),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Opens a project by the library as it is built, in this process. */
export async function openSmall(folder: string): Promise<Project> {
  const library = pathToFileURL(resolve('dist/project/project.js')).href;
  const { openProject } = (await import(library)) as typeof import('../../../src/project/project.ts');
  return openProject({ folder, environment });
}
