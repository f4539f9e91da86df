import { describe, expect, test } from 'vitest';
import type { Settled } from '../../src/engine/inputs.ts';
import { Remakes } from '../../src/engine/remakes.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { Attempt } from '../../src/model/result.ts';
import { DrivenRun, failure, settle, states } from './driven-run.ts';
import { attemptOf, instanceOf, planOf } from './plans.ts';

const again = 'its outputs were damaged on the disk: they are made again';
const chain = [instanceOf('a'), instanceOf('b', { after: ['a'] })];

/** The end of a node in whose place another reader of the same producers finds nothing to read. */
const unfed = (...producers: readonly string[]) => ({ state: 'unfed' as const, producers });

/** What a node that ran gave. */
function executed(run: DrivenRun, name: string, bytes: string) {
  const { ready } = run.get(name);
  return {
    state: 'executed' as const,
    settled: { instance: ready.plan.prepared.instance, fingerprint: ready.fingerprint, attempt: attemptOf(name, bytes) },
  };
}

describe('a node whose outputs are lost when they are to be read', () => {
  test('is made again, and so is nothing else; its reader waits', async () => {
    const run = new DrivenRun(planOf(chain));
    await run.get('a').end();
    await run.get('b').end(unfed('a'));
    expect(run.names).toEqual(['a', 'b', 'a']);
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'b', 'a', 'b']);
    const end = await run.finish();
    expect(states(end)).toEqual({ a: 'executed', b: 'executed' });
    expect(end.problems).toEqual([]);
    expect(end.outcomes.get('a')?.cause).toBe(again);
    expect(run.events.filter(({ type }) => type === 'notice')).toMatchObject([{ node: 'a', level: 'warning', message: again }]);
    expect(run.events.flatMap((event) => (event.type === 'node-started' ? [[event.node, event.cause]] : []))).toEqual([
      ['a', 'it has not run before'],
      ['b', 'it has not run before'],
      ['a', again],
      ['b', 'it has not run before'],
    ]);
  });

  test('is made again once for two readers, and although it was reused', async () => {
    const nodes = [instanceOf('a'), instanceOf('b', { after: ['a'] }), instanceOf('c', { after: ['a'] })];
    const run = new DrivenRun(planOf(nodes, { reused: ['a'] }));
    expect(run.names).toEqual(['b', 'c']);
    await run.get('b').end(unfed('a'));
    await run.get('c').end(unfed('a', 'unknown'));
    expect(run.names).toEqual(['b', 'c', 'a']);
    await run.get('a').end();
    expect(run.names).toEqual(['b', 'c', 'a', 'b', 'c']);
    expect(states(await run.finish())).toEqual({ a: 'executed', b: 'executed', c: 'executed' });
  });

  test('fails if it comes out otherwise than others have read it', async () => {
    const run = new DrivenRun(planOf([...chain, instanceOf('c', { after: ['a'] }), instanceOf('d', { after: ['c'] })]));
    await run.get('a').end();
    await run.get('b').end();
    await run.get('c').end(unfed('a'));
    await run.get('a').end(executed(run, 'a', 'other bytes'));
    const { problems, outcomes, settled } = await run.end;
    const message = 'the outputs of a were damaged and came out otherwise when they were made again: b had read them as they were';
    const hint = 'run again: what depends on it is then made from what it is now';
    expect(problems).toEqual([{ kind: 'store', code: 'input-damaged', message, hint }]);
    expect(outcomes.get('a')).toMatchObject({ state: 'failed', cause: again, error: { message } });
    expect([outcomes.get('c')?.state, outcomes.get('d')?.state]).toEqual(['skipped', 'skipped']);
    expect([...settled.keys()]).toEqual(['b']);
  });

  test('names all who have read it otherwise', async () => {
    const readers = ['b', 'c', 'd'].map((name) => instanceOf(name, { after: ['a'] }));
    const run = new DrivenRun(planOf([instanceOf('a', { cpu: 0 }), ...readers]));
    await run.get('a').end();
    await run.get('b').end();
    await run.get('c').end();
    await run.get('d').end(unfed('a'));
    await run.get('a').end(executed(run, 'a', 'other bytes'));
    expect((await run.end).problems).toMatchObject([{ message: expect.stringMatching(/: b, c had read them as they were$/) }]);
  });

  test('is all that its reader waits for: what else it reads is still there', async () => {
    const run = new DrivenRun(planOf([instanceOf('a'), instanceOf('x'), instanceOf('b', { after: ['a', 'x'] })]));
    await run.get('a').end();
    await run.get('x').end();
    await run.get('b').end(unfed('a'));
    await run.get('a').end();
    expect(run.names).toEqual(['a', 'x', 'b', 'a', 'b']);
    await run.finish();
  });

  test('may come out otherwise where nobody has read it', async () => {
    const run = new DrivenRun(planOf(chain));
    await run.get('a').end();
    await run.get('b').end(unfed('a'));
    await run.get('a').end(executed(run, 'a', 'other bytes'));
    expect(states(await run.finish())).toEqual({ a: 'executed', b: 'executed' });
  });

  test('is given up when that happens again and again', async () => {
    const run = new DrivenRun(planOf(chain));
    for (let times = 0; times < 3; times += 1) {
      await run.get('a').end();
      await run.get('b').end(unfed('a'));
    }
    expect(run.names.filter((name) => name === 'a')).toHaveLength(3);
    const { problems, outcomes } = await run.end;
    const problem = { kind: 'store', code: 'input-damaged', message: 'the outputs of a are damaged again and again' };
    expect(problems).toEqual([{ ...problem, hint: 'test the disk, then run again' }]);
    expect([outcomes.get('a')?.state, outcomes.get('b')?.state]).toEqual(['failed', 'skipped']);
  });

  test('lets what was to be reused with the former bytes be decided anew', async () => {
    const nodes = [instanceOf('a'), instanceOf('x', { after: ['a'] }), instanceOf('b', { after: ['a', 'x'] })];
    const run = new DrivenRun(planOf(nodes, { reused: ['a', 'b'] }));
    await run.get('x').end(unfed('a'));
    await run.get('a').end(executed(run, 'a', 'other bytes'));
    await run.get('x').end();
    expect(run.names).toEqual(['x', 'a', 'x', 'b']);
    expect(states(await run.finish())).toEqual({ a: 'executed', x: 'executed', b: 'executed' });
  });
});

describe('when all have come out', () => {
  const asking = (...answers: readonly (readonly string[])[]) => {
    const asked: string[][] = [];
    const lost = (settled: ReadonlyMap<string, unknown>): readonly string[] => {
      asked.push([...settled.keys()]);
      return answers[asked.length - 1] ?? [];
    };
    return { asked, lost };
  };

  test('what is lost by then is made again, until nothing is', async () => {
    const { asked, lost } = asking(['a']);
    const run = new DrivenRun(planOf(chain), { lost });
    await run.get('a').end();
    await run.get('b').end();
    await settle();
    expect(run.names).toEqual(['a', 'b', 'a']);
    const end = await run.finish();
    expect(states(end)).toEqual({ b: 'executed', a: 'executed' });
    expect(asked).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });

  test('nobody is asked where something failed or did not run', async () => {
    const { asked, lost } = asking();
    const run = new DrivenRun(planOf(chain), { lost });
    await run.get('a').end(failure(run.get('a').ready));
    await run.end;
    const stopped = new DrivenRun(planOf(chain), { lost });
    stopped.asked.abort();
    await stopped.get('a').end();
    await stopped.end;
    expect(asked).toEqual([]);
  });

  test('what is lost again and again ends the run', async () => {
    const { asked, lost } = asking(['a'], ['a'], ['a'], ['a']);
    const { problems, outcomes } = await new DrivenRun(planOf([instanceOf('a')]), { lost }).finish();
    expect(asked).toHaveLength(3);
    expect(problems).toMatchObject([{ code: 'input-damaged' }]);
    expect(outcomes.get('a')?.state).toBe('failed');
  });
});

describe('a node came out otherwise', () => {
  const settled = (attempt: Partial<Attempt>, measured = false): Settled => {
    const instance: Instance = { ...instanceOf('a'), outputs: { out: { kind: 'file', suffix: '.txt', measured } } };
    return { instance, fingerprint: 'f', attempt: { ...attemptOf('a'), ...attempt } };
  };
  const file = attemptOf('a').outputs['out'] as NonNullable<Attempt['outputs'][string]>;
  const other = { out: { ...file, digest: 'b'.repeat(64) } };

  test.each<[string, boolean, Settled, Settled]>([
    ['of other bytes', true, settled({}), settled({ outputs: other })],
    ['that is executable now', true, settled({}), settled({ outputs: { out: { ...file, executable: true } } })],
    ['under another name', true, settled({}), settled({ outputs: { result: file } })],
    ['after more seconds', false, settled({}), settled({ seconds: 9 })],
    ['of other bytes that are measured', false, settled({}, true), settled({ outputs: other }, true)],
  ])('%s: %s', (_, otherwise, before, after) => {
    const remakes = new Remakes();
    expect(remakes.isOtherwise(after)).toBe(false);
    expect(remakes.note(before)).toBeUndefined();
    expect(remakes.isOtherwise(after)).toBe(otherwise);
    expect(remakes.note(after)).toBeUndefined();
    expect(remakes.isOtherwise(after)).toBe(otherwise);
    expect(remakes.isOtherwise(before)).toBe(false);
  });
});
