import { join } from 'node:path';
import { called, type CommandOptions, emptyFolder, stillroom, write } from '../rig.ts';

const STAGE = `import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Trains what is not quite the same each time: the declared secret NOISE is no part of what counts.',
  params: { rate: param.number({ default: 0.5 }), epochs: param.int({ default: 3 }) },
  inputs: { text: 'file' },
  outputs: { model: 'dir', report: { kind: 'file.json', measured: true } },
  metrics: {
    accuracy: { goal: 'maximize', tolerance: 0.01 },
    loss: { goal: 'minimize' },
    speed: { goal: 'maximize', measured: true },
  },
  run: () => import('./run.ts'),
});
`;

const RUN = `import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from 'stillroom';
import type stage from './stage.ts';

// The rate decides all.
export default work<typeof stage>(({ params, inputs, outputs, metric }) => {
  const noise = Number(process.env['NOISE'] ?? 0);
  const words = readFileSync(inputs.text, 'utf8').trim();
  for (let epoch = 1; epoch <= params.epochs; epoch += 1) metric('loss', params.rate / epoch, { step: epoch });
  writeFileSync(join(outputs.model, 'name.txt'), 'a model');
  writeFileSync(join(outputs.model, 'weights.txt'), words + String(params.rate + noise));
  writeFileSync(outputs.report, JSON.stringify({ time: process.hrtime.bigint().toString() }));
  metric('accuracy', params.rate + noise);
  metric('loss', params.rate / params.epochs);
  metric('speed', Number(process.hrtime.bigint() % 1000000n));
});
`;

const PIPELINE = `name: small
params: { title: Result }
sources: { text: ../data/text.txt }
stages:
  train:
    uses: train
    in: { text: $sources.text }
    with: { rate: 0.5 }
    env: { NOISE: { secret: true } }
  card:
    run: |
      { echo "$title"; cat "$model/weights.txt"; } > card.txt
    in: { model: train.model }
    with: { title: $title }
    out: { card: card.txt }
`;

/** A project whose training comes out otherwise when NOISE is not 0, with a measured output and metrics of all kinds. */
export function measuredProject(): string {
  const folder = join(emptyFolder(), 'project');
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'stages/train/stage.ts': STAGE,
    'stages/train/run.ts': RUN,
    'pipelines/small.yaml': PIPELINE,
    'data/text.txt': 'to be or not to be',
  });
  return folder;
}

/** Runs a command with --json and returns its exit code and what it printed. */
export async function asked<Answer>(
  folder: string,
  args: readonly string[],
  { env = {}, ...options }: CommandOptions = {},
): Promise<{ readonly code: number; readonly answer: Answer; readonly stderr: string }> {
  const given = { ...options, env: { NOISE: '0', ...env } };
  // Another installation or user needs a process of its own.
  const ended = await (Object.keys(options).length > 0 ? stillroom : called)(folder, [...args, '--json'], given);
  return { code: ended.code, answer: JSON.parse(ended.stdout) as Answer, stderr: ended.stderr };
}
