import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/run.ts';
import { edit, type Ended, emptyFolder, stillroom, write } from '../rig.ts';

const CANARY = 'canary-4711-secret';

const pipeline = `name: semantics
params: { size: 32, title: A "quoted" $$title, list: [1, two, { three: 3 }] }
sources: { poem: poem.txt, pages: pages }
stages:
  environment:
    run: env | sort > "$out"; ls -A > "$files"; pwd > "$place"
    in: { text: $sources.poem, pages: $sources.pages }
    with: { size: $size }
    env: { GREETING: "hello \${title}", EXTRA: $size }
    out: { out: env.txt, files: files.txt, place: place.txt }
    resources: { cpu: 2 }
  inherited: { run: 'echo "$GIVEN" > "$out"', env: [GIVEN], out: { out: out.txt } }
  values:
    run: 'printf "%s\\n" "$title" "$size" "$list" "$flag" "$part" "$text" "$pages" "$made/" > "$made/values.txt"; echo "$size" > "$made/below.txt"'
    in: { text: $sources.poem, pages: { from: $sources.pages } }
    with: { title: $title, size: $size, list: $list, flag: true, part: "\${size} px of \${list}" }
    out: { made: some/made/ }
  listed: { run: [bash, -c, 'printf "%s|" "$@" > $out', sh, $title, 'x\${size}y $$5 "; exit 1', 7], with: { title: $title, size: $size }, out: { out: out.txt }, tools: [bash] }
  copied: { run: [cp, $text, $out], in: { text: $sources.poem }, out: { out: deep/er/copy.md } }
  placed:
    run: cat data/prepared/first.txt data/pages/page.txt "$where" > "$out"; echo "$where" >> "$out"
    in:
      where: { from: $sources.poem, at: data/prepared/first.txt }
      pages: { from: $sources.pages, at: data/pages }
    out: { out: out.txt }
  suffixed: { run: 'echo "$made $text" > "$out"', in: { text: copied.out, made: values.made }, out: { out: out.txt } }
  point:
    matrix: { letter: [a, b], number: [1, 2] }
    run: echo "$letter$number" > "$out"
    with: { letter: $letter, number: $number }
    out: { out: out.txt }
  paired:
    matrix: { number: [2, 1], letter: [b, a] }
    run: echo "$(cat "$text") for $letter$number" > "$out"
    in: { text: point.out }
    with: { letter: $letter, number: $number }
    out: { out: out.txt }
  half:
    matrix: { letter: [a, b] }
    run: cat "$text" > "$out"
    in: { text: { from: point.out, where: { number: 2 } } }
    out: { out: out.txt }
  chosen: { run: 'cat "$text" > "$out"', in: { text: { from: point.out, where: { number: 2, letter: b } } }, out: { out: out.txt } }
  gathered: { run: 'cd "$all"; grep . * > ../gathered.txt', in: { all: { from: point.out, all: true } }, out: { out: gathered.txt } }
  large: { when: { size: { above: 64 } }, run: 'echo large > "$out"', out: { out: out.txt } }
  behind: { run: 'cat "$text" > "$out"', in: { text: large.out }, out: { out: out.txt } }
  optional: { uses: optional, in: { text: large.out } }
  measured:
    run: 'echo "{\\"accuracy\\": 0.5, \\"code\\": 7, \\"by\\": {\\"cat\\": 0.25}, \\"name\\": \\"x\\"}" > metrics.json; echo > "$out"'
    metrics: metrics.json
    out: { out: out.txt }
  guarded:
    run: 'echo "the token is $TOKEN"; echo "again $TOKEN $TOKEN" >&2; echo "$KEY"; echo \${#TOKEN} > "$out"'
    env: { TOKEN: { secret: true }, KEY: { secret: true } }
    out: { out: out.txt }
  leaves: { run: 'sleep 300 & echo $! > "$out"; setsid sleep 300 & echo $! >> "$out"', out: { out: out.txt } }
  versioned: { run: 'echo > "$out"', tools: [bash, { run: 'echo version \${BASH_VERSINFO[0]}' }], out: { out: out.txt } }
`;

let folder: string;
let first: Ended;
let record: RunRecord;
const given = {
  GIVEN: 'given once',
  TOKEN: CANARY,
  KEY: `first ${CANARY} line\nsecond-${CANARY}\n`,
  UNDECLARED: 'undeclared',
  NODE_OPTIONS: '',
  PYTHONPATH: '/nowhere',
};

function output(name: string, run = first): string {
  return readFileSync(run.json.outputs?.[name] ?? '', 'utf8').trimEnd();
}

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'poem.txt': 'a poem\n',
    'pages/page.txt': 'a page\n',
    'semantics.yaml': pipeline,
    'stages/optional/stage.ts': `import { defineStage } from 'stillroom';
export default defineStage({ about: 'May go without.', inputs: { text: 'file?' }, outputs: { out: 'file.txt' }, run: () => import('./run.ts') });
`,
    'stages/optional/run.ts': `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ inputs, outputs }) => writeFileSync(outputs.out, inputs.text === undefined ? 'without' : 'with'));
`,
  });
  first = await stillroom(folder, ['run', 'semantics.yaml', '--json'], { env: given });
  if (first.code !== 0) throw new Error(first.stdout + first.stderr);
  record = JSON.parse(readFileSync(join(folder, 'artifacts/runs', `${first.json.run}.json`), 'utf8')) as RunRecord;
});

describe('a command', () => {
  test('sees a cleared environment: what it declares, its ports and params, and little else', () => {
    const variables = new Map(
      output('environment.out')
        .split('\n')
        .map((line) => line.split(/=(.*)/s, 2) as [string, string]),
    );
    const shell = ['PWD', 'SHLVL', '_', 'OLDPWD'];
    const own = [
      'PATH',
      'HOME',
      'TMPDIR',
      'LANG',
      'TZ',
      'OMP_NUM_THREADS',
      'STILLROOM_CPU',
      'STILLROOM_ATTEMPT',
      'PYTHONDONTWRITEBYTECODE',
      'PYTHONPATH',
      'STILLROOM_CHECKPOINT',
      'STILLROOM_EVENTS',
      'STILLROOM_GIVEN',
      'STILLROOM_R',
      'STILLROOM_RESUME_FROM',
      'CUDA_VISIBLE_DEVICES',
    ];
    const declared = ['GREETING', 'EXTRA', 'text', 'pages', 'size', 'out', 'files', 'place'];
    expect([...variables.keys()].filter((name) => !shell.includes(name)).sort()).toEqual([...own, ...declared].sort());
    expect(variables.get('EXTRA')).toBe('32');
    expect(variables.get('GREETING')).toBe('hello A "quoted" $title');
    expect([variables.get('LANG'), variables.get('TZ')]).toEqual(['C.UTF-8', 'UTC']);
    expect([variables.get('OMP_NUM_THREADS'), variables.get('STILLROOM_CPU')]).toEqual(['2', '2']);
    expect(variables.get('HOME')).toContain(join(folder, 'artifacts/scratch'));
    expect(variables.get('TMPDIR')).toContain(join(folder, 'artifacts/scratch'));
    expect(output('inherited.out')).toBe('given once');
  });

  test('works in a fresh folder that holds its inputs and nothing else', () => {
    expect(output('environment.files').split('\n').sort()).toEqual(['env.txt', 'files.txt', 'pages', 'text.txt']);
    expect(output('environment.place')).toContain(join(folder, 'artifacts/scratch'));
  });

  test('sees params as text, lists and mappings as JSON, inputs and outputs as paths', () => {
    const made = first.json.outputs?.['values.made'] ?? '';
    expect(readFileSync(join(made, 'values.txt'), 'utf8').trim().split('\n')).toEqual([
      'A "quoted" $title',
      '32',
      '[1,"two",{"three":3}]',
      'true',
      '32 px of [1,"two",{"three":3}]',
      'text.txt',
      'pages',
      'some/made/',
    ]);
    expect(readdirSync(made).sort()).toEqual(['below.txt', 'values.txt']);
  });

  test('in the list form is given its arguments as they are, without a shell', () => {
    expect(output('listed.out')).toBe('A "quoted" $title|x32y $5 "; exit 1|7|');
  });

  test('keeps the suffixes of files, and places inputs where `at` says', () => {
    expect(output('suffixed.out')).toBe('made text.md');
    expect(first.json.outputs?.['copied.out']).toMatch(/latest\/semantics\/copied\/out\.md$/);
    expect(output('copied.out')).toBe('a poem');
    expect(output('placed.out')).toBe('a poem\na page\na poem\ndata/prepared/first.txt');
  });

  test('ends when its shell does: what it left running is killed', () => {
    const pids = output('leaves.out').split('\n');
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'latin1') : ' Z ';
      expect(stat).toMatch(/ [ZX] /);
    }
    const log = readFileSync(join(folder, 'artifacts/logs', first.json.run ?? '', 'leaves.log'), 'utf8');
    expect(log).toBe('2 processes that it left running were ended\n');
  });

  test('gives metrics as a JSON file of numbers, nested ones with dots', () => {
    expect(first.json.metrics).toEqual({ 'measured.accuracy': 0.5, 'measured.code': 7, 'measured.by.cat': 0.25 });
  });
});

describe('a matrix', () => {
  test('makes one instance for each point, the first variable slowest', () => {
    expect(Object.keys(record.nodes).filter((name) => name.startsWith('point'))).toEqual([
      'point[letter=a,number=1]',
      'point[letter=a,number=2]',
      'point[letter=b,number=1]',
      'point[letter=b,number=2]',
    ]);
  });

  test('is paired by the values of its variables, whatever their order', () => {
    expect(output('paired[number=2,letter=a].out')).toBe('a2 for a2');
    expect(output('paired[number=1,letter=b].out')).toBe('b1 for b1');
  });

  test('gives one instance to `where`, alone or beside a shared variable, and all to `all`', () => {
    expect(output('chosen.out')).toBe('b2');
    expect(output('half[letter=a].out')).toBe('a2');
    expect(output('half[letter=b].out')).toBe('b2');
    expect(output('gathered.out').split('\n')).toEqual([
      'letter=a,number=1.txt:a1',
      'letter=a,number=2.txt:a2',
      'letter=b,number=1.txt:b1',
      'letter=b,number=2.txt:b2',
    ]);
  });
});

describe('`when`', () => {
  test('turns a node off and with it what needs it, unless the port is optional', async () => {
    expect(Object.keys(record.nodes)).not.toContain('large');
    expect(Object.keys(record.nodes)).not.toContain('behind');
    expect(output('optional.out')).toBe('without');
    const on = await stillroom(
      folder,
      ['run', 'semantics.yaml', '--set', 'size=96', '--only', 'behind', '--only', 'optional', '--only', 'copied', '--json'],
      { env: given },
    );
    expect(on.json.executed).toEqual(['large', 'behind', 'optional']);
    expect(on.json.reused).toEqual(['copied']);
    expect(output('optional.out', on)).toBe('with');
  });
});

describe('a secret', () => {
  test('reaches the command, but neither log nor record nor any other file of the store, nor the fingerprint', async () => {
    expect(output('guarded.out')).toBe(String(CANARY.length));
    const log = readFileSync(join(folder, 'artifacts/logs', first.json.run ?? '', 'guarded.log'), 'utf8');
    expect(log).toContain('the token is [secret]');
    expect(log).toContain('again [secret] [secret]');
    expect(() => execFileSync('grep', ['-rl', CANARY, join(folder, 'artifacts')])).toThrow();
    expect(first.stdout + first.stderr).not.toContain(CANARY);
    const other = await stillroom(folder, ['plan', 'semantics.yaml', '--only', 'guarded', '--json'], {
      env: { ...given, TOKEN: 'another one' },
    });
    expect(other.json.nodes?.map(({ action }) => action)).toEqual(['reuse']);
  });
});

describe('what a command declares', () => {
  test('counts: a variable from outside, its text, a tool by what it prints; a missing one is an error', async () => {
    const plan = async (env: Record<string, string>, ...only: string[]): Promise<Ended> =>
      stillroom(folder, ['plan', 'semantics.yaml', ...only.flatMap((name) => ['--only', name]), '--json'], { env });
    const changed = await plan({ ...given, GIVEN: 'given twice' }, 'inherited', 'versioned', 'listed');
    expect(changed.json.nodes).toMatchObject([
      { node: 'inherited', action: 'run', cause: 'environment variable GIVEN changed: given once → given twice' },
      { node: 'listed', action: 'reuse' },
      { node: 'versioned', action: 'reuse' },
    ]);
    edit(folder, 'semantics.yaml', 'echo version', 'echo next version');
    edit(folder, 'semantics.yaml', 'tools: [bash] }', 'tools: [bash, no-such-tool] }');
    const versioned = await plan(given, 'versioned');
    expect(versioned.json.nodes?.map(({ action }) => action)).toEqual(['run']);
    const missing = await plan(given, 'listed');
    expect(missing.code).toBe(3);
    expect(missing.json.error).toMatchObject({ code: 'missing-tool', message: expect.stringContaining('no-such-tool') });
    const unset = await plan({ TOKEN: CANARY, KEY: 'x' }, 'inherited');
    expect(unset.json.error).toMatchObject({ code: 'missing-variable', message: expect.stringContaining('GIVEN') });
  });
});

test('a node that measures the machine runs alone on it', async () => {
  const trace = (name: string): string => `'echo "${name} starts" >> "$TRACE"; sleep 0.4; echo "${name} ends" >> "$TRACE"; echo > "$out"'`;
  write(folder, {
    'alone.yaml': `name: alone
stages:
  one: { run: ${trace('one')}, env: [TRACE], out: { out: out.txt } }
  two: { run: ${trace('two')}, env: [TRACE], out: { out: out.txt } }
  bench: { run: ${trace('bench')}, env: [TRACE], out: { out: { path: out.txt, measured: true } }, measures: machine }
  three: { run: ${trace('three')}, env: [TRACE], out: { out: out.txt } }
`,
  });
  const env = { TRACE: join(folder, 'trace'), XDG_CACHE_HOME: join(folder, 'cache') };
  const both = await Promise.all([
    stillroom(folder, ['run', 'alone.yaml', '--jobs', '4', '--json'], { env }),
    stillroom(folder, ['run', 'alone.yaml', '--jobs', '4', '--store', 'other', '--json'], { env }),
  ]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const lines = readFileSync(env.TRACE, 'utf8').trim().split('\n');
  const running = new Set<string>();
  let most = 0;
  let left = 0;
  for (const line of lines) {
    const [name = '', what] = line.split(' ');
    if (what === 'starts' && name === 'bench') expect(left).toBe(0);
    if (what === 'starts') expect(running.has('bench')).toBe(false);
    left += what === 'starts' ? 1 : -1;
    if (what === 'starts') running.add(name);
    else if (name === 'bench') running.delete(name);
    most = Math.max(most, left);
  }
  expect(lines).toHaveLength(16);
  expect(most).toBeGreaterThan(1);
});
