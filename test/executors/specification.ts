import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealedJson } from '../../src/files/sealed.ts';
import { JOB_FILE, JOB_FORMAT, type JobSpecification } from '../../src/model/job.ts';
import { emptyFolder } from '../rig.ts';

/** A command in an attempt's folder of its own. */
export function jobOf(run: string | readonly string[], more: Partial<JobSpecification> = {}, metrics?: string): JobSpecification {
  const folder = emptyFolder();
  for (const name of ['work', 'home', 'tmp']) mkdirSync(join(folder, name));
  return {
    format: JOB_FORMAT,
    attempt: `attempt-${folder.slice(-6)}`,
    executor: 'local',
    run: 'run-1',
    node: 'node',
    folder,
    program: { kind: 'command', run, ...(metrics === undefined ? {} : { metrics }) },
    params: {},
    inputs: {},
    outputs: {},
    checkpoints: join(folder, 'checkpoints'),
    env: { PATH: process.env['PATH'] ?? '' },
    secrets: [],
    resources: { cpu: 1, gpu: 0, memory: 0 },
    devices: [],
    log: join(folder, 'log', 'node.log'),
    ...more,
  };
}

/** A stage whose work is the body of a function of its context. */
export function stageOf(body: string, more: Partial<JobSpecification> = {}): JobSpecification {
  const job = jobOf('', more);
  const bundle = join(job.folder, 'bundle.mjs');
  writeFileSync(bundle, `export const modules = {};\nexport const run = async (context) => {\n${body}\n};\n`);
  writeFileSync(join(job.folder, JOB_FILE), sealedJson({ ...job, program: { kind: 'stage', bundle, packages: {}, readable: [] } }));
  return JSON.parse(readFileSync(join(job.folder, JOB_FILE), 'utf8')) as JobSpecification;
}
