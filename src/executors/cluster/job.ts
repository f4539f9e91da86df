import { SECRET_PREFIX } from '../job/attempt-files.ts';
import { ownAttempt, shareWork } from './ownership.ts';
import { takeSecrets } from './secrets.ts';

// What a job of a cluster executes: takes its attempt and the lock on its work, then does it.
//
//   node job.js FOLDER LOCK GRACE
//
// LOCK is the path of the lock on the work, or empty; GRACE may be empty. A job whose attempt is not wanted any more ends at once.

const [node = '', script = '', folder = '', path = '', grace = ''] = process.argv;
if (await ownAttempt(folder)) {
  // Set here, they stand in no file of /proc.
  for (const [name, value] of Object.entries(takeSecrets(folder))) process.env[SECRET_PREFIX + name] = value;
  const lock = path === '' ? undefined : await shareWork(path);
  const given = [lock === undefined ? '-' : String(lock.descriptor), ...(grace === '' ? [] : [grace])];
  process.argv = [node, script, folder, ...given];
  await import('../job/run-job.ts');
} else process.exit(0);
