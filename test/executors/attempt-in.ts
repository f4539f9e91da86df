import { join } from 'node:path';
import { JOB_FORMAT, type JobProgram, type JobSpecification } from '../../src/model/job.ts';

/** The specification of an attempt in a folder, with nothing but a program and PATH, unless more is said. */
export function attemptIn(folder: string, program: JobProgram, more: Partial<JobSpecification> = {}): JobSpecification {
  return {
    format: JOB_FORMAT,
    attempt: `attempt-${folder.slice(-6)}`,
    executor: 'local',
    run: 'run-1',
    node: 'node',
    folder,
    program,
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
