import { Ajv } from 'ajv';
import { pipelineSchema } from './pipeline/schema.ts';
import { projectSchema } from './project/schema.ts';
import { sweepSchema } from './sweep/schema.ts';

/** The schemas that are the same for every project. Building compiles them: in `dist` this module is their checks as plain code, without ajv. */
export const schemas = { pipeline: pipelineSchema, project: projectSchema, sweep: sweepSchema };

const ajv = new Ajv({ allErrors: true, strict: false });

/** The check of each of these schemas. */
export const checks = {
  pipeline: ajv.compile(schemas.pipeline),
  project: ajv.compile(schemas.project),
  sweep: ajv.compile(schemas.sweep),
};
