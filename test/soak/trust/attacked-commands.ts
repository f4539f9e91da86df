import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../../src/project/project.ts';
import { value } from './aftermath.ts';
import { openSmall } from './small-project.ts';

/** A command that is attacked in a copy of a project. */
export interface AttackedCommand {
  readonly args: readonly string[];
  /** Begins in a project that was never run. */
  readonly isFirst: boolean;
  /** What the run that follows is set to, and the hash that it ends with. */
  readonly set: readonly string[];
  readonly hash: string;
  /** What it told as executed stays in the store: it neither removes results nor makes some elsewhere. */
  readonly keeps: boolean;
  /** Does it again by the library; returns what is wrong. */
  again(project: Project): Promise<string[]>;
}

const digest = (path: string): string => (existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'nothing');

const SWEPT = { over: { n: [1, 4] }, retry: true } as const;

/** How the trials of a sweep ended, as a text. */
async function sweptBy(project: Project): Promise<string> {
  const { trials } = value(await project.sweep('pipeline.yaml', SWEPT));
  return JSON.stringify(trials.map(({ state, metrics }) => [state, metrics]));
}

/** Runs a small project three times and gives the first run a tag. Returns that run's id and hash. */
export async function useProject(folder: string): Promise<{ readonly id: string; readonly hash: string }> {
  const project = await openSmall(folder);
  const records = [];
  for (const n of [2, 3, 1]) records.push(value(await project.run('pipeline.yaml', { set: [`n=${n}`] })).record);
  const [first] = records;
  if (first?.hash === undefined) throw new Error('a run failed undisturbed');
  value(await project.tags.set(first.id, 'best'));
  project.close();
  return { id: first.id, hash: first.hash };
}

/** All that is attacked in copies of a used project (`run` is its tagged run), and how each ends undisturbed, as tried out in `folder`. */
export async function attackedCommands(folder: string, run: { readonly id: string; readonly hash: string }): Promise<AttackedCommand[]> {
  const project = await openSmall(folder);
  const fourth = value(await project.run('pipeline.yaml', { set: ['n=4'] })).record.hash ?? '';
  const swept = await sweptBy(project);
  const file = join(folder, 'run.still');
  value(await project.pack(run.id, file, { outputs: true }));
  const packed = digest(file);
  project.close();
  const common = { isFirst: false, set: [], hash: run.hash, keeps: true, again: async () => [] };
  const check = (isRight: boolean, what: string): string[] => (isRight ? [] : [what]);
  return [
    { ...common, args: ['run', 'pipeline.yaml', '--set', 'n=4'], set: ['n=4'], hash: fourth },
    {
      ...common,
      args: ['gc', '--keep-runs', '1'],
      keeps: false,
      async again(asked) {
        value(await asked.gc({ keepRuns: 1, wait: true }));
        return check(value(await asked.records.list({})).length === 2, 'gc kept other runs');
      },
    },
    { ...common, args: ['run', 'pipeline.yaml'], isFirst: true },
    {
      ...common,
      args: ['sweep', 'pipeline.yaml', '--over', 'n=1,4'],
      async again(asked) {
        const now = await sweptBy(asked);
        return check(now === swept, `the sweep ended with ${now}`);
      },
    },
    {
      ...common,
      args: ['pack', run.id, '--output', 'run.still', '--outputs'],
      async again(asked) {
        value(await asked.pack(run.id, 'run.still', { outputs: true }));
        return check(digest(file) === packed, 'the pack has other bytes');
      },
    },
    {
      ...common,
      args: ['reproduce', run.id],
      keeps: false,
      async again(asked) {
        const { verdicts } = value(await asked.reproduce(run.id));
        return check(verdicts?.verdict === 'identical', `reproduced ${verdicts?.verdict}`);
      },
    },
    {
      ...common,
      args: ['tag', run.id, 'second'],
      async again(asked) {
        const strange = value(await asked.tags.list()).tags.filter((tag) => tag.run !== run.id || !['best', 'second'].includes(tag.name));
        value(await asked.tags.set(run.id, 'second'));
        return check(strange.length === 0, `a tag that no one gave: ${JSON.stringify(strange)}`);
      },
    },
    { ...common, args: ['verify'] },
    {
      ...common,
      args: ['report', run.id, '--output', 'report.html'],
      again: async (asked) => check(value(await asked.records.report([run.id])).length === 1, 'no report'),
    },
  ];
}
