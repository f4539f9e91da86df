import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/model/problem.ts';
import { openProject } from '../../src/project/project.ts';
import { checkout, copyOf, edit, emptyFolder, runAndCheckPlan, stillroom } from '../rig.ts';

// Made by `make.sh` beside it with the last Stillroom whose stores have format 1.
const fixture = join(checkout, 'test/fixtures/former-store');
const [file = ''] = readdirSync(join(fixture, 'store/runs'));
const run = file.replace('.json', '');
const cards = ['[v=1,one={"level":15}]', '[v=1,one={"level":25}]', '[v=a,b,one={"level":15}]', '[v=a,b,one={"level":25}]'];
const nodes = ['build', 'words[least=1]', 'words[least=4]', ...cards.map((point) => `cards${point}`), 'end'];

/** The project as it was when it was run, with its store. */
function formerProject(): string {
  const folder = join(emptyFolder(), 'project');
  cpSync(join(fixture, 'project'), folder, { recursive: true });
  cpSync(join(fixture, 'store'), join(folder, 'artifacts'), { recursive: true });
  mkdirSync(join(folder, 'data/nothing'));
  chmodSync(join(folder, 'tool.sh'), 0o755);
  return folder;
}

let base: string;

beforeAll(() => {
  base = formerProject();
});

/** What a command answers as JSON. */
async function answer<Answer>(folder: string, ...args: string[]): Promise<{ readonly code: number; readonly answer: Answer }> {
  const { code, stdout } = await stillroom(folder, [...args, '--json']);
  return { code, answer: JSON.parse(stdout) as Answer };
}

async function told<Value>(asked: Promise<Outcome<Value>>): Promise<Value> {
  const outcome = await asked;
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.value;
}

interface Judged {
  readonly verdict: string;
  readonly artifacts: readonly { readonly verdict: string; readonly node: string; readonly file: string | null }[];
}

interface Planned {
  readonly nodes: readonly { readonly node: string; readonly action: string; readonly cause: string }[];
}

describe('a store of the first format', () => {
  test('shows its runs, their nodes and their reports, and is whole', async () => {
    const project = openProject({ folder: base });
    try {
      expect((await told(project.records.list())).map((row) => row.run)).toEqual([run]);
      const { record } = await told(project.records.show(run));
      expect(Object.keys(record.nodes)).toEqual(nodes);
      expect(project.records.lineageOf(record, 'end').length).toBeGreaterThan(3);
      const [report] = await told(project.records.report([run]));
      expect(JSON.stringify(report)).toContain('cards[v=a,b,one=');
      expect(await told(project.verify())).toMatchObject({ damaged: [] });
      const to = join(emptyFolder(), 'out');
      await told(project.restore(run, { to }));
      expect(readFileSync(join(to, 'end/list.txt'), 'utf8')).toContain('hello from the tool');
    } finally {
      project.close();
    }
  });

  test('has its runs run again to the same bytes, as they were run then', async () => {
    const { code, answer: judged } = await answer<Judged>(base, 'reproduce', run);
    expect(judged.artifacts.filter(({ verdict }) => verdict !== 'identical')).toEqual([]);
    expect(judged).toMatchObject({ verdict: 'identical' });
    expect(judged.artifacts).toHaveLength(11);
    expect(code).toBe(0);
  });

  test('finds sources that it did not keep by what counted then', async () => {
    const folder = copyOf(base);
    rmSync(join(folder, 'artifacts/sources'), { recursive: true });
    const { answer: judged } = await answer<Judged>(folder, 'reproduce', run, '--only', 'words[least=1]');
    // A folder that is not kept is given as it lies there, its empty folders among it: so it was then.
    expect(judged.artifacts.map(({ node }) => node)).toEqual(['words[least=1]', 'words[least=1]']);
  });

  test('has its packs run again anywhere, and makes packs of its runs', async () => {
    const { answer: judged } = await answer<Judged>(emptyFolder(), 'reproduce', '--from', join(fixture, 'run.still'));
    expect(judged.verdict).toBe('identical');
    const pack = join(emptyFolder(), 'run.still');
    const project = openProject({ folder: base });
    await told(project.pack(run, pack));
    project.close();
    const { answer: again } = await answer<Judged>(emptyFolder(), 'reproduce', '--from', pack, '--only', 'build');
    expect(again.verdict).toBe('identical');
  });
});

describe('the work of a store of the first format', () => {
  test('reruns once, the plan says why, and its runs are compared by what counted then', async () => {
    const folder = copyOf(base);
    const { answer: plan } = await answer<Planned>(folder, 'plan', 'pipeline.yaml');
    expect(plan.nodes.map(({ action }) => action)).toEqual(plan.nodes.map(() => 'run'));
    const causes = plan.nodes.map(({ cause }) => cause);
    const format = "Stillroom's own format changed: 1 → 2";
    // Where the folder is read, its empty one counts now.
    expect([...new Set(causes)].sort()).toEqual([format, expect.stringMatching(`^${format}; input data changed: \\w+ → \\w+$`)]);
    expect(await runAndCheckPlan(folder, ['pipeline.yaml'])).toHaveLength(nodes.length);
    expect(await runAndCheckPlan(folder, ['pipeline.yaml'])).toEqual([]);
    const project = openProject({ folder });
    try {
      const [compared] = (await told(project.records.compare([run, '@latest']))).runs;
      const changes = compared?.difference.changes.filter(({ kind }) => kind !== 'fact');
      // What lists or shows what is new (folders, names) came out otherwise; the folder that has an empty one now did not.
      expect(changes?.map(({ node, kind, name }) => `${kind} ${node}.${name}`)).not.toContain('output build.parts');
      expect(changes?.filter(({ kind }) => kind !== 'output')).toEqual([]);
      const { artifacts } = await told(project.records.verdicts(run, '@latest'));
      expect(artifacts.find(({ node, port }) => node === 'build' && port === 'parts')?.verdict).toBe('identical');
      expect(artifacts.find(({ node, port }) => node === 'build' && port === 'program')?.verdict).toBe('identical');
      await told(project.gc({ keepRuns: 1 }));
    } finally {
      project.close();
    }
    expect(await runAndCheckPlan(folder, ['pipeline.yaml'])).toEqual([]);
  });

  test('names beside the format what else has changed', async () => {
    const folder = copyOf(base);
    edit(folder, 'pipeline.yaml', 'most: 5', 'most: 6');
    edit(folder, 'data/poem.txt', 'three', 'four');
    const { answer: plan } = await answer<Planned>(folder, 'plan', 'pipeline.yaml');
    const { cause = '' } = plan.nodes.find(({ node }) => node === 'words[least=1]') ?? {};
    expect(cause).toBe("Stillroom's own format changed: 1 → 2; param most changed: 5 → 6; 2 more");
  });
});
