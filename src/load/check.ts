import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Ajv as AjvClass, ErrorObject } from 'ajv';
import { ifPossible } from '../files/durable.ts';
import { openSummed, readText, summedLine } from '../files/sealed.ts';
import { sha256 } from '../model/canonical.ts';
import type { JsonObject } from '../model/json.ts';
import { makeFolders } from '../files/folder.ts';

/** Checks a value against a schema. After a value that does not fit, `errors` holds all that is wrong with it. */
export interface Check {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

let ajv: AjvClass | undefined;

/** Loads ajv when a schema is first compiled while running: it takes longer to load than all else that planning needs. */
function compiler(): AjvClass {
  if (ajv !== undefined) return ajv;
  const require = createRequire(import.meta.url);
  const { Ajv } = require('ajv') as typeof import('ajv');
  ajv = new Ajv({ allErrors: true, strict: false });
  return ajv;
}

const compiled = new WeakMap<JsonObject, Check>();

/** The check of a schema that is known only while running. */
export function checkOf(schema: JsonObject): Check {
  const check = compiled.get(schema) ?? compiler().compile(schema);
  compiled.set(schema, check);
  return check;
}

/**
 * Remembers which values fitted which schema, as digests in a file for each schema, so that a plan of params that were checked before loads no
 * validator. Losing a file, or a damaged line, costs only checking again.
 */
export class CheckedBefore {
  private readonly folder: string;
  private readonly schemas = new Map<JsonObject, { readonly file: string; readonly known: Set<string>; fresh: string[] }>();

  /** @param cache A folder for what can be made again at any time. */
  constructor(cache: string) {
    this.folder = join(cache, 'checked');
  }

  /** A check that asks ajv only about values that did not fit before, or were not seen. */
  checkOf(schema: JsonObject): Check {
    const check: Check = (value) => {
      const { known, fresh } = this.of(schema);
      const digest = sha256(JSON.stringify(value));
      if (known.has(digest)) return true;
      const own = checkOf(schema);
      if (own(value)) {
        known.add(digest);
        fresh.push(digest);
        return true;
      }
      check.errors = own.errors ?? null;
      return false;
    };
    return check;
  }

  private of(schema: JsonObject): { readonly file: string; readonly known: Set<string>; fresh: string[] } {
    const found = this.schemas.get(schema);
    if (found !== undefined) return found;
    const file = join(this.folder, sha256(JSON.stringify(schema)));
    const lines = (readText(file) ?? '').split('\n');
    const made = { file, known: new Set(lines.flatMap((line) => openSummed(line) ?? [])), fresh: [] };
    this.schemas.set(schema, made);
    return made;
  }

  /** Writes what was learned. */
  flush(): void {
    for (const entry of this.schemas.values()) {
      if (entry.fresh.length === 0) continue;
      ifPossible(() => {
        makeFolders(this.folder);
        appendFileSync(entry.file, entry.fresh.map((digest) => `${summedLine(digest)}\n`).join(''));
      });
      entry.fresh = [];
    }
  }
}
