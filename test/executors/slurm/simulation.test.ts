import { beforeAll, describe, expect, test } from 'vitest';
import { traits } from './simulation/machines.ts';
import { shapes } from './simulation/shapes.ts';
import { type Simulation, simulate } from './simulation/simulation.ts';

// A cluster whose jobs wait and run a tenth as long as those of the bench, so that there is less to look at meanwhile.
const small = { ...traits, machines: 20, queue: { median: 6, sigma: 1.2 }, run: { median: 60, sigma: 1 }, repair: 180 };

const POLL = 15;
const JOBS = 40;

test('nodes of seconds share jobs, and all come out although jobs are ended at times', { timeout: 240_000 }, async () => {
  const shape = shapes['nodes side by side']?.(250, small.seed) ?? [];
  const end = await simulate({ shape, traits: { ...small, run: { median: 2, sigma: 1 } }, settings: { jobs: JOBS } });
  expect([...end.done].sort()).toEqual(shape.map(({ name }) => name).sort());
  expect(end.executions).toBeGreaterThan(end.done.length);
  expect(end.jobs).toBeLessThan(shape.length / 4);
});

describe.each(Object.entries(shapes))('a cluster that is played, and fails at times: %s', (_, shape) => {
  let end: Simulation;
  beforeAll(async () => {
    end = await simulate({ shape: shape(250, small.seed), traits: small, settings: { jobs: JOBS, poll: `${POLL}s` } });
  }, 240_000);

  test('all come out, and none is executed again that has come to its end', () => {
    const { states, done, executions } = end;
    expect(new Set(Object.values(states))).toEqual(new Set(['executed']));
    expect([...done].sort()).toEqual(Object.keys(states).sort());
    expect(executions).toBeGreaterThan(done.length);
  });

  test('squeue is asked as often as time goes by, however many nodes there are', () => {
    const { asked, makespan, executions } = end;
    expect(asked['squeue']).toBeLessThanOrEqual(makespan / POLL + 2);
    // One whose answer was lost is looked for before it is submitted again.
    expect(asked['squeue --name'] ?? 0).toBeLessThanOrEqual(0.05 * executions);
    expect(asked['sbatch']).toBeLessThanOrEqual(1.05 * executions);
    expect(asked['scancel'] ?? 0).toBeLessThanOrEqual(0.1 * executions);
  });

  test('folders are looked into as often as time goes by, and some times for each execution', () => {
    expect(end.looks).toBeLessThan(60 * end.makespan + 40 * end.executions);
  });

  test('there are hardly more jobs in the queue than may be: pilots that look for more to do, beside jobs of their own', () => {
    expect(end.most).toBeLessThanOrEqual(1.25 * JOBS);
  });
});
