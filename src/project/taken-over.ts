import { constants, cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DvcCache } from '../dvc/content.ts';
import type { Present } from '../dvc/lock.ts';
import { readMetrics } from '../executors/job/metrics.ts';
import type { Executor, Executors, Job } from '../model/executor.ts';
import { type ExitRecord, JOB_FORMAT } from '../model/job.ts';
import { done, type Problem } from '../model/problem.ts';

/** Outputs that another program made, by the node's name: the file or folder of each port. */
export type OutputsThere = ReadonlyMap<string, Readonly<Record<string, Present>>>;

/**
 * Executors that execute nothing: what a node would write is copied from where another program wrote it, and then checked, hashed and kept as
 * if the node had. What counts of a node is asked of the true ones, so that it is found again when it is run.
 */
export function takingOver(executors: Executors, there: OutputsThere, cache: DvcCache): Executors {
  return {
    names: executors.names,
    async get(name) {
      const found = await executors.get(name);
      return found.ok ? done(taking(found.value, there, cache)) : found;
    },
  };
}

function taking(executor: Executor, there: OutputsThere, cache: DvcCache): Executor {
  const execute = async ({ specification }: Job): Promise<ExitRecord> => {
    const { attempt, folder, outputs, program, node } = specification;
    const common = { format: JOB_FORMAT, attempt, seconds: 0, cost: {} };
    const outs = there.get(node);
    for (const [port, { path }] of Object.entries(outputs)) {
      const out = outs?.[port];
      const target = join(folder, 'work', path);
      const isThere = out !== undefined && bring(out, target, cache);
      if (!isThere) return { ...common, ended: 'failed', problem: gone(node, port) };
    }
    const file = program.kind === 'command' ? program.metrics : undefined;
    const metrics = await readMetrics(specification, file, { metrics: {}, diverged: new Map() });
    if (!metrics.ok) return { ...common, ended: 'failed', problem: metrics.problems[0] as Problem };
    return { ...common, ended: 'done', metrics: metrics.value, facts: { takenOver: 'dvc.lock' }, last: [] };
  };
  return Object.create(executor, { execute: { value: execute } }) as Executor;
}

function gone(node: string, port: string): Problem {
  const message = `${node}: its output "${port}" was there when dvc.lock was read, and is no longer`;
  return { kind: 'stage', code: 'missing-output', message, hint: 'import again, or run the pipeline' };
}

/** Copies an output; false where it is gone meanwhile. */
function bring({ standing, content }: Present, target: string, cache: DvcCache): boolean {
  mkdirSync(dirname(target), { recursive: true });
  const copy = (from: string, to: string): void =>
    cpSync(from, to, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE });
  if (standing !== undefined) {
    copy(standing, target);
    return true;
  }
  if (!content.digest.endsWith('.dir')) {
    const file = cache.file(content);
    if (file !== undefined) copy(file, target);
    return file !== undefined;
  }
  mkdirSync(target, { recursive: true });
  const members = cache.members(content);
  for (const { md5, relpath } of members ?? []) {
    const file = cache.file({ digest: md5, hashing: content.hashing });
    if (file === undefined) return false;
    mkdirSync(dirname(join(target, relpath)), { recursive: true });
    copy(file, join(target, relpath));
  }
  return members !== undefined;
}
