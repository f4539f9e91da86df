import { expect, test } from 'vitest';
import { sectionOf, sectionOptions } from '../../src/commands/sweep-options.ts';
import type { Outcome, Problem } from '../../src/model/problem.ts';
import { strategies } from '../../src/sweep/strategies.ts';

type Given = Readonly<Partial<Record<keyof typeof sectionOptions, string | readonly string[]>>>;

/** What the command line gives as a section of the file, or all problems. */
function readSection(given: Given): Outcome<ReturnType<typeof sectionOf>> {
  const read = Object.entries(sectionOptions).map(([name, option]) => option.read(given[name as keyof Given]));
  const problems: readonly Problem[] = read.flatMap((one) => (one.ok ? [] : one.problems));
  const parts = read.flatMap((one) => (one.ok ? one.value : []));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: sectionOf(parts) };
}

test('options say what the section of a file says', () => {
  const read = readSection({
    over: ['student.lr=log:1e-4..1e-2/5', 'teacher[fold=1].epochs=3,5'],
    repeat: ['seed=1,2,3'],
    strategy: 'tpe',
    maximize: ['a.b', 'c.d'],
    minimize: ['e.f'],
    constraint: ['export.bytes<=3e6', 'export.bytes > 10', 'fps>=30'],
    only: ['student', 'card'],
    trials: '50',
    time: '1.5h',
    parallel: '4',
    seed: '0',
  });
  expect(read).toMatchObject({
    ok: true,
    value: {
      over: { 'student.lr': 'log:1e-4..1e-2/5', 'teacher[fold=1].epochs': '3,5' },
      repeats: { seed: '1,2,3' },
      strategy: 'tpe',
      objective: { maximize: ['a.b', 'c.d'], minimize: ['e.f'] },
      constraints: { 'export.bytes': { max: 3e6, above: 10 }, fps: { min: 30 } },
      only: ['student', 'card'],
      trials: 50,
      time: '1.5h',
      parallel: 4,
      seed: 0,
      optionNames: {
        '/over/student.lr': '--over student.lr=log:1e-4..1e-2/5',
        '/objective/maximize/1': '--maximize c.d',
        '/constraints/fps': '--constraint fps>=30',
        '/only/0': '--only student',
        '/over': '--over',
        '/trials': '--trials 50',
      },
    },
  });
  expect(readSection({})).toEqual({ ok: true, value: { optionNames: {} } });
});

test('all options that cannot be read are told together, each with an example', () => {
  const read = readSection({
    over: ['student.lr'],
    repeat: ['=1'],
    constraint: ['a.b'],
    trials: '0',
    time: 'soon',
    seed: '-1',
    parallel: '1.5',
  });
  expect(read.ok || read.problems.map(({ code, message, hint }) => `${code}: ${message}: ${hint}`)).toEqual([
    'bad-option: --over student.lr is not of the form name=values: for example --over student.lr=1,2',
    'bad-option: --repeat =1 is not of the form name=values: for example --repeat seed=1,2,3',
    "bad-option: --constraint a.b is not of the form metric<number: for example --constraint 'a.b<=3'",
    'bad-option: --trials 0 is not a whole number above 0: for example --trials 3',
    'bad-option: --time soon is not a time: for example --time 30m',
    'bad-option: --parallel 1.5 is not a whole number above 0: for example --parallel 3',
    'bad-option: --seed -1 is not a whole number: for example --seed 3',
  ]);
});

test('help names every strategy', () => {
  for (const name of Object.keys(strategies)) expect(sectionOptions.strategy.about).toContain(name);
});
