import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { Results, Store, WantedResult } from '../../src/model/store.ts';
import type { Claim } from '../../src/model/workplace.ts';
import { ClaimMarks } from '../../src/stores/local/claim-marks.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { asker } from '../executors/fake.ts';
import { emptyFolder } from '../folders.ts';
import { collect, keptResult, open, value, workFingerprint } from './stores.ts';

const [one, other] = [sha256('one'), sha256('other')];

let root: string;

beforeEach(() => {
  root = emptyFolder();
  mkdirSync(join(root, 'locks'));
});

/** A moment after all that happened so far. */
function later(marks: ClaimMarks): number {
  const start = marks.moment();
  for (;;) if (marks.moment() > start) return marks.moment();
}

/** Claims a work for a while; returns whether it was untouched since a moment. */
function claimed(marks: ClaimMarks, work: string, since: number): boolean {
  marks.begin(work);
  const isUntouched = marks.isUntouched(work, since);
  marks.end(work);
  return isUntouched;
}

test('a claimed work is untouched unless it was claimed since, by whomever', () => {
  const [ours, theirs] = [new ClaimMarks(root), new ClaimMarks(root)];
  const since = later(ours);
  expect(claimed(theirs, other, since)).toBe(true);
  expect([claimed(ours, one, since), claimed(ours, other, since), claimed(ours, one, since)]).toEqual([true, false, false]);
  const since2 = later(ours);
  expect([claimed(ours, other, since2), claimed(theirs, one, since2)]).toEqual([true, true]);
});

test('one that is not claimed, or of which it is not known when others were looked at, is not known to be untouched', () => {
  const marks = new ClaimMarks(root);
  expect(marks.isUntouched(one, later(marks))).toBe(false);
  marks.begin(one);
  expect([marks.isUntouched(one, undefined), marks.isUntouched(other, later(marks))]).toEqual([false, false]);
  marks.end(one);
  expect(marks.isUntouched(one, later(marks))).toBe(false);
});

test('one that a killed process had is not untouched, whenever that was, until another has had it', () => {
  new ClaimMarks(root).begin(one);
  const ours = new ClaimMarks(root);
  expect(claimed(ours, one, later(ours))).toBe(false);
  expect(claimed(ours, one, later(ours))).toBe(true);
});

test('where a place has been claimed so often that the oldest marks gave way, none that others claimed counts as untouched', () => {
  const [ours, theirs] = [new ClaimMarks(root), new ClaimMarks(root)];
  const crowd = Array.from({ length: 40 }, () => one.slice(0, 8) + randomBytes(28).toString('hex'));
  const [killed = '', early = ''] = crowd;
  const before = later(theirs);
  theirs.begin(killed);
  expect(claimed(theirs, early, before)).toBe(true);
  const since = later(ours);
  for (const work of crowd.slice(2)) claimed(theirs, work, since);
  // The mark of the killed process is older, and stays.
  expect(
    [...crowd]
      .reverse()
      .map((work) => claimed(ours, work, since))
      .includes(true),
  ).toBe(false);
  const since2 = later(ours);
  expect(claimed(ours, other, since2)).toBe(true);
});

test('a mark of before the machine was started anew tells nothing, but for one of a work that is still claimed', () => {
  const [work, dead] = [one, other];
  const file = join(root, 'locks/marks');
  // Both places hold a mark of a later time than it is.
  const marks = Buffer.alloc(2048 * 256);
  for (const name of [work, dead]) {
    const at = (Number.parseInt(name.slice(0, 8), 16) % 2048) * 256;
    marks.write(name.slice(0, 16), at, 'hex');
    marks.writeUIntLE(2 ** 47, at + 8, 6);
    marks[at + 14] = name === dead ? 1 : 0;
  }
  writeFileSync(file, marks);
  const ours = new ClaimMarks(root);
  const since = later(ours);
  expect([claimed(ours, work, since), claimed(ours, dead, since)]).toEqual([true, false]);
});

test('where nothing can be marked, no work is known to be untouched', () => {
  mkdirSync(join(root, 'locks/marks'));
  const marks = new ClaimMarks(root);
  expect(claimed(marks, one, later(marks))).toBe(false);
});

async function claim({ workplaces }: Store, work: string): Promise<Claim> {
  const claim = await workplaces.claim(work, asker());
  if (claim === undefined) throw new Error('not claimed');
  return claim;
}

test('who has claimed a work sees what others made of it, and left, though he looked before; of another he asks nobody', async () => {
  const { store: ours } = open();
  const theirs = localStore(ours.location);
  const errand = { signal: new AbortController().signal, notice: () => undefined };
  const wanted = { fingerprint: workFingerprint } as WantedResult;
  const found = async (results: Results, work: string): Promise<boolean> => (await results.find(wanted, errand, work)) !== undefined;
  const works = Array.from({ length: 3 }, (_, index) => sha256(`work ${index}`));
  const [first = '', second = '', third = ''] = works;
  const [one, two] = [await claim(ours, first), await claim(theirs, second)];
  expect([await found(ours.results, first), one.remains]).toEqual([false, []]);
  const left = theirs.workplaces.make(second);
  await keptResult(theirs, value(collect(theirs, { 'a.txt': 'a poem' })), 'run-1');
  two.release();
  // No one claimed this one: it is not looked for what others did.
  const three = await claim(ours, third);
  expect(await found(ours.results, third)).toBe(false);
  const again = await claim(ours, second);
  expect(await found(ours.results, second)).toBe(true);
  expect(again.remains.map(({ id }) => id)).toEqual([left.id]);
  for (const taken of [one, three, again]) taken.release();
  // What is fetched by hand is claimed by no one.
  await keptResult(theirs, value(collect(theirs, { 'a.txt': 'another poem' })), 'run-2');
  const last = await claim(ours, sha256('another work'));
  expect((await ours.results.find(wanted, errand, sha256('another work')))?.attempt.run).toBe('run-2');
  last.release();
});

test('what is kept of a work that is done whatever others made of it stands beside that', async () => {
  const { store: ours } = open();
  const theirs = localStore(ours.location);
  const [a, b] = ['a', 'b'].map((text) => value(collect(ours, { 'a.txt': text })));
  if (a === undefined || b === undefined) throw new Error('nothing collected');
  const first = await claim(ours, one);
  ours.results.see(one);
  first.release();
  const second = await claim(theirs, other);
  await keptResult(theirs, a, 'run-1');
  second.release();
  const third = await claim(ours, other);
  ours.results.see(other);
  await keptResult(ours, b, 'run-2');
  third.release();
  for (const { results } of [ours, localStore(ours.location)])
    expect(results.read(workFingerprint)?.attempts.map(({ run }) => run)).toEqual(['run-2', 'run-1']);
});
