import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Segments } from '../../src/stores/local/segments/segments.ts';
import { openProject, type Outcome } from '../../src/project/project.ts';
import { asAnotherUser, type CommandOptions, emptyFolder, giveAway, stillroom, write } from '../rig.ts';

const pipeline = `name: p
sources: { words: words.txt }
stages:
  count: { run: 'wc -w < "$words" > "$n"; seq 50', in: { words: $sources.words }, out: { n: n.txt } }
  twice: { run: 'cat "$n" "$n" > "$m"', in: { n: count.n }, out: { m: m.txt } }
`;

function newProject(): string {
  const folder = emptyFolder();
  write(folder, { 'p.yaml': pipeline, 'words.txt': 'a b c', 'package.json': '{}' });
  mkdirSync(join(folder, 'artifacts'));
  return folder;
}

const problemOf = (outcome: Outcome<unknown>) => (outcome.ok ? undefined : outcome.problems[0]);

/** Runs the pipeline; notices that were told, and how it ended. */
async function run(folder: string) {
  const project = openProject({ folder });
  const notices: string[] = [];
  const ended = await project.run('p.yaml', { onEvent: (event) => void (event.type === 'notice' && notices.push(event.message)) });
  project.close();
  if (!ended.ok) return { notices, problems: ended.problems, state: undefined, hash: undefined };
  const { record, problems } = ended.value;
  return { notices, problems, state: record.state, hash: record.hash };
}

describe('a file where the store needs a folder', () => {
  const inTheWay = (name: string): string => {
    const folder = newProject();
    writeFileSync(join(folder, 'artifacts', name), 'a file');
    return folder;
  };

  test.each(['runs', 'segments', 'sources', 'scratch', 'locks'])('%s: one problem that names it, and none of it is kept', async (name) => {
    const folder = inTheWay(name);
    const { problems, state } = await run(folder);
    expect(state).not.toBe('done');
    expect(problems).toMatchObject([
      { kind: 'store', code: 'store-unwritable', message: expect.stringContaining(join('artifacts', name)) },
    ]);
    expect(problems[0]?.hint).toMatch(/^move (that file|it) away/);
    rmSync(join(folder, 'artifacts', name));
    expect(await run(folder)).toMatchObject({ state: 'done', problems: [], hash: (await run(newProject())).hash });
  });

  test('index: nothing is missed, since it only spares work', async () => {
    expect(await run(inTheWay('index'))).toMatchObject({ state: 'done', problems: [] });
  });

  test('latest: what came out is kept, and the problem says how to get at it', async () => {
    const folder = inTheWay('latest');
    const { problems, state, hash } = await run(folder);
    expect({ state, hash }).toEqual({ state: 'done', hash: expect.any(String) });
    expect(problems).toMatchObject([{ message: expect.stringContaining('latest'), hint: expect.stringContaining('--restore') }]);
    expect([...new Segments(join(folder, 'artifacts')).keys('result')]).toHaveLength(2);
  });

  test('logs: told as notices, since what came out is whole', async () => {
    const { problems, state, notices } = await run(inTheWay('logs'));
    expect({ problems, state }).toEqual({ problems: [], state: 'done' });
    expect(notices.filter((one) => one.includes('log is not whole'))).toHaveLength(1);
    expect(notices.filter((one) => one.includes('file of events is not whole'))).toHaveLength(1);
  });
});

test('a record that the disk does not give: each door of the library tells it', async () => {
  const folder = newProject();
  expect(await run(folder)).toMatchObject({ state: 'done' });
  const runs = join(folder, 'artifacts/runs');
  const [file = ''] = readdirSync(runs);
  renameSync(join(runs, file), join(folder, 'record'));
  // Reading there gives an input/output error.
  symlinkSync('/proc/self/mem', join(runs, file));
  rmSync(join(folder, 'artifacts/index'), { recursive: true });
  const id = file.replace('.json', '');
  const project = openProject({ folder });
  const doors: Readonly<Record<string, () => PromiseLike<Outcome<unknown>>>> = {
    find: () => project.records.find(id),
    list: () => project.records.list(),
    show: () => project.records.show(id),
    report: () => project.records.report([id]),
    pack: () => project.pack(id, join(folder, 'run.still')),
    restore: () => project.restore(id),
    reproduce: () => project.reproduce(id),
    tag: () => project.tags.set(id, 'name'),
    gc: () => project.gc({ dryRun: true }),
  };
  for (const [door, ask] of Object.entries(doors)) {
    const problem = problemOf(await ask());
    expect(`${door}: ${problem?.message}`).toContain(`cannot read ${join(runs, file)}: its disk gave an input/output error (EIO)`);
  }
});

const other = asAnotherUser();
const asOther: CommandOptions = { wrapper: other ?? [] };

describe.runIf(other !== undefined)('another user', () => {
  test('a source that may not be read is named with the remedy', async () => {
    const folder = newProject();
    giveAway(folder);
    chmodSync(join(folder, 'words.txt'), 0);
    const { code, stderr } = await stillroom(folder, ['run', 'p.yaml'], asOther);
    expect(code).toBe(3);
    expect(stderr).toContain(`${join(folder, 'words.txt')}: permission denied (EACCES)`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('reads a store that it may not write to, and is told so where it would write', async () => {
    const folder = newProject();
    expect(await run(folder)).toMatchObject({ state: 'done' });
    chmodSync(folder, 0o755);
    const ask = (...args: string[]) => stillroom(folder, args, asOther);
    const before = readdirSync(join(folder, 'artifacts'), { recursive: true }).length;
    const target = emptyFolder();
    giveAway(target);
    const reading = [
      ['runs'],
      ['show', '@latest'],
      ['report', '@latest', '--md'],
      ['report', '@latest', '--output', join(target, 'report.html')],
      ['verify'],
      ['plan', 'p.yaml'],
      ['plan', 'p.yaml', '--set', 'sources.words=package.json'],
      ['why', 'p.yaml'],
      ['diff', '@latest', '@latest'],
      ['tag'],
      ['gc', '--dry-run'],
      ['pack', '@latest', '--output', join(target, 'run.still')],
    ];
    for (const args of reading)
      expect({ args, ...(await ask(...args)) }).toMatchObject({ args, code: 0, stderr: expect.not.stringContaining('error') });
    expect(existsSync(join(target, 'run.still'))).toBe(true);
    for (const args of [['run', 'p.yaml'], ['tag', '@latest', 'name'], ['gc']]) {
      const { code, stderr } = await ask(...args);
      expect({ args, code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('permission denied') });
    }
    expect((await ask('doctor')).stdout).toContain('cannot be written');
    expect(readdirSync(join(folder, 'artifacts'), { recursive: true })).toHaveLength(before);
  });
});
