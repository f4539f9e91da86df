import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/run.ts';
import { type FileLock, noteHolder, tryLockFile } from '../../src/files/lock.ts';
import type { Who } from '../../src/model/waiting.ts';
import { openProject } from '../../src/project/project.ts';
import { called, checkout, copyOf, editSealed } from '../rig.ts';
import { digestsIn } from '../stored.ts';
import { asked, measuredProject } from './measured-project.ts';

interface Answer {
  readonly removed: boolean;
  readonly runs: readonly string[];
  readonly kept: readonly { readonly run: string; readonly why: string }[];
  readonly results: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly ofRuns: number;
  readonly size: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

let base: string;
const ids: string[] = [];

beforeAll(async () => {
  base = measuredProject();
  for (const rate of ['0.1', '0.2', '0.3', '0.4']) {
    const { answer } = await asked<{ run: string }>(base, ['run', 'small', '--set', `train.rate=${rate}`]);
    ids.push(answer.run);
  }
});

async function verdictOf(folder: string, run: string): Promise<string | undefined> {
  return (await asked<{ verdict?: string }>(folder, ['reproduce', run])).answer.verdict;
}

describe('gc', () => {
  test('says what it would free, and frees nothing on a dry run', async () => {
    const folder = copyOf(base);
    const blobs = digestsIn(join(folder, 'artifacts'));
    const { answer } = await asked<Answer>(folder, ['gc', '--keep-runs', '1', '--dry-run']);
    expect(answer).toMatchObject({ removed: false, runs: ids.slice(0, 3).toReversed() });
    expect(digestsIn(join(folder, 'artifacts'))).toEqual(blobs);
    expect(readdirSync(join(folder, 'artifacts/runs'))).toHaveLength(4);
    const told = await called(folder, ['gc', '--keep-runs', '1', '--dry-run']);
    expect(told.stdout).toMatch(
      /^would free [\d.]+ KiB of [\d.]+ [KM]iB; .*\nnothing was removed \(--dry-run\)\n[\s\S]* would go +3 +[\d.]+ KiB that nothing else holds: /,
    );
  });

  test('without a number keeps every run and all that it reaches', async () => {
    const folder = copyOf(base);
    const { answer } = await asked<Answer>(folder, ['gc']);
    expect(answer).toMatchObject({ removed: true, runs: [], results: 0, blobs: 0 });
    for (const id of ids) expect(await verdictOf(folder, id)).toBe('identical');
  });

  test('keeps tagged, pinned and the newest runs whole, and only what they reach', async () => {
    const folder = copyOf(base);
    const [first = '', second = '', third = '', fourth = ''] = ids;
    await asked(folder, ['tag', first, 'paper']);
    await asked(folder, ['tag', second, '--pin']);
    const before = digestsIn(join(folder, 'artifacts'));
    const { answer } = await asked<Answer>(folder, ['gc', '--keep-runs', '1']);
    expect(answer.runs).toEqual([third]);
    expect(answer.kept).toEqual([
      { run: fourth, why: 'among the newest 1' },
      { run: second, why: 'pinned' },
      { run: first, why: 'tagged paper' },
    ]);
    const after = digestsIn(join(folder, 'artifacts'));
    expect(before.length - after.length).toBe(answer.blobs);
    expect(answer.blobs).toBeGreaterThanOrEqual(4);
    expect(answer.bytes).toBeGreaterThan(0);
    for (const id of [first, second, fourth]) {
      expect(await verdictOf(folder, id)).toBe('identical');
      expect((await asked(folder, ['reproduce', id, '--restore'])).code).toBe(0);
    }
    expect((await called(folder, ['verify'])).code).toBe(0);
    const again = await asked<{ executed: string[] }>(folder, ['run', 'small', '--set', 'train.rate=0.3']);
    expect(again.answer.executed).toEqual(['train', 'card']);
    const kept = await asked<{ executed: string[] }>(folder, ['run', 'small', '--set', 'train.rate=0.2']);
    expect(kept.answer.executed).toEqual([]);
    await asked(folder, ['tag', '--delete', 'paper']);
    await asked(folder, ['tag', second, '--unpin']);
    expect((await asked<Answer>(folder, ['gc', '--keep-runs', '0'])).answer.kept).toEqual([]);
    expect(digestsIn(join(folder, 'artifacts'))).toEqual([]);
    expect(readFileSync(join(folder, 'artifacts/latest/small/card/card.txt'), 'utf8')).toContain('Result');
  });

  test('lets go of the run that is named, and keeps those that are kept', async () => {
    const folder = copyOf(base);
    const [first = '', second = ''] = ids;
    const dry = await asked<Answer>(folder, ['gc', '--run', second, '--dry-run']);
    expect(dry.answer).toMatchObject({ removed: false, runs: [second] });
    expect(dry.answer.ofRuns).toBeGreaterThan(0);
    const { answer } = await asked<Answer>(folder, ['gc', '--run', second]);
    expect(answer).toMatchObject({ removed: true, runs: [second], bytes: dry.answer.bytes });
    expect((await asked(folder, ['show', second])).code).toBe(2);
    expect(await verdictOf(folder, first)).toBe('identical');

    await asked(folder, ['tag', first, 'paper']);
    const tagged = await asked<Answer>(folder, ['gc', '--run', first, '--run', '@latest']);
    expect([tagged.code, tagged.answer.error]).toEqual([
      2,
      expect.objectContaining({
        code: 'run-is-kept',
        message: expect.stringContaining('tagged paper'),
        hint: expect.stringContaining('tag --delete paper'),
      }),
    ]);
    await asked(folder, ['tag', first, '--pin']);
    await asked(folder, ['tag', '--delete', 'paper']);
    expect((await asked<Answer>(folder, ['gc', '--run', first])).answer.error).toMatchObject({ hint: expect.stringContaining('--unpin') });
    expect((await asked<Answer>(folder, ['gc', '--run', 'nope'])).answer.error).toMatchObject({ code: 'unknown-run' });
    expect(readdirSync(join(folder, 'artifacts/runs'))).toHaveLength(3);
  });

  test('lets the oldest runs go until the store fits, or removes nothing where it cannot', async () => {
    const folder = copyOf(base);
    const { size } = (await asked<Answer>(folder, ['gc', '--dry-run'])).answer;
    const most = `${((size - 1) / 1024).toFixed(6)}KiB`;
    const { answer } = await asked<Answer>(folder, ['gc', '--max-size', most]);
    expect(answer).toMatchObject({ removed: true, runs: [ids[0]] });
    expect((await asked<Answer>(folder, ['gc', '--dry-run'])).answer.size).toBeLessThan(size);
    const refused = await asked<Answer>(folder, ['gc', '--max-size', '1KiB']);
    expect([refused.code, refused.answer.error]).toEqual([2, expect.objectContaining({ code: 'does-not-fit' })]);
    expect(readdirSync(join(folder, 'artifacts/runs'))).toHaveLength(3);
    expect((await asked<Answer>(folder, ['gc', '--max-size', '50GB'])).answer.error).toMatchObject({
      code: 'bad-option',
      hint: 'write 50GiB',
    });
  });

  test('keeps the runs of the last days', async () => {
    const folder = copyOf(base);
    const path = join(folder, `artifacts/runs/${ids[0]}.json`);
    const started = new Date(Date.now() - 3 * 24 * 60 * 60 * 1000).toISOString();
    editSealed<RunRecord>(path, (record) => ({ ...record, started }));
    expect((await asked<Answer>(folder, ['gc', '--keep-days', '2'])).answer.runs).toEqual([ids[0]]);
    expect((await asked<Answer>(folder, ['gc', '--keep-days', 'two'])).code).toBe(2);
  });

  /** A store that someone has to itself as gc does, and a command that waits for it: how that ends, once it has said so. */
  async function waiting(then: (lock: FileLock, child: ChildProcess) => void) {
    const folder = copyOf(base);
    const lock = tryLockFile(join(folder, 'artifacts/locks/store')) as FileLock;
    noteHolder(lock, { pid: process.pid, since: new Date().toISOString(), project: folder, command: 'stillroom gc' } as Who);
    const child = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'small', '--set', 'train.rate=0.1', '--json'], {
      cwd: folder,
      env: { ...process.env, NOISE: '0', CI: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = text(child.stdout);
    const ended = new Promise<[number | null, string | null]>((resolve) => child.once('close', (...how) => resolve(how)));
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.startsWith('…')) expect(line).toMatch(/^… waits for stillroom gc \(.*\), which has had the store to itself for \d+ s$/);
      if (line.startsWith('…')) then(lock, child);
    }
    return { ended: await ended, printed: await printed };
  }

  test('keeps others out while it works: who opens the store waits and says for whom', async () => {
    const { ended, printed } = await waiting((lock) => lock.release());
    expect(ended).toEqual([0, null]);
    expect(JSON.parse(printed)).toMatchObject({ reused: ['train', 'card'] });
  });

  test('is not waited for any longer when the command is stopped', async () => {
    const { ended } = await waiting((_, child) => void child.kill('SIGINT'));
    expect(ended).toEqual([null, 'SIGINT']);
  });

  test.each([
    ['damaged', (path: string) => truncateSync(path, 200)],
    ['of a newer format', (path: string) => editSealed(path, (record) => ({ ...record, format: 99 }))],
  ])('removes nothing beside a record that is %s, which lists survive', async (_name, change) => {
    const folder = copyOf(base);
    const path = join(folder, `artifacts/runs/${ids[1]}.json`);
    change(path);
    const before = digestsIn(join(folder, 'artifacts'));
    const { code, answer } = await asked<Answer>(folder, ['gc', '--keep-runs', '0']);
    expect(code).toBe(5);
    expect(answer.error).toMatchObject({ code: 'unreadable-record', message: expect.stringContaining(ids[1] ?? '') });
    expect(digestsIn(join(folder, 'artifacts'))).toEqual(before);
    expect((await called(folder, ['runs'])).code).toBe(0);
  });

  test.each(['runs', 'tags', 'pins'])('goes on once verify has put aside what was damaged among the %s', async (kind) => {
    const folder = copyOf(base);
    const project = openProject({ folder });
    await project.tags.set('@latest', 'best');
    await project.tags.pin('@latest');
    project.close();
    const files = join(folder, 'artifacts', kind);
    const [file = ''] = readdirSync(files).sort().reverse();
    truncateSync(join(files, file), 20);
    const refused = await asked<Answer>(folder, ['gc']);
    expect(refused.answer.error).toMatchObject({ code: 'unreadable-record', hint: expect.stringContaining('stillroom verify') });
    expect((await called(folder, ['verify'])).code).toBe(5);
    expect((await called(folder, ['gc'])).code).toBe(0);
    expect((await called(folder, ['runs'])).code).toBe(0);
  });

  test('refuses while a run is live, or waits for it; what the run reuses is there', async () => {
    const folder = copyOf(base);
    const go = join(folder, 'go');
    const pipeline = join(folder, 'pipelines/small.yaml');
    const text = readFileSync(pipeline, 'utf8').replace('{ echo "$title"', `until test -e ${go}; do sleep 0.05; done; { echo "$title"`);
    writeFileSync(pipeline, text);
    const run = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'small', '--set', 'train.rate=0.1', '--json'], {
      cwd: folder,
      env: { ...process.env, NOISE: '0', CI: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => run.once('close', resolve));
    while (!existsSync(join(folder, 'artifacts/runs')) || readdirSync(join(folder, 'artifacts/runs')).length < 5) await sleep(20);
    const refused = await asked<Answer>(folder, ['gc', '--keep-runs', '0']);
    expect(refused.code).toBe(2);
    expect(refused.answer.error).toMatchObject({ code: 'store-in-use', message: expect.stringContaining('(small) is live') });
    const project = openProject({ folder });
    const collected = await project.gc({
      keepRuns: 1,
      wait: true,
      onWait(message) {
        expect(message).toMatch(/^waits until no one uses the store: [\w-]+ \(small\) is live$/);
        writeFileSync(go, '');
      },
    });
    expect(await ended).toBe(0);
    expect(collected.ok && [...collected.value.keptRuns.values()]).toEqual(['among the newest 1']);
    expect((await asked(folder, ['reproduce', '@latest', '--restore'])).code).toBe(0);
  });
});
