import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunNode, RunRecord } from '../../src/model/run.ts';
import { edit, type Ended, emptyFolder, stillroom, write } from '../rig.ts';

const stage = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Does what it should not.',
  params: { how: param.string() },
  inputs: { text: 'file', more: 'file?' },
  outputs: { out: 'file.txt' },
  metrics: { speed: {} },
  run: () => import('./run.ts'),
});
`;
const run = `import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, inputs, outputs, metric, log, fail }) => {
  log(\`about to \${params.how}\`);
  if (params.how === 'throw') throw new TypeError('a bug in line ten');
  if (params.how === 'fail') fail('the images are all grey', 'give coloured ones');
  if (params.how === 'read') readFileSync('/srv/undeclared.txt');
  if (params.how === 'read_by_proc') readFileSync('/proc/self/root/etc/hostname');
  if (params.how === 'read_parent') readFileSync(\`/proc/\${process.ppid}/environ\`);
  if (params.how === 'read_system') readFileSync('/etc/passwd');
  if (params.how === 'write') writeFileSync(inputs.text, 'changed');
  if (params.how === 'spawn') execFileSync('true');
  if (params.how === 'exit') process.exit(7);
  if (params.how === 'leave') {
    writeFileSync(outputs.out, 'half of it');
    process.exit(0);
  }
  if (params.how === 'abort') process.abort();
  if (params.how === 'wait') await new Promise(() => undefined);
  if (params.how === 'fill') {
    const all: number[][] = [];
    for (;;) all.push(new Array(100_000).fill(all.length + 0.5));
  }
  if (params.how === 'measure') metric('speed', Number.NaN);
  const misnamed = { params, inputs, outputs, metric } as unknown as Record<string, Record<string, string>> & { metric: (...given: unknown[]) => void };
  if (params.how === 'misread_param') log(misnamed['params']?.['hwo'] ?? 'nothing');
  if (params.how === 'misread_input') log(misnamed['inputs']?.['txet'] ?? 'nothing');
  if (params.how === 'misread_output') writeFileSync(misnamed['outputs']?.['table'] ?? outputs.out, 'x');
  if (params.how === 'mismeasure') misnamed.metric('sped', 1);
  if (params.how === 'forget') return;
  const { more = 'none' } = inputs;
  writeFileSync(outputs.out, String(existsSync(inputs.text)) + more);
});
`;

/** How a TypeScript stage ends, and what is told of it. */
const stages: Readonly<Record<string, { code: string; message: string; hint: string }>> = {
  throw: { code: 'stage-threw', message: 'failed: a bug in line ten', hint: 'TypeError: a bug in line ten' },
  fail: { code: 'stage-failed', message: 'failed: the images are all grey', hint: 'give coloured ones' },
  read: { code: 'undeclared-access', message: 'may not touch /srv/undeclared.txt', hint: 'declare it as an input' },
  read_by_proc: { code: 'undeclared-access', message: 'may not touch /proc/self/root/etc/hostname', hint: 'declare it as an input' },
  read_parent: { code: 'undeclared-access', message: '/environ', hint: 'declare it as an input' },
  read_system: { code: 'undeclared-access', message: 'may not touch /etc/passwd', hint: 'declare it as an input' },
  write: { code: 'undeclared-access', message: 'in/text.txt', hint: 'declare it' },
  spawn: { code: 'undeclared-access', message: 'may not start programs', hint: 'about to spawn' },
  exit: { code: 'exit-code', message: 'ended with exit code 7', hint: 'about to exit' },
  leave: { code: 'ended-early', message: 'ended before its work was done', hint: 'about to leave' },
  abort: { code: 'killed', message: 'was killed by SIGABRT', hint: 'about to abort' },
  wait: { code: 'ended-early', message: 'waits for something that never comes', hint: 'about to wait' },
  fill: { code: 'killed', message: 'JavaScript heap out of memory', hint: 'fill.log' },
  measure: { code: 'stage-failed', message: '"speed" is NaN', hint: 'finite' },
  misread_param: { code: 'undeclared-name', message: 'the work reads params.hwo', hint: 'did you mean "how"?' },
  misread_input: { code: 'undeclared-name', message: 'the work reads inputs.txet', hint: 'did you mean "text"?' },
  misread_output: { code: 'undeclared-name', message: 'the work reads outputs.table', hint: 'known: out' },
  mismeasure: { code: 'undeclared-name', message: 'the metric "sped"', hint: 'did you mean "speed"?' },
  forget: { code: 'missing-output', message: 'without writing its output "out"', hint: 'outputs.out' },
};

/** How a command ends, and what is told of it. */
const commands: Readonly<Record<string, { run: string; more?: string; code: string; message: string; hint: string }>> = {
  exits: { run: 'echo one; echo "last words" >&2; exit 3', code: 'exit-code', message: 'exit code 3', hint: 'last words' },
  segfaults: { run: 'echo dying; kill -SEGV $$', code: 'killed', message: 'was killed by SIGSEGV', hint: 'dying' },
  writes_on: {
    run: 'yes | head -n 1',
    code: 'killed',
    message: 'was ended by SIGPIPE: it went on writing when its reader had ended',
    hint: '|| [ $? = 141 ]',
  },
  is_killed: {
    run: 'kill -KILL $$',
    code: 'killed',
    message: 'SIGKILL: perhaps the machine ran out of memory',
    hint: 'it printed nothing',
  },
  is_absent: {
    run: 'no-such-program > "$out"',
    code: 'exit-code',
    message: 'the program "no-such-program" was not found',
    hint: 'no-such-program',
  },
  is_silent: { run: 'true', code: 'missing-output', message: 'without writing its output "out"', hint: '"out.txt"' },
  makes_folder: { run: 'mkdir "$out"', code: 'missing-output', message: 'as a folder, not as a file', hint: 'plain file' },
  makes_link: { run: 'ln -s "$text" "$out"', code: 'missing-output', message: 'as a link, not as a file', hint: 'plain file' },
  makes_file: {
    run: 'rmdir "$out"; echo > "$out"',
    more: 'out: { out: out/ }',
    code: 'missing-output',
    message: 'as a file, not as a folder',
    hint: 'folder',
  },
  appends: { run: 'chmod u+w "$text"; echo x >> "$text"; echo > "$out"', code: 'input-changed', message: '"text"', hint: 'read-only' },
  removes: { run: 'rm -f "$text"; echo > "$out"', code: 'input-changed', message: 'wrote into its input "text"', hint: 'copy' },
  adds: { run: 'echo > "$folder/new"; echo > "$out"', code: 'input-changed', message: 'its input "folder"', hint: 'copy' },
  is_slow: { run: 'echo started; sleep 60', more: 'timeout: 0.5s', code: 'timeout', message: 'timeout of 0.5 s', hint: 'started' },
  is_greedy: {
    run: 'ulimit -v 500000; dd if=/dev/zero of="$out" bs=4G count=1',
    code: 'exit-code',
    message: 'ended with exit code',
    hint: 'memory exhausted',
  },
  pipes: { run: 'false | cat > "$out"', code: 'exit-code', message: 'exit code 1', hint: 'it printed nothing' },
  continues: { run: 'cat nofile; echo done > "$out"', code: 'exit-code', message: 'exit code 1', hint: 'nofile' },
  measures: { run: 'echo > "$out"', more: 'metrics: m.json', code: 'bad-metrics', message: 'without writing its metrics', hint: 'm.json' },
  mismeasures: {
    run: 'echo "{" > m.json; echo > "$out"',
    more: 'metrics: m.json',
    code: 'bad-metrics',
    message: 'not JSON',
    hint: 'numbers',
  },
};

function pipeline(): string {
  const nodes = Object.entries(commands).map(
    ([name, { run: text, more }]) => `  ${name}:
    run: ${JSON.stringify(text)}
    in: { text: ./poem.txt, folder: ./folder }
    ${more?.startsWith('out:') === true ? more : `out: { out: out.txt }\n    ${more ?? ''}`}
`,
  );
  const typed = Object.keys(stages).map(
    (how) =>
      `  ${how}: { uses: misbehave, in: { text: ./poem.txt }, with: { how: ${how} }${how === 'fill' ? ', env: { NODE_OPTIONS: --max-old-space-size=40 }' : ''} }\n`,
  );
  return `name: failures
stages:
  good: { run: 'echo good > "$out"', out: { out: out.txt } }
  behind: { run: 'cat "$text" > "$out"', in: { text: exits.out }, out: { out: out.txt } }
${nodes.join('')}${typed.join('')}`;
}

let folder: string;
let first: Ended;
let record: RunRecord;

function recordOf(run: Ended): RunRecord {
  return JSON.parse(readFileSync(join(folder, 'artifacts/runs', `${run.json.run}.json`), 'utf8')) as RunRecord;
}

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'poem.txt': 'a poem\n',
    'folder/page.txt': 'a page\n',
    'stages/misbehave/stage.ts': stage,
    'stages/misbehave/run.ts': run,
    'failures.yaml': pipeline(),
  });
  first = await stillroom(folder, ['run', 'failures.yaml', '--keep-going', '--json']);
  if (first.json.run === undefined) throw new Error(first.stdout + first.stderr);
  record = recordOf(first);
});

describe('a node that fails is told with its code, the last lines of its log and the path of it:', () => {
  const check = (name: string, expected: { code: string; message: string; hint: string }): void => {
    const { state, error, log } = record.nodes[name] as RunNode;
    expect(state).toBe('failed');
    expect(error).toMatchObject({ code: expected.code });
    expect(error?.message).toContain(name);
    expect(error?.message).toContain(expected.message);
    expect(error?.hint).toContain(expected.hint);
    const path = `logs/${record.id}/${name}.log`;
    const isSilent = /it printed nothing$/.test(error?.hint ?? '');
    expect(log).toBe(isSilent ? undefined : path);
    expect(existsSync(join(folder, 'artifacts', path))).toBe(!isSilent);
    if (!isSilent) expect(error?.hint).toContain(`the whole log: ${join(folder, 'artifacts', path)}`);
  };

  test.each(Object.keys(commands))('a command that %s', (name) => {
    const expected = commands[name];
    if (expected !== undefined) check(name, expected);
  });

  test.each(Object.keys(stages))('a stage that does %s', (name) => {
    const expected = stages[name];
    if (expected !== undefined) check(name, expected);
  });
});

describe('a run with failures', () => {
  test('ends with exit code 1, keeps the results of siblings and skips what is downstream', () => {
    expect(first.code).toBe(1);
    expect(first.json.hash).toBeNull();
    expect(first.json.executed).toEqual(['good']);
    expect(first.json.skipped).toEqual(['behind']);
    expect([...(first.json.failed ?? [])].sort()).toEqual([...Object.keys(commands), ...Object.keys(stages)].sort());
    expect(record.nodes['behind']?.cause).toContain('before it failed');
    expect(existsSync(join(folder, 'artifacts/latest'))).toBe(false);
  });

  test('leaves nothing of the attempts behind, and the sources as they were', () => {
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
    expect(readFileSync(join(folder, 'poem.txt'), 'utf8')).toBe('a poem\n');
    expect(readdirSync(join(folder, 'folder'))).toEqual(['page.txt']);
  });

  test('prints each failure with the last lines and the log, and says how to go on', async () => {
    const { code, stderr, stdout } = await stillroom(folder, ['run', 'failures.yaml', '--only', 'exits']);
    expect(code).toBe(1);
    expect(stderr).toContain('error: exits ended with exit code 3 [exit-code]');
    expect(stderr).toMatch(/last lines:\n {2}\| one\n {2}\| last words\n {2}the whole log: .*exits\.log/);
    expect(stdout).toContain('Run again to go on');
  });

  test('goes on from there: what succeeded is reused, what failed is planned as failed', async () => {
    edit(folder, 'failures.yaml', '"echo one; echo \\"last words\\" >&2; exit 3"', '\'echo fixed > "$out"\'');
    const plan = await stillroom(folder, ['plan', 'failures.yaml', '--only', 'good', '--only', 'segfaults', '--json']);
    expect(plan.json.nodes).toEqual([
      { node: 'good', action: 'reuse', cause: expect.any(String) },
      { node: 'segfaults', action: 'run', cause: 'it failed last time' },
    ]);
    const again = await stillroom(folder, ['run', 'failures.yaml', '--only', 'good', '--only', 'behind', '--json']);
    expect(again.json).toMatchObject({ executed: ['exits', 'behind'], reused: ['good'], failed: [] });
    expect(again.code).toBe(0);
  });

  test('starts nothing new after the first failure without --keep-going', async () => {
    write(folder, {
      'stop.yaml': `name: stop
stages:
  fails: { run: 'exit 1', out: { out: out.txt } }
  later: { run: 'echo > "$out"', in: { text: ./poem.txt }, out: { out: out.txt }, with: { only: here } }
`,
    });
    const stopped = await stillroom(folder, ['run', 'stop.yaml', '--jobs', '1', '--json']);
    expect(stopped.json).toMatchObject({ executed: [], failed: ['fails'], skipped: ['later'] });
  });
});

test('retries: as often as asked, then the node succeeds or fails', async () => {
  write(folder, {
    'retries.yaml': `name: retries
stages:
  tries:
    run: |
      echo "attempt" >> "$COUNTER"
      test "$(wc -l < "$COUNTER")" -ge 3
      echo > "$out"
    env: [COUNTER]
    out: { out: out.txt }
    retries: RETRIES
`.replace('RETRIES', '1'),
  });
  const env = { COUNTER: join(folder, 'counter') };
  const failing = await stillroom(folder, ['run', 'retries.yaml', '--json'], { env });
  expect(failing.json.failed).toEqual(['tries']);
  expect(readFileSync(env.COUNTER, 'utf8')).toBe('attempt\n'.repeat(2));
  edit(folder, 'retries.yaml', 'retries: 1', 'retries: 5');
  const succeeding = await stillroom(folder, ['run', 'retries.yaml', '--json'], { env });
  expect(succeeding.json.executed).toEqual(['tries']);
  expect(readFileSync(env.COUNTER, 'utf8')).toBe('attempt\n'.repeat(3));
});

test.each([
  ['a folder of its output', 'rmdir build; ln -s "$mine" build', 'build/model.bin'],
  ['the working folder itself', 'cd ..; rm -rf work; ln -s "$mine" work', 'model.bin'],
])('a command that puts a link in place of %s is refused: nothing outside is touched', async (_, run, out) => {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'mine/model.bin': 'precious',
    'p.yaml': `name: p\nstages:\n  a: { run: '${run}', with: { mine: '${join(folder, 'mine')}' }, out: { o: ${out} } }\n`,
  });
  const { code, json } = await stillroom(folder, ['run', 'p.yaml', '--json']);
  expect(code).toBe(1);
  expect(json.error).toMatchObject({ code: 'refused-file' });
  expect(json.error?.message).toContain('a put a link in place of a folder');
  expect(readFileSync(join(folder, 'mine/model.bin'), 'utf8')).toBe('precious');
});
