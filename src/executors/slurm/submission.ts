import { join } from 'node:path';
import { installation } from '../../model/installation.ts';
import type { JobSpecification, NodeResources } from '../../model/job.ts';
import { shellWord } from '../../text/shell-word.ts';
import { attemptFile } from '../job/attempt-files.ts';
import { JOB_VARIABLE, MACHINE_VARIABLE, TIME_UP } from '../cluster/ownership.ts';
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

/** What one job needs. */
interface Sized extends Asked {
  readonly resources: NodeResources;
  readonly settings: SlurmSettings;
  readonly name: string;
  /** Where it begins, and the file that takes what it prints, without percent signs that begin a pattern. */
  readonly folder: string;
  readonly output: string;
}

function sbatchCommand({ resources: { cpu, gpu, memory }, settings, name, folder, output, alone, excluded }: Sized): string[] {
  const bytes = Math.max(memory, memory === 0 ? settings.memory : 0);
  return [
    'sbatch',
    '--parsable',
    '--no-requeue',
    `--signal=B:USR1@${warningOf(settings)}`,
    `--job-name=${name}`,
    `--chdir=${folder}`,
    `--output=${output}`,
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

/** A path in which no percent sign begins a pattern of sbatch. */
function plainPath(path: string): string {
  return path.replaceAll('%', '%%');
}

/** The command that submits an attempt. */
export function submitCommand(job: JobSpecification, settings: SlurmSettings, asked: Asked): string[] {
  const { resources, folder } = job;
  const output = plainPath(attemptFile(folder, 'output'));
  return sbatchCommand({ resources, settings, name: jobName(job), folder, output, ...asked });
}

/** Pilots that are submitted together. */
export interface PilotRequest {
  /** The list that they work through. */
  readonly list: string;
  readonly name: string;
  readonly resources: NodeResources;
  readonly count: number;
  readonly excluded: readonly string[];
}

/** The most tasks of an array that every cluster takes, unless its administrator wants fewer. */
export const MOST_TASKS = 1000;

/** The command that submits pilots: one array, each task of which is one. */
export function pilotCommand({ list, count, ...request }: PilotRequest, settings: SlurmSettings): string[] {
  const output = plainPath(join(list, PILOT_LOG)).replace(PILOT_LOG, `%A_%a.${PILOT_LOG}`);
  return [...sbatchCommand({ ...request, settings, folder: list, output, alone: false }), `--array=0-${count - 1}`];
}

/** How the names end of the files that take what pilots print themselves, in their list. */
export const PILOT_LOG = 'pilot.log';

/** The lines that a job begins with, whatever it does. */
export function preparing({ modules, setup }: Pick<SlurmSettings, 'modules' | 'setup'>): readonly string[] {
  return [
    ...(modules.length > 0
      ? ['test -r /etc/profile && . /etc/profile', ...modules.map((name) => `module load ${shellWord(name)} || exit 1`)]
      : []),
    ...setup,
  ];
}

/** Lines that begin a program, wait for it, and tell it what is only told the script: that its time is nearly up. */
function waitingScript(command: readonly string[], onTimeUp: string): string {
  return `job=\${SLURM_ARRAY_JOB_ID:+\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
export ${JOB_VARIABLE}="\${job:-$SLURM_JOB_ID} $SLURM_JOB_NAME" ${MACHINE_VARIABLE}="$SLURMD_NODENAME"
${command.map(shellWord).join(' ')} &
program=$!
trap '${onTimeUp}' USR1
trap 'kill -TERM $program' TERM
while kill -0 $program 2>/dev/null; do wait $program; code=$?; done
exit $code
`;
}

function programOf(name: 'job' | 'pilot', ...args: readonly string[]): string[] {
  return [process.execPath, join(installation, `dist/executors/cluster/${name}.js`), ...args];
}

/**
 * The script of a job. It waits for its program itself, since Slurm warns the script alone that its time is nearly up. It holds no secret:
 * anyone who may ask the controller for it reads it.
 */
export function jobScript({ folder }: JobSpecification, settings: SlurmSettings, lock: string | undefined): string {
  const command = programOf('job', folder, lock ?? '', String(settings.grace ?? ''));
  return `#!/bin/bash
# A job whose attempt is not wanted any more finds no folder.
cd ${shellWord(folder)} || exit 0
${preparing(settings).join('\n')}
${waitingScript(command, `echo > ${TIME_UP}; kill -TERM $program`)}`;
}

/** The script of pilots. */
export function pilotScript(list: string, settings: SlurmSettings): string {
  return `#!/bin/bash
# Pilots whose list is gone have nothing to do.
cd ${shellWord(list)} || exit 0
${preparing(settings).join('\n')}
${waitingScript(programOf('pilot', list, String(settings.grace ?? ''), String(settings.pilot)), 'kill -USR1 $program')}`;
}
