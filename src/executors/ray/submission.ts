import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../../model/installation.ts';
import type { JobSpecification } from '../../model/job.ts';
import type { JsonObject } from '../../model/json.ts';
import { shellWord } from '../../text/shell-word.ts';
import { attemptFile, RUN_JOB_VARIABLE } from '../job/attempt-files.ts';
import type { RaySettings } from './ray-settings.ts';

/** The script of a job, in the folder of its attempt: what Ray itself is given, anyone may read there. */
const SCRIPT = 'ray-job.sh';

/** What is asked of Ray for a job. */
export interface Asked {
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** What a coordinator writes down of the job of an attempt before it submits it. */
export interface Submitted {
  /** How often the attempt has been given to Ray. */
  readonly times: number;
  readonly asked: Asked;
}

/** The name of the job of an attempt. Ray takes each name once. The first of an attempt is known without being written down anywhere. */
export function jobName({ attempt }: Pick<JobSpecification, 'attempt'>, times = 1): string {
  return times === 1 ? `still-${attempt}` : `still-${attempt}-${times}`;
}

/** What an attempt asks of Ray. One that measures asks for all processors of the largest machine, so nothing else fits beside it. */
export function askedBy({ resources }: JobSpecification, settings: RaySettings, largest: number | undefined): Asked {
  const { cpu, gpu, memory } = resources;
  return {
    cpus: Math.max(settings.cpus, cpu, largest ?? 0),
    gpus: Math.max(settings.gpus, gpu),
    memory: memory > 0 ? memory : settings.memory,
    resources: settings.resources,
  };
}

/** What is asked for, as a part of a submission. It always says how many processors, since Ray puts a job that does not on its head. */
export function resourcesOf({ cpus, gpus, memory, resources }: Asked): JsonObject {
  return {
    entrypoint_num_cpus: cpus,
    ...(gpus > 0 ? { entrypoint_num_gpus: gpus } : {}),
    ...(memory > 0 ? { entrypoint_memory: Math.ceil(memory) } : {}),
    ...(Object.keys(resources).length > 0 ? { entrypoint_resources: { ...resources } } : {}),
  };
}

/** What is asked for, in words: `2 CPU, 1 GPU`. */
export function askedText({ cpus, gpus, resources }: Asked): string {
  const parts = [`${cpus} CPU`, ...(gpus > 0 ? [`${gpus} GPU`] : [])];
  return [...parts, ...Object.entries(resources).map(([name, count]) => `${count} ${name}`)].join(', ');
}

/** Whether a machine has what is asked for. */
export function fits({ cpus, gpus, memory, resources }: Asked, machine: Readonly<Record<string, number>>): boolean {
  const needs = { CPU: cpus, GPU: gpus, memory, ...resources };
  return Object.entries(needs).every(([name, count]) => count <= (machine[name] ?? 0));
}

/** The submission of an attempt's job. Ray shows all of it to anyone. */
export function submissionOf(job: JobSpecification, { times, asked }: Submitted): JsonObject {
  const { folder, node, run } = job;
  // A job whose attempt is not wanted any more finds no folder.
  const entrypoint = `test ! -d ${shellWord(folder)} || exec bash ${shellWord(join(folder, SCRIPT))}`;
  return { entrypoint, submission_id: jobName(job, times), metadata: { job_name: node, run }, ...resourcesOf(asked) };
}

/** What a job's script is made of beside its attempt. */
export interface Scripting {
  readonly settings: RaySettings;
  /** The programs that it finds are those that the coordinator finds. */
  readonly path: string | undefined;
  /** The path of the lock on the work. */
  readonly lock: string | undefined;
}

/** Writes the script of an attempt's job. What it prints itself goes into the attempt's folder: Ray's logs end with its machines. */
export function writeScript({ folder, attempt }: JobSpecification, { settings, path, lock }: Scripting): void {
  const { grace, setup } = settings;
  const program = [process.execPath, join(installation, 'dist/executors/cluster/job.js'), folder, lock ?? '', String(grace ?? '')];
  const lines = [
    '#!/bin/bash',
    `cd ${shellWord(folder)} || exit 0`,
    `exec >> ${shellWord(attemptFile(folder, 'output'))} 2>&1`,
    ...(path === undefined ? [] : [`export PATH=${shellWord(path)}`]),
    'export LANG=C.UTF-8',
    ...setup,
    `export ${RUN_JOB_VARIABLE}=${shellWord(attempt)}`,
    `exec ${program.map(shellWord).join(' ')}`,
  ];
  writeFileSync(join(folder, SCRIPT), `${lines.join('\n')}\n`);
}
