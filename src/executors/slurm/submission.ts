import { join } from 'node:path';
import { installation } from '../../model/installation.ts';
import type { JobSpecification } from '../../model/job.ts';
import { quoted } from '../cluster/place.ts';
import { attemptFile } from '../job/attempt-files.ts';
import type { SlurmSettings } from './slurm-settings.ts';

/** Seconds before the end of its time at which a job is told, so that its node can save a checkpoint: no more than a quarter of short times. */
const WARNING = 120;

/** The seconds of a time as sbatch takes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours and their like. */
function secondsOf(time: string): number {
  const [, days, rest = ''] = /^(?:(\d+)-)?(.*)$/.exec(time) ?? [];
  const parts = rest.split(':').map(Number);
  const [first = 0, second = 0, third = 0] = parts;
  if (days !== undefined) return Number(days) * 86_400 + first * 3600 + second * 60 + third;
  return parts.length === 3 ? first * 3600 + second * 60 + third : first * 60 + second;
}

function warningOf({ time }: SlurmSettings): number {
  const quarter = time === undefined ? WARNING : Math.floor(secondsOf(time) / 4);
  return Number.isFinite(quarter) ? Math.max(1, Math.min(WARNING, quarter)) : WARNING;
}

/** The file in an attempt's folder which says that its time on the cluster was up. */
export const TIME_UP = 'time-up';

/** The name of an attempt's job: by it a job is found whose number nobody could write down any more. */
export function jobName({ run, attempt }: Pick<JobSpecification, 'run' | 'attempt'>): string {
  return `still-${run}-${attempt}`;
}

/** What is asked for beside what settings and specification say. */
export interface Asked {
  /** Nothing else may run on its node: it measures. */
  readonly alone: boolean;
  /** Nodes that it must not be given. */
  readonly excluded: readonly string[];
}

/** Options of sbatch that say where a job goes, whatever it does. */
export function placeOptions({ partition, account, qos, constraint }: SlurmSettings): string[] {
  return Object.entries({ partition, account, qos, constraint }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/** The command that submits an attempt. */
export function submitCommand(job: JobSpecification, settings: SlurmSettings, { alone, excluded }: Asked): string[] {
  const { cpu, gpu, memory } = job.resources;
  const bytes = Math.max(memory, memory === 0 ? settings.memory : 0);
  return [
    'sbatch',
    '--parsable',
    '--no-requeue',
    `--signal=B:USR1@${warningOf(settings)}`,
    `--job-name=${jobName(job)}`,
    `--chdir=${job.folder}`,
    // A percent sign would begin a pattern.
    `--output=${attemptFile(job.folder, 'output').replaceAll('%', '%%')}`,
    '--open-mode=append',
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${Math.max(settings.cpus, cpu)}`,
    ...(bytes > 0 ? [`--mem=${Math.ceil(bytes / 1024)}K`] : []),
    ...(gpu > 0 ? [`--gres=${settings.gres}:${gpu}`] : []),
    ...(settings.time === undefined ? [] : [`--time=${settings.time}`]),
    ...(alone ? ['--exclusive'] : []),
    ...(excluded.length > 0 ? [`--exclude=${excluded.join(',')}`] : []),
    ...placeOptions(settings),
    ...settings.sbatch,
  ];
}

/** The lines that a job begins with, whatever it does. */
export function preparing({ modules, setup }: Pick<SlurmSettings, 'modules' | 'setup'>): readonly string[] {
  return [
    ...(modules.length > 0
      ? ['test -r /etc/profile && . /etc/profile', ...modules.map((name) => `module load ${quoted(name)} || exit 1`)]
      : []),
    ...setup,
  ];
}

/**
 * The script of a job. It waits for its program itself, since Slurm warns the script alone that its time is nearly up. It holds no secret:
 * anyone who may ask the controller for it reads it.
 */
export function jobScript({ folder }: JobSpecification, settings: SlurmSettings, lock: string | undefined): string {
  const { grace } = settings;
  const job = [process.execPath, join(installation, 'dist/executors/cluster/job.js'), folder, lock ?? '', String(grace ?? '')];
  return `#!/bin/bash
# A job whose attempt is not wanted any more finds no folder.
cd ${quoted(folder)} || exit 0
${preparing(settings).join('\n')}
${job.map(quoted).join(' ')} &
program=$!
trap 'echo > ${TIME_UP}; kill -TERM $program' USR1
trap 'kill -TERM $program' TERM
while kill -0 $program 2>/dev/null; do wait $program; code=$?; done
exit $code
`;
}
