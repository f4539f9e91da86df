// A coordinator of its own, to be killed: executes the attempt of a folder by an executor of a kind and prints what it is told.
//
//   node coordinator.mjs KIND FOLDER [SETTINGS]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shareLock, tryLockFile } from '../../dist/files/lock.js';

const [kind = '', folder = '', settings = '{}'] = process.argv.slice(2);
const { open } = await import(`../../dist/executors/${kind}/executor.js`);
const { value: executor } = await open({ name: kind, settings: JSON.parse(settings), engines: {}, environment: process.env });
const never = new AbortController().signal;
const asker = { who: { pid: process.pid, since: new Date().toISOString() }, signal: never, onWait() {} };
const hold = await executor.hold({ alone: false, gpu: 0 }, asker);
const specification = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
const lock = shareLock(tryLockFile(join(folder, 'lock')));
if (hold === undefined || lock === undefined) throw new Error('the executor is not free');
const job = { specification, secrets: {}, lock, hold };
await executor.execute(job, (/** @type {object} */ event) => process.stdout.write(`${JSON.stringify(event)}\n`), {
  asked: never,
  forced: never,
});
