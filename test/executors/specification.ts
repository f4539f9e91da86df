import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealedJson } from '../../src/files/sealed.ts';
import { JOB_FILE, type JobSpecification } from '../../src/model/job.ts';
import { emptyFolder } from '../rig.ts';
import { attemptIn } from './attempt-in.ts';

/** A command in an attempt's folder of its own. */
export function jobOf(run: string | readonly string[], more: Partial<JobSpecification> = {}, metrics?: string): JobSpecification {
  const folder = emptyFolder();
  for (const name of ['work', 'home', 'tmp', 'saved']) mkdirSync(join(folder, name));
  return attemptIn(folder, { kind: 'command', run, ...(metrics === undefined ? {} : { metrics }) }, more);
}

/** A stage whose work is the body of a function of its context. */
export function stageOf(body: string, more: Partial<JobSpecification> = {}): JobSpecification {
  const job = jobOf('', more);
  const bundle = join(job.folder, 'bundle.mjs');
  writeFileSync(bundle, `export const modules = {};\nexport const run = async (context) => {\n${body}\n};\n`);
  writeFileSync(join(job.folder, JOB_FILE), sealedJson({ ...job, program: { kind: 'stage', bundle, packages: {}, readable: [] } }));
  return JSON.parse(readFileSync(join(job.folder, JOB_FILE), 'utf8')) as JobSpecification;
}
