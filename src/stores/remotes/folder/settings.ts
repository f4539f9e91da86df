import type { JsonObject } from '../../../model/json.ts';

/** The settings of a remote that is a folder. */
export const settings: JsonObject = {
  path: {
    type: 'string',
    minLength: 1,
    description: 'the folder, such as one of a network drive or a USB disk; relative to the project',
  },
};

/** Those that must be declared. */
export const required: readonly string[] = ['path'];
