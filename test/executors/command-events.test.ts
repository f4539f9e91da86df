import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../src/project/project.ts';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

/** Runs a pipeline of one command `work` and returns what the run told, and how it ended. */
async function told(folder: string, file = 'pipeline.yaml', set: readonly string[] = []) {
  const project = openProject({ folder });
  const events: Record<string, unknown>[] = [];
  const ended = await project.run(file, { set, onEvent: (event) => events.push(event as unknown as Record<string, unknown>) });
  project.close();
  if (!ended.ok) throw new Error(ended.problems[0]?.message);
  const { record, problems } = ended.value;
  const of = (type: string) => events.filter((event) => event['type'] === type);
  return { node: record.nodes['work'], problem: problems[0], of };
}

/** A project with a pipeline of one command that runs a Python program. */
function pythonProject(program: string, node = ''): string {
  const folder = emptyFolder();
  write(folder, {
    'work.py': program,
    'pipeline.yaml': `name: p\nstages:\n  work:\n    run: python3 "$code"\n    in: { code: ./work.py }\n    out: { out: out.txt }\n${node}`,
  });
  return folder;
}

describe('what a command tells while it runs', () => {
  test('reaches whoever watches, and the last value of each metric its record', async () => {
    const folder = pythonProject(`
from stillroom import log, metric, outputs, progress, warn
for epoch in range(3):
    metric("loss", 1 / (epoch + 1), step=epoch)
    progress(epoch + 1, 3, f"epoch {epoch}")
metric("accuracy", 0.5)
metric("accuracy", 0.9, step=9)
log("a line of the log")
warn("look here")
outputs.out.write_text("done")
`);
    const { node, of } = await told(folder);
    expect(node?.metrics).toEqual({ loss: { value: 1 / 3, measured: false }, accuracy: { value: 0.5, measured: false } });
    expect(of('node-metric').filter(({ name }) => name === 'loss')).toMatchObject(
      [0, 1, 2].map((step) => ({ step, value: 1 / (step + 1) })),
    );
    expect(of('node-progress').at(-1)).toMatchObject({ done: 3, total: 3, note: 'epoch 2' });
    expect(of('node-log').map(({ line }) => line)).toEqual(['a line of the log', 'warning: look here']);
    expect(of('notice')).toMatchObject([{ level: 'warning', node: 'work', message: 'look here' }]);
    const [file = ''] = readdirSync(join(folder, 'artifacts/scratch')).filter((name) => !name.startsWith('spare-'));
    expect(file).toBe('');
  });

  test('can be told from a shell, whatever its texts hold', async () => {
    const folder = emptyFolder();
    write(folder, {
      'pipeline.yaml': `name: p
stages:
  work:
    run: |
      stillroom-event metric 'a "b" \\ c' .5e1
      stillroom-event metric loss -0.25 007
      stillroom-event progress 1 3 'it says "x"'
      stillroom-event log "two
      lines"
      echo x > "$out"
    out: { out: out.txt }
`,
    });
    const { node, of } = await told(folder);
    expect(node?.metrics).toMatchObject({ 'a "b" \\ c': { value: 5 }, loss: { value: -0.25 } });
    expect(of('node-metric').at(-1)).toMatchObject({ step: 7 });
    expect(of('node-progress').at(-1)).toMatchObject({ done: 1, total: 3, note: 'it says "x"' });
    expect(of('node-log')).toHaveLength(1);
    const misused = spawnSync(join(checkout, 'src/shell/stillroom-event'), ['metric', 'loss', 'much'], { encoding: 'utf8' });
    expect([misused.status, misused.stderr]).toEqual([2, 'stillroom-event: much is no number\n']);
  });

  test('is named where it means nothing, and harms nothing', async () => {
    const folder = emptyFolder();
    const lines = ['{"broken', '[1]', '{"metric":"loss"}', '{"progress":[1]}', '{"checkpoint":"/etc"}', '', '{"metric":"ok","value":1}'];
    write(folder, {
      'lines.txt': lines.join('\n'),
      'pipeline.yaml':
        'name: p\nstages:\n  work:\n    run: cat "$lines" >> "$STILLROOM_EVENTS"; echo x > "$out"\n    in: { lines: ./lines.txt }\n    out: { out: out.txt }\n',
    });
    const { node, of } = await told(folder);
    expect(node?.metrics).toEqual({ ok: { value: 1, measured: false } });
    expect(of('notice').map(({ message }) => message)).toEqual([
      'line 1 of its events is no JSON object',
      'line 2 of its events is no JSON object',
      'line 3 of its events has no number as "value" of the metric "loss"',
      '2 more lines of its events told nothing',
    ]);
  });

  test('is thinned where there is more than anyone could see, but for the last value', async () => {
    const folder = pythonProject(`
from stillroom import metric, outputs
for step in range(20000):
    metric("loss", step, step=step)
outputs.out.write_text("done")
`);
    const { node, of } = await told(folder);
    expect(node?.metrics).toMatchObject({ loss: { value: 19999 } });
    const points = of('node-metric');
    expect(points.length).toBeGreaterThan(4999);
    expect(points.length).toBeLessThan(20000);
    expect(points.at(-1)).toMatchObject({ step: 19999 });
    expect(of('notice').map(({ message }) => message)).toEqual([expect.stringContaining('more metrics than are kept')]);
  });

  test.each([
    ['told last', 'metric("loss", float("nan"), step=4)', 'work has diverged: its metric "loss" is NaN at step 4'],
    [
      'in its file',
      'open("scores.json", "w").write(\'{"test": {"loss": -Infinity}}\')',
      'work has diverged: its metric "test.loss" is -Infinity',
    ],
  ])('that is no number any more means that it has diverged: %s', async (_, statement, message) => {
    const folder = pythonProject(
      `from stillroom import metric, outputs\nopen("scores.json", "w").write("{}")\n${statement}\noutputs.out.write_text("x")\n`,
      '    metrics: scores.json\n',
    );
    expect((await told(folder)).problem).toMatchObject({ code: 'diverged', message });
  });

  test('and was no number only for a while, is a warning', async () => {
    const folder = pythonProject(
      'from stillroom import metric, outputs\nmetric("loss", float("inf"), step=1)\nmetric("loss", 2, step=2)\noutputs.out.write_text("x")\n',
    );
    const { node, of } = await told(folder);
    expect(node?.metrics).toEqual({ loss: { value: 2, measured: false } });
    expect(of('notice').map(({ message }) => message)).toEqual(['its metric "loss" is Infinity at step 1']);
  });
});

describe('what a command is given as JSON', () => {
  test('has numbers, lists and mappings as such, and a text as text', async () => {
    const folder = pythonProject(
      `
import json
from stillroom import inputs, outputs, params
found = [params.rate, params.version, params.layers, params.deep.er, params["whole"], sorted(params), inputs.code.name, params.get("none", 7)]
outputs.out.write_text(json.dumps(found))
`,
      '    with: { rate: 1e-3, version: "3.10", layers: [1, 2.5], deep: { er: true }, whole: 3 }\n',
    );
    await told(folder);
    const out = readFileSync(join(folder, 'artifacts/latest/p/work/out.txt'), 'utf8');
    expect(JSON.parse(out)).toEqual([0.001, '3.10', [1, 2.5], true, 3, ['deep', 'layers', 'rate', 'version', 'whole'], 'code.py', 7]);
    const plan = async (...set: string[]) => (await called(folder, ['plan', 'pipeline.yaml', ...set, '--json'])).json.nodes?.[0];
    expect(await plan()).toMatchObject({ action: 'reuse' });
    // A number is not the text that it is written as, though both stand in the same variable.
    edit(folder, 'pipeline.yaml', 'rate: 1e-3', 'rate: "1e-3"');
    expect(await plan()).toMatchObject({ action: 'run', cause: 'kind of param rate changed: number → text' });
    edit(folder, 'pipeline.yaml', 'rate: "1e-3"', 'rate: 5');
    expect(await plan('--set', 'work.rate=1e-3')).toMatchObject({ action: 'reuse' });
  });

  test('is empty by hand, where nothing is written either', () => {
    const folder = emptyFolder();
    const program = `
import stillroom, os
stillroom.metric("loss", 1); stillroom.progress(1, 2); stillroom.log("x"); stillroom.warn("x")
with stillroom.checkpoint.save() as path: (path / "x").write_text("x")
print(stillroom.params.get("epochs", 3), stillroom.checkpoint.folder, stillroom.stopping(), os.listdir("."))
try: stillroom.params.epochs
except AttributeError as error: print(error)
`;
    const env = { PATH: process.env['PATH'], PYTHONPATH: join(checkout, 'src/python'), PYTHONDONTWRITEBYTECODE: '1' };
    expect(execFileSync('python3', ['-c', program], { cwd: folder, env, encoding: 'utf8' })).toBe(
      "3 None False []\nparams has no 'epochs' (there are: none: it does not run in a pipeline)\n",
    );
  });
});

/** Counts to `epochs` from its checkpoint, which is a number in a file, and fails once it has come to `until`. */
const COUNTING = `
from stillroom import checkpoint, metric, outputs, params
start = 0 if checkpoint.folder is None else int((checkpoint.folder / "epoch.txt").read_text())
print("from", start)
for epoch in range(start, params.epochs):
    metric("score", epoch * params.rate, step=epoch)
    with checkpoint.save() as folder:
        (folder / "epoch.txt").write_text(str(epoch + 1))
    if epoch + 1 == params.until and start == 0:
        raise SystemExit("enough")
outputs.out.write_text(str(params.epochs))
`;

describe("a command's checkpoints", () => {
  const node = '    with: { epochs: 4, rate: 1, until: 2 }\n    budget: epochs\n    metrics: { goals: { score: maximize } }\n';
  const logOf = ({ of }: Awaited<ReturnType<typeof told>>) => of('node-log').map(({ line }) => line);

  test('outlive an attempt that failed; only a whole one is gone on from', async () => {
    const folder = pythonProject(COUNTING, node);
    expect(logOf(await told(folder))).toEqual(['from 0', 'enough']);
    const root = join(folder, 'artifacts/checkpoints');
    const [work = ''] = readdirSync(root);
    expect(readdirSync(join(root, work)).sort()).toEqual(['complete-1', 'complete-2']);
    writeFileSync(join(root, work, 'complete-2/epoch.txt'), '9');
    expect(logOf(await told(folder))).toEqual(['from 1']);
  });

  test('are what a larger budget goes on from', async () => {
    const folder = pythonProject(COUNTING, node.replace('until: 2', 'until: 0'));
    expect(logOf(await told(folder))).toEqual(['from 0']);
    expect(logOf(await told(folder, 'pipeline.yaml', ['work.epochs=6']))).toEqual(['from 4']);
  });

  test('carry what a sweep promotes', async () => {
    const folder = pythonProject(COUNTING, node.replace('until: 2', 'until: 0'));
    const asha = '{ name: asha, budget: work.epochs, from: 1, to: 4, factor: 2 }';
    const sweep = `sweep:\n  over: { work.rate: [1, 2, 3, 4] }\n  strategy: ${asha}\n  trials: 4\n  objective: { maximize: work.score }\n`;
    writeFileSync(join(folder, 'pipeline.yaml'), readFileSync(join(folder, 'pipeline.yaml'), 'utf8') + sweep);
    const { code } = await called(folder, ['sweep', 'pipeline.yaml', '--parallel', '1', '--json']);
    expect(code).toBe(0);
    const root = join(folder, 'artifacts/logs');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('work.log'));
    const logs = files.map((path) => readFileSync(join(root, path), 'utf8'));
    expect(logs.some((log) => log === 'from 0\n')).toBe(true);
    expect(logs.some((log) => log === 'from 1\n' || log === 'from 2\n')).toBe(true);
  });

  test('need a budget that is a param', async () => {
    const folder = pythonProject(COUNTING, node.replace('budget: epochs', 'budget: epoch'));
    const { json } = await called(folder, ['plan', 'pipeline.yaml', '--json']);
    expect(json.error).toMatchObject({ code: 'unknown-param', line: 8, message: '"epoch" is no param of the command' });
  });
});

describe('metrics of a command', () => {
  test.each([
    ['scores.json', '{"test": {"accuracy": 0.5}, "count": 3}'],
    ['scores.yaml', 'test: { accuracy: 0.5 }\ncount: 3\n'],
    ['scores.toml', 'count = 3\n[test]\naccuracy = 0.5\n'],
  ])('are read from %s, with what is known of them', async (file, text) => {
    const folder = emptyFolder();
    write(folder, {
      'scores.txt': text,
      'pipeline.yaml': `name: p\nstages:\n  work:\n    run: cp "$scores" ${file}; echo x > "$out"\n    in: { scores: ./scores.txt }\n    out: { out: out.txt }\n    metrics: { path: ${file}, goals: { test.accuracy: maximize }, tolerance: { count: 1 } }\n`,
    });
    const { node } = await told(folder);
    expect(node?.metrics).toEqual({ 'test.accuracy': { value: 0.5, measured: false }, count: { value: 3, measured: false } });
    expect(node?.recipe?.metrics).toEqual({ 'test.accuracy': { goal: 'maximize' }, count: { tolerance: 1 } });
  });
});
