import type { JsonObject } from '../../model/json.ts';
import { SIZE, TIME } from '../../text/amounts.ts';

/** The settings of an executor that gives nodes to Ray: where it is, what each job asks for, and how it is watched. */
export const settings: JsonObject = {
  address: {
    type: 'string',
    pattern: '^https?://[^@\\s]+$',
    examples: ['http://head:8265'],
    description:
      'where the dashboard of Ray is, such as http://head:8265 (default: RAY_API_SERVER_ADDRESS, else RAY_ADDRESS, else http://127.0.0.1:8265)',
  },
  cpus: { type: 'integer', minimum: 1, description: 'threads that a job asks for at least' },
  gpus: { type: 'integer', minimum: 1, description: 'devices that a job asks for at least' },
  memory: { type: 'string', pattern: SIZE, description: 'memory that a job asks for where its node says nothing, such as 4GiB' },
  resources: {
    type: 'object',
    description: 'what else a machine of Ray must have for a job, as machines are started with it: { fast: 1 }',
    additionalProperties: { type: 'number', exclusiveMinimum: 0, description: 'how much of it a job asks for' },
  },
  setup: {
    type: 'array',
    items: { type: 'string', minLength: 1, description: 'one of them' },
    description: 'lines of shell that a job does before its node, in a program of its own',
  },
  jobs: { type: 'integer', minimum: 1, description: 'jobs that Ray may have at once (default: 100)' },
  poll: { type: 'string', pattern: TIME, description: 'how often Ray is asked of a job whose folder tells nothing (default: 10s)' },
  grace: {
    type: 'string',
    pattern: TIME,
    description: 'the time that a node has to save its checkpoint when it is stopped, such as 30s (default: 8s)',
  },
};
