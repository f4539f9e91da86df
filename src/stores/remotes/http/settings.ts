import type { JsonObject } from '../../../model/json.ts';

/** The settings of a remote that is read over HTTP. */
export const settings: JsonObject = {
  url: {
    type: 'string',
    pattern: '^https?://[^@\\s?#]+$',
    examples: ['https://example.org/results'],
    description: 'the address below which its objects are, such as https://example.org/results; no name and password stand in it',
  },
  token: {
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    examples: ['RESULTS_TOKEN'],
    description: 'the name of an environment variable that holds a token, which is sent as `Authorization: Bearer`',
  },
};

/** Those that must be declared. */
export const required: readonly string[] = ['url'];
