import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openProject, type Project } from '../../src/project/project.ts';
import type { SweepEvent } from '../../src/model/sweep-event.ts';
import { emptyFolder, write } from '../rig.ts';

const PIPELINE = `name: words
params: { times: 1 }
stages:
  teacher: { run: 'echo teacher > "$out"', out: { out: out.txt } }
  student:
    run: |
      [ "$times" != 3 ] || { echo "Three is too many."; exit 1; }
      for i in $(seq "$times"); do cat "$teacher"; done > "$out"
      echo "{ \\"lines\\": $times }" > scores.json
    in: { teacher: teacher.out }
    with: { times: $times }
    out: { out: out.txt }
    metrics: scores.json
sweep:
  over: { times: [1, 2, 3] }
  objective: { maximize: student.lines }
`;

let folder: string;
let project: Project;
const file = 'words.yaml';

beforeEach(() => {
  folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', [file]: PIPELINE });
  project = openProject({ folder });
});

test('the library sweeps: its result is data, its events can be followed, and what it has finished is kept', async () => {
  const events: SweepEvent[] = [];
  const running = project.sweep(file, { parallel: 1 });
  for await (const event of running) events.push(event);
  const ended = await running;
  if (!ended.ok) throw new Error(ended.problems[0]?.message);
  const { id, state, trials, best, files } = ended.value;
  expect(state).toBe('done');
  expect(trials.map((trial) => trial.state)).toEqual(['done', 'done', 'failed']);
  expect(trials[2]?.error).toContain('student');
  expect(best).toMatchObject({ trial: 1, params: { times: 2 }, metrics: { 'student.lines': 2 } });
  expect(best?.runs[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(files['best'] ?? '', 'utf8')).toContain('times: 2');
  const executed = events.flatMap((event) =>
    event.type === 'trial-progress' && event.event.type === 'node-started' ? [`${event.trial} ${event.event.node}`] : [],
  );
  expect(executed).toEqual(['0 teacher', '0 student', '1 student', '2 student']);
  const kept = readFileSync(join(folder, 'artifacts/sweeps', id, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(kept.map((line) => (JSON.parse(line) as SweepEvent).type)).toEqual(
    events.map(({ type }) => type).filter((type) => type !== 'trial-progress'),
  );
  const again = await openProject({ folder }).sweep(file, {});
  expect(again).toMatchObject({
    ok: true,
    value: { id, trials: [{ runs: trials[0]?.runs }, { runs: trials[1]?.runs }, { state: 'failed' }] },
  });
  expect(existsSync(join(folder, 'artifacts/latest'))).toBe(false);
});

test('options stand in place of the section; what does not fit is told by the option, and nothing runs', async () => {
  const ended = await project.sweep(file, { over: { times: [5] }, repeats: { times: [6] }, set: ['times=9'] });
  expect(ended).toMatchObject({ ok: true, value: { trials: [{ params: { times: 5 } }] } });
  const refused = await project.sweep(file, { over: { tims: [5] } });
  expect(refused).toMatchObject({
    ok: false,
    problems: [{ code: 'unknown-param', message: expect.stringContaining('(from the option "over")') }],
  });
  const unread = await project.sweep(file, { over: { times: ['$nothing'] } });
  expect(unread.ok).toBe(false);
});

test('a signal stops it, and only one process has it at once', async () => {
  const stop = new AbortController();
  const events: SweepEvent[] = [];
  let beside: unknown;
  const ended = await project.sweep(file, {
    parallel: 1,
    signal: stop.signal,
    onEvent(event) {
      events.push(event);
      if (event.type === 'trial-started') beside ??= openProject({ folder }).sweep(file, {});
      if (event.type === 'trial-ended') stop.abort('enough');
    },
  });
  expect(ended).toMatchObject({ ok: true, value: { state: 'stopped', trials: [{ state: 'done' }] } });
  expect(events).toContainEqual(expect.objectContaining({ type: 'notice', message: 'enough' }));
  expect(await beside).toMatchObject({ ok: false, problems: [{ code: 'sweep-is-live' }] });
  expect(await project.sweep(file, {})).toMatchObject({
    ok: true,
    value: { trials: [{ state: 'done' }, { state: 'done' }, { state: 'failed' }] },
  });
});

test('each variant comes out as it does by itself, whatever it has in common with those before it', async () => {
  const chained = `name: chained
stages:
  first: { run: 'echo $x > "$out"', with: { x: 0 }, out: { out: out.txt } }
  second: { run: 'cat "$given" > "$out"; echo $y >> "$out"', in: { given: first.out }, with: { y: 0 }, out: { out: out.txt } }
  third: { run: 'cat "$given" > "$out"', in: { given: second.out }, out: { out: out.txt } }
`;
  write(folder, { 'chained.yaml': chained });
  const ended = await project.sweep('chained.yaml', { over: { 'second.y': [1, 2], 'first.x': [1, 2] }, parallel: 1 });
  if (!ended.ok) throw new Error(ended.problems[0]?.message);
  expect(ended.value.trials).toHaveLength(4);
  for (const { params, runs } of ended.value.trials) {
    const alone = emptyFolder();
    write(alone, { 'artifacts/.gitignore': '*\n', 'chained.yaml': chained });
    const set = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
    const run = await openProject({ folder: alone }).run('chained.yaml', { set });
    expect(run).toMatchObject({ ok: true, value: { record: { hash: runs[0]?.hash } } });
  }
});
