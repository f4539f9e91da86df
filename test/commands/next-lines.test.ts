import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { programName } from '../../src/commands/program-name.ts';
import { programs } from '../docs/snippets.ts';
import { emptyFolder, stillroom, write } from '../rig.ts';

const demo = `name: demo
params: { share: 0.5, title: Poems }
sources: { poem: poem.txt }
stages:
  all: { run: 'cat "$poem" > "$out"', matrix: { part: [1, 2] }, in: { poem: $sources.poem }, with: { part: $part, title: $title }, out: { out: out.txt }, tools: [cat] }
  last: { run: 'head -n "$lines" "$text"/* > "$out"', in: { text: { from: all.out, all: true } }, with: { lines: 1, share: $share }, out: { out: out.txt }, tools: [head] }
`;

const project = { 'artifacts/.gitignore': '*\n', 'pipelines/demo.yaml': demo, 'pipelines/poem.txt': 'one\n', 'poem two.txt': 'two\n' };

/** The lines after `next:`. */
function nextOf(stdout: string): string[] {
  return (stdout.split('next:\n')[1] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
}

const path = `${programs()}:${process.env['PATH'] ?? ''}`;

/** Types lines as they are printed; throws where one does not end with 0. Returns what the shell printed. */
function typed(folder: string, lines: readonly string[]): string[] {
  return lines.map((line) =>
    execFileSync('bash', ['-c', line], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, CI: '1', PATH: path },
    }),
  );
}

describe('what a run says to do next can be typed as it is', () => {
  test.concurrent.each<[string, string, readonly string[]]>([
    ['in the project', '.', ['run', 'demo']],
    ['with settings', '.', ['run', 'demo', '--set', 'share=0.25', '--set', 'title=a b; c', '--set', 'sources.poem=poem two.txt']],
    ['with a store', '.', ['run', 'demo', '--store', 'another store', '--executor', 'local']],
    ['of a part', '.', ['run', 'demo', '--only', 'all[part=1]']],
    ['from elsewhere', 'some where/else', ['run', '../../my project/pipelines/demo.yaml', '--set', 'share=0.75']],
  ])('%s', async (_, from, args) => {
    const folder = join(emptyFolder(), 'my project');
    write(folder, project);
    const place = from === '.' ? folder : join(dirname(folder), from);
    mkdirSync(place, { recursive: true });
    const { code, stdout, json } = await stillroom(place, args);
    expect([code, json]).toEqual([0, {}]);
    const next = nextOf(stdout);
    expect(next.map((line) => line.split(' ', 3))).toEqual(['show', 'plan', 'run'].map((verb) => ['npx', 'stillroom', verb]));
    const [shown, planned, run] = typed(place, next);
    expect(shown).toContain(/^ {2}run +(\S+)/m.exec(stdout)?.[1]);
    expect(planned).toMatch(/[1-9]\d* to run/);
    expect(run).toMatch(/: done in .*; [1-9]\d* executed/);
    if (args.includes('--store')) expect(next.every((line) => line.endsWith("--store 'another store'"))).toBe(true);
  });

  test('of a sweep', async () => {
    const folder = join(emptyFolder(), 'my project');
    const measured = demo.replace(
      '> "$out"\', in: { text:',
      '> "$out"; echo "{ \\"x\\": $share }" > m.json\', metrics: m.json, in: { text:',
    );
    write(folder, { ...project, 'pipelines/demo.yaml': measured });
    const args = ['sweep', 'demo', '--over', 'share=0.1,0.2', '--strategy', 'grid', '--maximize', 'last.x', '--store', 'another store'];
    const { code, stdout, stderr } = await stillroom(folder, args);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const next = nextOf(stdout);
    expect(next.length).toBeGreaterThan(0);
    expect(next.every((line) => line.endsWith("--store 'another store'"))).toBe(true);
    typed(folder, next);
  });
});

test('a setting that the pipeline would refuse is not proposed', async () => {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'stages/part/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({ about: 'A part.', params: { share: param.number({ max: 1 }), count: param.int({ max: 3 }) }, inputs: {}, outputs: { out: 'file' }, run: () => import('./run.ts') });
`,
    'stages/part/run.ts': `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ params, outputs }) => writeFileSync(outputs.out, JSON.stringify(params)));
`,
    'p.yaml': 'name: p\nparams: { count: 3 }\nstages:\n  part: { uses: part, with: { share: 0.75, count: $count } }\n',
  });
  const { stdout } = await stillroom(folder, ['run']);
  expect(nextOf(stdout)[1]).toBe('npx stillroom plan p.yaml --set count=2');
  const [planned] = typed(folder, nextOf(stdout).slice(1, 2));
  expect(planned).toContain('1 to run');
});

test('the program is named as it was called', () => {
  const argv = (file: string): string[] => [process.execPath, file];
  expect(programName({ argv: argv('/usr/local/bin/stillroom'), env: { PATH: '/bin:/usr/local/bin' } })).toBe('stillroom');
  expect(programName({ argv: argv('/p/node_modules/.bin/stillroom'), env: { PATH: '/p/node_modules/.bin', npm_command: 'exec' } })).toBe(
    'npx stillroom',
  );
  expect(programName({ argv: argv('/p/node_modules/.bin/stillroom'), env: { PATH: '/bin' } })).toBe('npx stillroom');
  expect(programName({ argv: argv('/p/dist/cli.js'), env: { PATH: '/p/dist' } })).toBe('npx stillroom');
});
