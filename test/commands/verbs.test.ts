import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { localStore } from '../../src/stores/local/store.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { copyOf, edit, type Ended, emptyFolder, called, stillroom, write } from '../rig.ts';
import { rot } from '../stored.ts';

const text = `name: demo
about: Two cards and a measurement
params: { title: Poems, lines: 3 }
sources: { poem: poem.txt }
stages:
  card:
    run: '{ echo "$title"; head -n "$lines" "$text"; } > "$card"'
    in: { text: $sources.poem }
    with: { title: $title, lines: $lines }
    out: { card: card.md }
    tools: [head]
  upper: { run: 'tr a-z A-Z < "$text" > "$out"', in: { text: card.card }, out: { out: upper.txt }, tools: [tr] }
  bench:
    run: 'echo "$RANDOM" > "$report"; echo "{ \\"speed\\": $RANDOM }" > metrics.json'
    in: { text: upper.out }
    out: { report: { path: report.txt, measured: true } }
    metrics: metrics.json
    tools: [bash]
`;

let base: string;
let first: Ended;

async function json(folder: string, ...args: string[]): Promise<Ended> {
  return called(folder, [...args, '--json']);
}

function records(folder: string): RunRecord[] {
  const runs = join(folder, 'artifacts/runs');
  const names = existsSync(runs) ? readdirSync(runs).filter((name) => name.endsWith('.json')) : [];
  return names.map((name) => JSON.parse(readFileSync(join(runs, name), 'utf8')) as RunRecord);
}

function emptyProject(files: Record<string, string> = {}): string {
  const folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', 'demo.yaml': text, 'poem.txt': 'one\ntwo\nthree\nfour\n', ...files });
  return folder;
}

beforeAll(async () => {
  base = emptyProject();
  // One in a process of its own; the others are called in this one.
  first = await stillroom(base, ['run', 'demo.yaml', '--json']);
});

describe('run', () => {
  test('prints one object of a stable shape, and nothing else on the standard output', () => {
    expect(first.code).toBe(0);
    const { run, hash, outputs, metrics, ...rest } = first.json;
    expect(rest).toEqual({ version: 1, state: 'done', executed: ['card', 'upper', 'bench'], reused: [], failed: [], skipped: [] });
    expect(run).toMatch(/^\d{8}T\d{6}-[0-9a-f]{6}$/);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(metrics ?? {})).toEqual(['bench.speed']);
    expect(outputs).toEqual({
      'card.card': join(base, 'artifacts/latest/demo/card/card.md'),
      'upper.out': join(base, 'artifacts/latest/demo/upper/out.txt'),
      'bench.report': join(base, 'artifacts/latest/demo/bench/report.txt'),
    });
    expect(readFileSync(outputs?.['upper.out'] ?? '', 'utf8')).toBe('POEMS\nONE\nTWO\nTHREE\n');
  });

  test('shows a person what came out, the run, its hash and what to do next; progress goes to the standard error', async () => {
    const again = await called(base, ['run', 'demo.yaml']);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^demo: done in .* 0 executed, 3 reused\n/);
    expect(again.stdout).toContain(first.json.hash ?? 'none');
    expect(again.stdout).toMatch(/bench\.report\s+artifacts\/latest\/demo\/bench\/report\.txt/);
    expect(again.stdout.split('next:\n')[1]?.match(/npx stillroom/g)).toHaveLength(3);
    expect(again.stderr).toContain('reused');
  });

  test('gives equal results one hash: in another folder, by another run, whatever was measured', async () => {
    const elsewhere = await json(emptyProject(), 'run', 'demo.yaml', '--jobs', '1');
    expect(elsewhere.json.executed).toHaveLength(3);
    expect(elsewhere.json.hash).toBe(first.json.hash);
    const folder = copyOf(base);
    const measured = await json(folder, 'run', 'demo.yaml', '--force', 'bench');
    expect(measured.json.executed).toEqual(['bench']);
    expect(measured.json.metrics).not.toEqual(first.json.metrics);
    expect(measured.json.hash).toBe(first.json.hash);
    expect(measured.stderr).not.toContain('not deterministic');
    const other = await json(folder, 'run', 'demo.yaml', '--set', 'title=Others');
    expect(other.json.hash).not.toBe(first.json.hash);
    const unseen = await json(folder, 'run', 'demo.yaml', '--set', 'lines=9');
    expect(unseen.json.executed).toEqual(['card', 'upper', 'bench']);
  });

  test('swaps the folder of outputs only when it is done', async () => {
    const folder = copyOf(base);
    edit(folder, 'demo.yaml', 'tr a-z A-Z < "$text" > "$out"', 'tr a-z A-Z < "$text" > "$out"; echo broken; exit 1');
    const failed = await json(folder, 'run', 'demo.yaml', '--set', 'title=Others');
    expect(failed.code).toBe(1);
    expect(failed.json).toMatchObject({ executed: ['card'], failed: ['upper'], skipped: ['bench'], hash: null, outputs: {} });
    expect(failed.json.error).toMatchObject({ code: 'exit-code', file: null, hint: expect.stringContaining('upper.log') });
    expect(readFileSync(join(folder, 'artifacts/latest/demo/card/card.md'), 'utf8')).toContain('Poems');
    const trial = await json(folder, 'run', 'demo.yaml', '--set', 'title=Others', '--only', 'card');
    expect(trial.json.reused).toEqual(['card']);
    expect(readFileSync(join(folder, 'artifacts/latest/demo/card/card.md'), 'utf8')).toContain('Others');
    expect(readFileSync(join(folder, 'artifacts/latest/demo/upper/out.txt'), 'utf8')).toContain('POEMS');
  });

  test('announces other bytes of equal work as not deterministic, and keeps both', async () => {
    const folder = emptyProject({
      'random.yaml': `name: random\nstages:\n  draw: { run: 'echo "$RANDOM$RANDOM" > "$out"', out: { out: out.txt } }\n  use: { run: 'cat "$drawn" > "$out"', in: { drawn: draw.out }, out: { out: out.txt } }\n`,
    });
    const before = await json(folder, 'run', 'random.yaml');
    const after = await json(folder, 'run', 'random.yaml', '--force', 'draw');
    const nothing = await json(folder, 'run', 'random.yaml', '--remeasure');
    expect([nothing.code, nothing.json.error?.code]).toEqual([2, 'bad-option']);
    expect(nothing.json.error?.message).toBe('--remeasure: no node of random measures the machine');
    expect(after.stderr).toContain('draw: not deterministic: the same work gave other bytes in out');
    expect(after.json.hash).not.toBe(before.json.hash);
    const { results } = localStore(join(folder, 'artifacts'));
    const { fingerprint = '' } = records(folder)[0]?.nodes['draw'] ?? {};
    expect(results.read(fingerprint)?.attempts.map(({ run }) => run)).toEqual([after.json.run, before.json.run]);
    const reused = await json(folder, 'run', 'random.yaml');
    expect(reused.json).toMatchObject({ reused: ['draw', 'use'], hash: after.json.hash });
    const why = await json(folder, 'why', after.json.run ?? '', 'use');
    expect(why.json.nodes?.[0]?.cause).toMatch(/input drawn changed: \w+ → \w+; draw is not deterministic/);
  });
});

describe('plan and why', () => {
  test('plan says of each node what a run would do, and why', async () => {
    const same = await json(base, 'plan', 'demo.yaml');
    expect(same.json).toMatchObject({
      version: 1,
      nodes: ['card', 'upper', 'bench'].map((node) => ({ node, action: 'reuse', cause: expect.any(String) })),
    });
    const changed = await json(base, 'plan', 'demo.yaml', '--set', 'title=Others');
    expect(changed.json.nodes).toMatchObject([
      { node: 'card', action: 'run', cause: 'param title changed: Poems → Others' },
      { node: 'upper', action: 'maybe', cause: expect.stringContaining('card') },
      { node: 'bench', action: 'maybe', cause: expect.stringContaining('upper') },
    ]);
    const spoken = await called(base, ['plan', 'demo.yaml', '--set', 'title=Others']);
    expect(spoken.stdout).toMatch(/run {4}card {3}param title changed: Poems → Others\n/);
    expect(spoken.stdout).toContain('1 to run, 2 maybe, 0 reused');
  });

  test('plan --strict refuses commands without tools', async () => {
    const folder = copyOf(base);
    edit(folder, 'demo.yaml', 'stages:', 'confine: project\nstages:');
    expect((await json(folder, 'plan', 'demo.yaml', '--strict')).code).toBe(0);
    edit(folder, 'demo.yaml', 'tools: [tr]', 'retries: 0');
    const strict = await json(folder, 'plan', 'demo.yaml', '--strict');
    expect(strict.code).toBe(3);
    expect(strict.json.error).toMatchObject({ code: 'undeclared-tools', message: expect.stringContaining('upper') });
  });

  test('why names each ingredient that changed, old → new', async () => {
    const planned = await json(base, 'why', 'demo.yaml', 'card', '--set', 'title=Others', '--set', 'lines=2');
    expect(planned.json.nodes).toMatchObject([
      {
        node: 'card',
        action: 'run',
        cause: 'param lines changed: 3 → 2; param title changed: Poems → Others',
        changes: [
          { what: 'param lines', from: '3', to: '2' },
          { what: 'param title', from: 'Poems', to: 'Others' },
        ],
      },
    ]);
    const folder = copyOf(base);
    writeFileSync(join(folder, 'poem.txt'), 'another\n');
    const spoken = await called(folder, ['why', 'card']);
    expect(spoken.stdout).toMatch(/^card runs: input text changed: [0-9a-f]{12} → [0-9a-f]{12}\n/);
    const ran = await json(base, 'why', first.json.run ?? '', 'card');
    expect(ran.json.nodes).toMatchObject([{ node: 'card', action: 'executed', cause: 'it has not run before' }]);
    expect((await json(base, 'why', 'demo.yaml', 'crad')).json.error).toMatchObject({ code: 'unknown-node', hint: 'did you mean "card"?' });
  });
});

describe('runs, show and verify', () => {
  test('runs lists what has run, newest first', async () => {
    const folder = copyOf(base);
    const second = await json(folder, 'run', 'demo.yaml', '--set', 'title=Others');
    const { json: listed } = await json(folder, 'runs');
    expect(listed.runs?.[0]).toMatchObject({
      run: second.json.run,
      hash: second.json.hash,
      pipeline: 'demo',
      state: 'done',
      started: expect.stringMatching(/Z$/),
      seconds: expect.any(Number),
      executed: 3,
      reused: 0,
      set: ['title=Others'],
    });
    expect((await json(folder, 'runs', '--limit', '1')).json.runs).toHaveLength(1);
    expect((await called(folder, ['runs'])).stdout).toContain(second.json.run ?? 'none');
    expect((await json(folder, 'runs', '--limit', 'none')).code).toBe(2);
  });

  test('show names the log of a node that printed something', async () => {
    const folder = emptyProject({ 'say.yaml': `name: say\nstages:\n  say: { run: 'echo hello; echo > "$o"', out: { o: o } }\n` });
    await called(folder, ['run', 'say.yaml']);
    expect((await called(folder, ['show', '@latest', 'say'])).stdout).toMatch(/^say: executed in .*[\s\S]*\nlog\n {2}logs\/.*say\.log/);
  });

  test('show gives a run by its id, its hash, the beginning of either, or @latest', async () => {
    const words = [first.json.run, first.json.hash, first.json.hash?.slice(0, 8), '@latest'];
    const shown = await Promise.all(words.map((word) => json(base, 'show', word ?? '')));
    for (const { code, json: printed } of shown) {
      expect(code).toBe(0);
      expect((printed as { record?: RunRecord }).record?.hash).toBe(first.json.hash);
    }
    const spoken = await called(base, ['show', first.json.run ?? '']);
    for (const line of [
      /^demo: done in .*; all 3 nodes executed\n/,
      / title += "Poems"\n/,
      / bench\.speed +\d+\n/,
      / bench\.report .*, measured\n/,
    ])
      expect(spoken.stdout).toMatch(line);
    const node = (await called(base, ['show', first.json.run ?? '', 'card'])).stdout;
    expect(node).toMatch(/^card: executed in /);
    expect(node).not.toContain('.log');
    const unknown = await json(base, 'show', 'nothing');
    expect(unknown.code).toBe(2);
    expect(unknown.json.error).toMatchObject({ code: 'unknown-run', hint: expect.stringContaining('stillroom runs') });
  });

  test('verify looks at everything; what is damaged is told with exit code 5, and its node runs again', async () => {
    const folder = copyOf(base);
    const whole = await json(folder, 'verify');
    expect(whole.code).toBe(0);
    expect(whole.json).toMatchObject({ version: 1, damaged: [] });
    const [record] = records(folder).filter(({ id }) => id === first.json.run);
    const digest = record?.nodes['upper']?.outputs?.['out']?.digest ?? '';
    rot(join(folder, 'artifacts'), digest);
    const damaged = await json(folder, 'verify');
    expect(damaged.code).toBe(5);
    const told = { kind: 'content', id: digest, name: 'output upper.out', damage: 'damaged', cost: 'the next run makes it again' };
    expect(damaged.json).toMatchObject({ version: 1, damaged: [told], stillMissing: [] });
    expect(readdirSync(join(folder, 'artifacts/quarantine'))).toHaveLength(1);
    const healed = await json(folder, 'run', 'demo.yaml');
    expect(healed.json).toMatchObject({ executed: ['upper'], reused: ['card', 'bench'], hash: first.json.hash });
    expect((await json(folder, 'verify')).code).toBe(0);
  });
});

describe('the command line', () => {
  test.each(['run', 'plan', 'why', 'runs', 'show', 'verify', 'doctor', 'init'])('%s --help starts with an example', async (verb) => {
    const help = await called(base, [verb, '--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(new RegExp(`^Examples?:\\n {2}stillroom ${verb}`));
    expect(help.stdout).toContain('--json');
  });

  test('--help and --version say what it is', async () => {
    expect((await called(base, ['--help'])).stdout).toMatch(/^Examples:\n/);
    expect((await called(base, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [['rnu', 'demo.yaml'], 'unknownCommand', ''],
    [['pack'], 'missingArgument', ''],
    [['run', 'demo.yaml', '--frce', 'card'], 'unknownOption', ''],
    [['run', 'dmeo.yaml'], 'no-such-file', ''],
    [['run', 'artifacts'], 'no-such-file', 'pipeline file'],
    [['run', 'demo.yaml', '--jobs', '0'], 'bad-option', '--jobs 2'],
    [['run', 'demo.yaml', '--force', 'crad'], 'unknown-node', '"card"'],
    [['plan', 'demo.yaml', '--only', 'crad'], 'unknown-node', '"card"'],
    [['run', 'demo.yaml', '--set', 'titel=x'], 'bad-set', '"title"'],
    [['plan', 'demo.yaml', '--set', 'card.lines'], 'bad-set', 'for example'],
  ] as const)('%j is a usage error: exit code 2, told as JSON and in words', async (args, code, hint) => {
    const ended = await json(base, ...args);
    expect(ended.code).toBe(2);
    expect(ended.json.error?.code).toBe(code);
    expect(ended.json.error?.hint).toContain(hint);
    expect(Object.keys(ended.json.error ?? {})).toEqual(['code', 'message', 'file', 'line', 'column', 'hint']);
  });
});

describe('a pipeline file that is wrong', () => {
  const bomb = `name: demo\nparams:\n  a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, n) => `  a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}stages: {}\n`;

  test.each([
    ['an unknown key', text.replace('with: { title', 'wiht: { title'), 'unknown-key', 9, 5, '"with"'],
    ['a cycle', text.replace('$sources.poem }\n    with', 'upper.out }\n    with'), 'cycle', 8, 17, 'break'],
    ['a missing source', text.replace('poem: poem.txt', 'poem: peom.txt'), 'missing-source', 4, 18, '--set sources.poem=PATH'],
    ['an unset variable', text.replace('head -n "$lines"', 'head -n "$line"'), 'unset-variable', 7, 37, '"$lines"'],
    ['a document too deep', `name: demo\nparams: { a: ${'['.repeat(1000)} }\n`, 'yaml-too-large', 2, 76, 'small'],
    ['an alias bomb', bomb, 'yaml-too-large', 1, 1, 'aliases'],
  ] as const)('%s: exit code 3, the place and a remedy; nothing runs', async (_, wrong, code, line, column, hint) => {
    const folder = emptyProject({ 'demo.yaml': wrong });
    const [machine, person] = await Promise.all([json(folder, 'run', 'demo.yaml'), called(folder, ['run', 'demo.yaml'])]);
    expect(machine.code).toBe(3);
    expect(machine.json.error).toMatchObject({ code, file: 'demo.yaml', line, column, hint: expect.stringContaining(hint) });
    expect(person.code).toBe(3);
    expect(person.stdout).toBe('');
    const [message, place, excerpt, caret, remedy] = person.stderr.split('\n');
    expect(message).toContain(`[${code}]`);
    expect(place).toBe(`  demo.yaml:${line}:${column}`);
    expect(excerpt).toMatch(new RegExp(`^  ${line} \\| `));
    expect(caret?.indexOf('^')).toBe(
      (excerpt?.indexOf('|') ?? 0) + 1 + Math.min(column, (excerpt?.length ?? 0) - (excerpt?.indexOf('|') ?? 0) - 1),
    );
    expect(remedy).toContain('hint: ');
    expect(records(folder)).toEqual([]);
    expect(existsSync(join(folder, 'artifacts/logs'))).toBe(false);
  });
});
