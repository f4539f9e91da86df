import { Ajv } from 'ajv';
import { recordSchema } from './record-schema.ts';

/** The schema of records that come from elsewhere. Building compiles it: in `dist` this module is its check as plain code, without ajv. @public */
export const schemas = { record: recordSchema };

/** The check of that schema. */
export const checks = { record: new Ajv({ allErrors: true, strict: false }).compile(schemas.record) };
