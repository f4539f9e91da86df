import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, parseJson } from '../../files/json.ts';

// Where a cluster shows anyone all that it is given of a job, secrets are handed over in the folder of the attempt: in a file that its owner
// alone may read, which the job removes before it begins.

const SECRETS = 'secrets';

/** Leaves secrets for the job of an attempt. */
export function leaveSecrets(folder: string, secrets: Readonly<Record<string, string>>): void {
  if (Object.keys(secrets).length === 0) return;
  forgetSecrets(folder);
  writeFileSync(join(folder, SECRETS), JSON.stringify(secrets), { mode: 0o600, flag: 'wx' });
}

/** Takes the secrets that were left for this job. From then on they are nowhere else. */
export function takeSecrets(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, SECRETS);
  if (!existsSync(file)) return {};
  const isSecrets = (value: unknown): value is Record<string, string> => isObject(value);
  const taken = parseJson(readFileSync(file, 'utf8'), isSecrets) ?? {};
  forgetSecrets(folder);
  return taken;
}

/** Removes secrets that no job will take. */
export function forgetSecrets(folder: string): void {
  rmSync(join(folder, SECRETS), { force: true });
}
