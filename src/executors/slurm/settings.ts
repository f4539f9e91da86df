import type { JsonObject } from '../../model/json.ts';
import { SIZE, TIME } from '../../text/amounts.ts';

const words: JsonObject = { type: 'string', minLength: 1 };
const lines: JsonObject = { type: 'array', items: { ...words, description: 'one of them' } };

/** The settings of an executor that gives nodes to Slurm: what each job asks for, what it does before, and how it is watched. */
export const settings: JsonObject = {
  partition: { ...words, description: 'the partition that jobs go to (default: that of the cluster)' },
  account: { ...words, description: 'the account that jobs are charged to' },
  qos: { ...words, description: 'the quality of service that jobs ask for' },
  constraint: { ...words, description: 'features that the nodes of the cluster must have' },
  gres: {
    ...words,
    description: 'what a device is called, where it is not gpu: gpu:a100 (a node says how many it needs: resources: { gpu: 1 })',
  },
  time: {
    ...words,
    description: 'the time that each job asks for, as sbatch takes it: 30, 02:00:00 or 1-12 (default: that of the partition)',
  },
  memory: { type: 'string', pattern: SIZE, description: 'memory that a job asks for where its node says nothing, such as 4GiB' },
  cpus: { type: 'integer', minimum: 1, description: 'threads that a job asks for at least' },
  modules: { ...lines, description: 'modules that a job loads before anything else' },
  setup: { ...lines, description: 'lines of shell that a job does before its node, in a program of its own' },
  sbatch: { ...lines, description: 'further options of sbatch, such as --mail-type=FAIL' },
  jobs: { type: 'integer', minimum: 1, description: 'nodes that may be given to Slurm at once (default: 200)' },
  pilot: {
    type: 'string',
    pattern: TIME,
    description:
      'nodes that take no longer than this are executed by jobs which execute many, one after another (default: 60s; 0s: none are)',
  },
  poll: { type: 'string', pattern: TIME, description: 'how often squeue is asked for all jobs together (default: 15s)' },
  grace: {
    type: 'string',
    pattern: TIME,
    description: 'the time that a node has to save its checkpoint when it is stopped, such as 30s (default: 8s)',
  },
};
