/** A value that JSON can hold exactly: what params, keys and fingerprints are made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of JSON values. */
export interface JsonObject {
  readonly [key: string]: Json;
}
