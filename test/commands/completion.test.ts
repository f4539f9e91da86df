import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { unquoted } from '../../src/commands/complete/complete.ts';
import { complete } from '../../src/commands/complete/main.ts';
import { called, checkout, emptyFolder, write } from '../rig.ts';
import { onTerminal } from './on-terminal.ts';

const pipeline = `name: demo
params: { size: 32, quick: true }
sources: { poem: poem.txt }
stages:
  teacher: { run: 'cat "$poem" > "$out"; echo "{\\"avg\\": {\\"test\\": 1}}" > m.json', matrix: { fold: [0, 1] }, in: { poem: $sources.poem }, with: { lr: 0.1 }, out: { out: out.txt }, metrics: m.json, tools: [cat] }
  part: { uses: part, with: { mode: fast } }
`;

const stage = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'A part.',
  params: { mode: param.choice(['fast', 'slow'], { about: 'How it is done.' }), depth: param.int({ default: 1, about: 'How deep it goes.' }) },
  inputs: {},
  outputs: { out: 'file' },
  run: () => import('./run.ts'),
});
`;

const work = `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ outputs }) => writeFileSync(outputs.out, ''));
`;

let folder: string;
let run: string;
beforeAll(async () => {
  folder = join(emptyFolder(), 'my project');
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'demo.yaml': pipeline,
    'poem.txt': 'one\n',
    'odd name.txt': '',
    'stages/part/stage.ts': stage,
    'stages/part/run.ts': work,
    'stillroom.yaml': 'executors:\n  far: { kind: detached }\nremotes:\n  team: { kind: folder, path: shelf, write: ci }\n',
  });
  const ended = await called(folder, ['run', '--json']);
  run = ended.json.run ?? '';
  expect(ended.code).toBe(0);
  await called(folder, ['tag', '@latest', 'paper']);
});

/** What may be typed at the end of a command line. */
async function offered(...words: readonly string[]): Promise<string[]> {
  let text = '';
  await complete(['--', ...words], folder, (written) => (text += written));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('a word is completed', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['the verb', ['expl'], ['explain']],
    ['the verb that help is asked for', ['help', 'wh'], ['why']],
    ['an option', ['run', '--keep-g'], ['--keep-going']],
    ['an option of all verbs', ['explain', '--'], ['--json', '--store', '--help']],
    ['an option that was given, if it may be repeated', ['run', '--verbose', '--set', 'a=1', '--v'], []],
    ['an option that may be repeated', ['run', '--set', 'a=1', '--se'], ['--set']],
    ['a value of few', ['sweep', 'demo', '--format', 'm'], ['md']],
    ['a value behind the sign of equality', ['sweep', 'demo', '--strategy=t'], ['--strategy=tpe']],
    ['a pipeline', ['run', 'de'], [':files', 'demo']],
    ['a recipe', ['plan', 'fashion-'], [':files', 'fashion-2020', 'fashion-mnist']],
    ['a node of the only pipeline', ['run', '--only', 'p'], ['part']],
    ['an instance', ['run', 'demo', '--force', 'teacher['], ['teacher[fold=0]', 'teacher[fold=1]']],
    ['an instance between quotes', ['run', 'demo', '--force', "'teacher[fold=1"], ['teacher[fold=1]']],
    ['a node of a run', ['show', '@latest', 'te'], ['teacher[fold=0]', 'teacher[fold=1]']],
    ['a node of a run that is reproduced', ['reproduce', 'paper', '--only', 'pa'], ['part']],
    ['the name of a setting', ['run', 'demo', '--set', 's'], ['size=', 'sources.poem=']],
    ['a param of a node, of those that are declared', ['run', 'demo', '--set', 'part.'], ['part.mode=', 'part.depth=']],
    ['a param of an instance', ['run', 'demo', '--set', 'teacher[fold=1].'], ['teacher[fold=1].lr=']],
    ['a value that is declared', ['run', 'demo', '--set', 'part.mode='], ['part.mode=fast', 'part.mode=slow']],
    ['a value that is on or off', ['run', 'demo', '--set', 'quick='], ['quick=true', 'quick=false']],
    ['the file of a source', ['run', 'demo', '--set', 'sources.poem='], [':files']],
    ['an executor', ['run', '--executor', ''], ['local', 'far']],
    ['a remote', ['run', '--remote', ''], ['team']],
    ['what is asked of remotes', ['remote', ''], ['status']],
    ['a remote that is asked', ['remote', 'status', ''], ['team']],
    ['a run by shortcut', ['show', '@l'], ['@latest']],
    ['a run by tag', ['diff', '@latest', 'pa'], ['paper']],
    ['the best run by a metric', ['show', '@best:avg'], ['@best:avg.test']],
    ['a tag that goes', ['tag', '--delete', ''], ['paper']],
    ['a column', ['runs', '--columns', 'run,sta'], ['run,state', 'run,started']],
    ['what is filtered by', ['runs', '--where', 'state=done and teacher.'], ['state=done and teacher.lr']],
    ['what is sorted by, downward', ['runs', '--sort', '-sec'], ['-seconds']],
    ['a file', ['report', '--output', ''], [':files']],
    ['a folder', ['init', ''], [':folders']],
    ['a code', ['explain', 'which'], ['which-pipeline']],
    ['a shell', ['completion', 'f'], ['fish']],
    ['nothing of a verb that is none', ['nothing', ''], []],
  ])('%s: %j', async (_, words, expected) => {
    const found = await offered(...words);
    expect(found.filter((word) => !/^teacher\[fold=\d\]\.avg|^teacher\.avg/.test(word))).toEqual(expected);
  });

  test('a sweep, beside the runs', async () => {
    const folder = emptyFolder();
    write(folder, { 'artifacts/sweeps/sweep-0123abcd.jsonl': '' });
    let text = '';
    await complete(['--', 'show', ''], folder, (written) => {
      text += written;
    });
    expect(text).toBe('@latest-sweep\tthe sweep that was at work last\nsweep-0123abcd\ta sweep\n');
  });

  test('a run by its id', async () => {
    expect(await offered('show', run.slice(0, 6))).toEqual([run]);
  });

  test('in the store that is named, and in a folder without anything', async () => {
    const elsewhere = emptyFolder();
    mkdirSync(join(elsewhere, 'empty'));
    let text = '';
    const write = (written: string): void => {
      text += written;
    };
    await complete(['--', 'show', '--store', join(folder, 'artifacts'), 'pap'], elsewhere, write);
    expect(text).toMatch(/^paper\t/);
    text = '';
    for (const words of [
      ['show', ''],
      ['run', '--only', ''],
      ['run', 'x.yaml', '--set', ''],
      ['runs', '--columns', 'zz'],
    ])
      await complete(['--', ...words], join(elsewhere, 'empty'), write);
    expect([text, readdirSync(join(elsewhere, 'empty'))]).toEqual(['', []]);
  });

  test('with nothing printed where files are broken', async () => {
    const broken = emptyFolder();
    write(broken, {
      'artifacts/pipeline.schema.json': '{',
      'artifacts/index/runs': 'x y\n',
      'p.yaml': 'name: p\nstages:\n  a: &x { run: ls }\n  b: [',
    });
    let text = '';
    for (const words of [
      ['run', 'p', '--set', 'a.'],
      ['run', 'p', '--only', ''],
      ['show', ''],
    ])
      await complete(['--', ...words], broken, (written) => (text += written));
    expect(text.split('\n').map((line) => line.split('\t')[0])).toEqual(['a', 'b', '']);
  });
});

test.each([
  ["'a b", 'a b'],
  ['"a b"', 'a b'],
  [String.raw`teacher\[fold=0\]`, 'teacher[fold=0]'],
  ['plain', 'plain'],
])('the word %s is read as a shell does: %s', (word, expected) => {
  expect(unquoted(word)).toBe(expected);
});

/** What is typed, a tab at the end of what is to be completed, and the arguments that the program is called with then. */
const TYPED: readonly (readonly [string, string])[] = [
  ['stillroom expl\t', '<explain>'],
  ['stillroom show @la\t', '<show><@latest>'],
  ['stillroom show @best:avg.\t', '<show><@best:avg.test>'],
  ['stillroom run dem\t--keep-g\t', '<run><demo><--keep-going>'],
  ['stillroom run demo.y\t--only teacher\\[fold=1\t', '<run><demo.yaml><--only><teacher[fold=1]>'],
  ["stillroom run demo --only 'teacher[fold=1\t", '<run><demo><--only><teacher[fold=1]>'],
  ['stillroom run demo --set part.mo\tsl\t', '<run><demo><--set><part.mode=slow>'],
  ['stillroom run demo --set siz\t64', '<run><demo><--set><size=64>'],
  ['stillroom sweep demo --strategy=tp\t', '<sweep><demo><--strategy=tpe>'],
  ['stillroom report --output poe\t', '<report><--output><poem.txt>'],
  ['stillroom report --output odd\t', '<report><--output><odd name.txt>'],
];

/**
 * Where each shell looks for what it is to do first, and how it is told to print what the program is called with. Prompts are counted: a shell
 * writes one anew while it completes, and what is typed then is another's.
 */
const SHELLS: Readonly<Record<string, { readonly file: string; readonly before: string }>> = {
  bash: {
    file: '.bashrc',
    before:
      "PROMPT_COMMAND='PS1=\"ready $((count++))> \"'\nbind 'set enable-bracketed-paste off'\nstillroom() { printf '<%s>' \"$@\"; echo; }\n",
  },
  zsh: {
    file: '.zshrc',
    before:
      'count=0\nprecmd() { PS1="ready $((count++))> "; }\nunsetopt zle_bracketed_paste PROMPT_SP PROMPT_CR\nautoload -Uz compinit && compinit -u -D\nstillroom() { printf \'<%s>\' "$@"; echo; }\n',
  },
  fish: {
    file: 'fish/config.fish',
    before:
      "set -g count 0\nfunction counted --on-event fish_postexec; set -g count (math $count + 1); end\nfunction fish_prompt; printf 'ready %s> ' $count; end\nset -g fish_greeting\nfunction stillroom; printf '<%s>' $argv; echo; end\n",
  },
};

function isThere(shell: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0;
}

describe.concurrent.each(['bash', 'zsh', 'fish'])('in a real %s', (shell) => {
  test.runIf(isThere(shell))('words are completed as they are typed, and quoted where that is needed', async () => {
    const { stdout: script, code } = await called(folder, ['completion', shell]);
    expect(code).toBe(0);
    const home = emptyFolder();
    const { file, before } = SHELLS[shell] ?? { file: '', before: '' };
    write(home, { [file]: before + script });
    const start = ['env', `HOME=${home}`, `ZDOTDIR=${home}`, `XDG_CONFIG_HOME=${home}`, shell, '-i'];
    const steps = [...TYPED.map(([typed]) => typed), 'exit'].map((typed, index) => ({ text: `ready ${index}> `, type: `${typed}\r` }));
    const { written } = await onTerminal(folder, steps, start);
    expect([...stripVTControlCharacters(written).matchAll(/^\r*(<.*>)\r*$/gm)].map(([, one]) => one)).toEqual(
      TYPED.map(([, args]) => args),
    );
  });
});

test('a shell that is unknown is answered with the nearest, and the real program prints the script alone', async () => {
  const { code, json } = await called(folder, ['completion', 'zhs', '--json']);
  expect([code, json.error?.hint]).toEqual([2, 'did you mean "zsh"?']);
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(checkout, 'dist/cli.js'), 'complete', '--', 'show', '@lat'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([stdout, stderr, status]).toEqual([expect.stringMatching(/^@latest\tdemo done/), '', 0]);
});
