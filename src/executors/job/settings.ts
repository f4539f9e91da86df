import type { JsonObject } from '../../model/json.ts';
import { SIZE, TIME } from '../../text/amounts.ts';

/** The settings of executors of this machine: what of it they may use at once, how they wait, and how they stop. */
export const machineSettings: JsonObject = {
  cpu: { type: 'integer', minimum: 1, description: 'threads that may be busy at once (default: all of the machine)' },
  gpu: { type: 'integer', minimum: 0, description: 'devices that may be used at once (default: all of the machine)' },
  memory: {
    type: 'string',
    pattern: SIZE,
    description: 'memory that nodes may take at once, such as 16GiB (default: that of the machine)',
  },
  patience: {
    type: 'string',
    pattern: TIME,
    description: 'how long a node that measures lets other nodes begin while it waits, such as 90s, 10m or 2h (default: 1h)',
  },
  grace: {
    type: 'string',
    pattern: TIME,
    description: 'the time that a node has to save its checkpoint when it is stopped, such as 30s (default: 8s)',
  },
};
