import type { JsonObject } from '../../../model/json.ts';

/** The settings of a remote in a bucket. Credentials are none of them: they come from where AWS's own tools look for them. */
export const settings: JsonObject = {
  bucket: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$', examples: ['results'], description: 'the bucket' },
  prefix: {
    type: 'string',
    pattern: '^(?!/)(?!.*//)[A-Za-z0-9._/-]+$',
    examples: ['stillroom/'],
    description: 'what all keys in the bucket begin with, such as stillroom/ (default: nothing)',
  },
  region: {
    type: 'string',
    pattern: '^[a-z0-9-]+$',
    examples: ['eu-central-1'],
    description: 'its region (default: that of the environment or the profile)',
  },
  endpoint: {
    type: 'string',
    pattern: '^https?://[^/@\\s]+/?$',
    examples: ['http://localhost:9000'],
    description: 'the address of a server other than AWS, such as http://localhost:9000; no name and password stand in it',
  },
  profile: { type: 'string', minLength: 1, description: 'the profile of ~/.aws whose credentials are used (default: the usual chain)' },
  path_style: {
    type: 'boolean',
    description: 'write the bucket into the path instead of the name of the server (default: true with an endpoint)',
  },
};

/** Those that must be declared. */
export const required: readonly string[] = ['bucket'];
