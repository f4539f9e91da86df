import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standingOf } from '../../../src/executors/cluster/ownership.ts';
import { addEntry, entriesLeft, lookAnewAtList, makeWorklist, takeEntry } from '../../../src/executors/cluster/worklist.ts';
import { readExit, writeStop } from '../../../src/executors/job/attempt-files.ts';
import { sealedJson } from '../../../src/files/sealed.ts';
import { JOB_FILE } from '../../../src/model/job.ts';
import { checkout, emptyFolder } from '../../rig.ts';
import { machines, whyNotShared } from '../../stores/shared/machines.ts';
import { attemptIn } from '../attempt-in.ts';

const why = whyNotShared();

/** Seconds for which a machine keeps what it learned: no test goes on for so long. */
const KEPT = 3600;

let end: () => void = () => undefined;
let [here, there] = ['', ''];

describe.skipIf(why !== undefined)(`on a drive that machines share${why === undefined ? '' : ` (${why})`}`, () => {
  beforeAll(async () => {
    const { all, ...two } = await machines(emptyFolder(), KEPT);
    end = two.end;
    [here = '', there = ''] = all.map(({ folder }) => folder);
  });
  afterAll(() => end());

  test('an attempt is seen to begin on another machine', () => {
    for (const folder of [here, there]) mkdirSync(join(folder, 'attempt'), { recursive: true });
    expect(standingOf(join(here, 'attempt'))).toBe('waiting');
    writeFileSync(join(there, 'attempt/begun'), '');
    expect(standingOf(join(here, 'attempt'))).toBe('ended');
  });

  test('what is put on a list on one machine is taken on another, and what was taken is not taken again', () => {
    makeWorklist(join(here, 'list'));
    addEntry(join(here, 'list'), '1', { folder: '/one', lock: '' });
    expect(takeEntry(join(there, 'list'))).toMatchObject({ folder: '/one' });
    expect(takeEntry(join(there, 'list'))).toBe('none');
    addEntry(join(here, 'list'), '2', { folder: '/two', lock: '' });
    lookAnewAtList(join(there, 'list'));
    expect(entriesLeft(join(there, 'list'))).toEqual(['2']);
    expect(takeEntry(join(here, 'list'))).toMatchObject({ folder: '/two' });
    expect(takeEntry(join(there, 'list'))).toBe('none');
  });

  test('a job is stopped from another machine', async () => {
    const folder = join(there, 'job');
    for (const name of ['work', 'home', 'tmp', 'log']) mkdirSync(join(folder, name), { recursive: true });
    const job = attemptIn(folder, { kind: 'command', run: 'echo > began; sleep 600' });
    writeFileSync(join(folder, JOB_FILE), sealedJson(job));
    const child = spawn(process.execPath, [join(checkout, 'dist/executors/job/run-job.js'), folder], { stdio: 'inherit' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    while (!existsSync(join(folder, 'work/began'))) await sleep(20);
    // It has looked for a word, and its machine keeps that there was none.
    await sleep(500);
    writeStop(join(here, 'job'), 'kill');
    await ended;
    expect(readExit(folder, job.attempt)?.ended).toBe('stopped');
  });
});
