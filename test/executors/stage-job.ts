import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { confinementOf } from '../../src/executors/job/confinement.ts';
import { executeJob } from '../../src/executors/job/execute.ts';
import { runtimeHere } from '../../src/executors/job/runtime.ts';
import type { Supervisor } from '../../src/executors/job/supervisor.ts';
import { sealedJson } from '../../src/files/sealed.ts';
import type { JobEvent } from '../../src/model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../src/model/job.ts';
import { JOB_FILE } from '../../src/model/job.ts';
import { attemptIn } from './attempt-in.ts';

/** What a stage's code is executed with. */
export interface StageOptions {
  /** An empty folder, for the attempt's own. */
  readonly folder: string;
  readonly supervisor?: Supervisor;
  readonly network?: true;
  readonly more?: Partial<JobSpecification>;
}

/** How it ended, and what it wrote to its output `out`. */
export interface ExecutedStage {
  readonly exit: ExitRecord;
  readonly out: string | undefined;
  /** What it told while it ran. */
  readonly events: readonly JobEvent[];
}

/** Makes the folders of an attempt, with one input. */
function attemptAt(folder: string): void {
  for (const name of ['work', 'home', 'tmp', 'in', 'out', 'code']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'in', 'text.txt'), 'given\n', { mode: 0o444 });
}

/**
 * Executes the body of a function in a Node that is confined as a stage's is, but without the permission model: as native code is. It has
 * `context.outputs` and `fs`. Returns what it wrote to its output `out`.
 */
export function executeBare(body: string, folder: string): string | undefined {
  attemptAt(folder);
  mkdirSync(join(folder, 'checkpoints'));
  const out = join(folder, 'out', 'out.txt');
  const file = join(folder, 'code', 'bare.mjs');
  writeFileSync(file, `import fs from 'node:fs';\nconst context = ${JSON.stringify({ outputs: { out } })};\n${body}\n`);
  const runtime = runtimeHere();
  const job = { folder, checkpoints: join(folder, 'checkpoints'), devices: [] as readonly string[] } as JobSpecification;
  const pairs = confinementOf(job, { kind: 'stage', bundle: '', packages: {}, readable: [] }, runtime);
  const command = ['--events', '--confined', ...pairs, '--', runtime.node, file];
  const { stderr } = spawnSync(join(runtime.installation, 'dist/native/supervisor'), command, {
    cwd: join(folder, 'work'),
    env: { OPENSSL_CONF: '/dev/null' },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
  });
  return existsSync(out) ? readFileSync(out, 'utf8') : stderr;
}

const never = new AbortController().signal;

/** Executes the body of a stage's work, which has `context`, `fs` and `Worker`, as an attempt of a node is: with one input, `text`. */
export async function executeStage(body: string, { folder, supervisor, network, more }: StageOptions): Promise<ExecutedStage> {
  attemptAt(folder);
  const bundle = join(folder, 'code', 'stage.mjs');
  writeFileSync(
    bundle,
    `import fs from 'node:fs';\nimport { Worker } from 'node:worker_threads';\nexport const modules = {};\nexport const run = async (context) => {\n${body}\n};\n`,
  );
  const out = join(folder, 'out', 'out.txt');
  const program = { kind: 'stage', bundle, packages: {}, readable: [], ...(network === undefined ? {} : { network }) } as const;
  const inputs = { text: join(folder, 'in', 'text.txt') };
  const specification = attemptIn(folder, program, { inputs, outputs: { out: { path: out, kind: 'file' } }, ...more });
  writeFileSync(join(folder, JOB_FILE), sealedJson(specification));
  const job = { specification, secrets: {}, lock: undefined, ...(supervisor === undefined ? {} : { supervisor }) };
  const events: JobEvent[] = [];
  const exit = await executeJob(job, (event) => events.push(event), { asked: never, forced: never });
  return { exit, out: existsSync(out) ? readFileSync(out, 'utf8') : undefined, events };
}
