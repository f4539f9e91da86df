import { join } from 'node:path';
import { expect, test } from 'vitest';
import { called, checkout, emptyFolder, write } from '../rig.ts';
import { onScreen } from './on-screen.ts';
import { onTerminal } from './on-terminal.ts';

/** Sets a window's title, rings, colours, clears, and turns the direction of text. */
const EVIL = '\u001b]0;owned\u0007\u001b[31m\u009b2J\u202edaed';
/** What of it no program of ours would write to a terminal. */
const OBEYED = ['\u001b]0;', '\u0007', '\u009b', '\u202e'];

const stage = `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Says evil things.', outputs: { out: 'file.txt' }, run: () => import('./run.ts') });
`;
const run = `import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from 'stillroom';
import type stage from './stage.ts';
const evil = ${JSON.stringify(EVIL)};
export default work<typeof stage>(async ({ outputs, progress }) => {
  for (let i = 1; i <= 4; i += 1) {
    console.log('said ' + evil);
    console.error('complained ' + evil);
    progress(i, 4, 'noted ' + evil);
    await sleep(60);
  }
  writeFileSync(outputs.out, evil);
});
`;
const text = JSON.stringify(EVIL).replaceAll('\u009b', '\\u009b');
const pipeline = `name: evil
params: { title: ${text}, n: 1 }
stages:
  says: { uses: says }
  node:
    run: |
      printf '%s' "$title"; echo "$title" >&2; echo $n
      echo '{"m\\u001b]0;owned\\u0007\\u009b": 1}' > metrics.json
      printf '%s' "$title" > $out
    with: { title: $title, n: $n }
    matrix: { m: [${text}, "a b"] }
    out: { out: out.txt }
    metrics: metrics.json
  fails: { run: 'echo "$title" >&2; exit 3', with: { title: $title }, in: { out: node.out }, out: { o: o }, when: { n: 3 } }
sweep: { over: { n: [1, 2, 3] } }
`;

test('what nodes print, note, are given and call their metrics is shown on a terminal, and obeyed by none', async () => {
  const folder = emptyFolder();
  write(folder, { 'package.json': '{}', 'stages/says/stage.ts': stage, 'stages/says/run.ts': run, 'evil.yaml': pipeline });
  const cli = [process.execPath, join(checkout, 'dist/cli.js')];
  const asked = [
    ...[
      ['run', 'evil.yaml'],
      ['run', 'evil.yaml', '--verbose', '--force', 'says', '--force', 'node'],
    ],
    ...[
      ['sweep', 'evil.yaml'],
      ['sweep', 'evil.yaml', '--csv'],
      ['show', '@latest'],
      ['runs', '--columns', 'run,title'],
    ],
    ...[['report', '@latest', '--md'], ['report', '@latest', '--csv'], ['report', '@latest', '--json'], [EVIL]],
  ];
  const shown: string[] = [];
  for (const words of asked) {
    const { written } = await onTerminal(folder, [], [...cli, ...words]);
    expect(
      OBEYED.filter((one) => written.includes(one)),
      `${words.join(' ')}:\n${JSON.stringify(written)}`,
    ).toEqual([]);
    if (written.includes('owned')) shown.push(words.join(' '));
  }
  expect(shown.length).toBeGreaterThan(7);
  const [newest, older] = (await called(folder, ['runs', '--json', '--where', 'state=done', '--limit', '2'])).json.runs ?? [];
  const screens = [
    ...[
      ['show', '@latest', '--all'],
      ['show', '@latest', 'node'],
      ['plan', 'evil.yaml', '--set', 'title=x'],
      ['plan', 'evil.yaml', '--all'],
    ],
    ...[
      ['why', newest?.run ?? ''],
      ['why', 'evil.yaml', '--set', 'title=x'],
      ['diff', older?.run ?? '', newest?.run ?? '', '--all'],
    ],
  ];
  for (const words of screens) {
    const { code, lines } = await onScreen(folder, words, { columns: 80, env: {} });
    expect(code, words.join(' ')).toBe(0);
    const text = lines.join('\n');
    expect(
      OBEYED.filter((one) => text.includes(one)),
      `${words.join(' ')}:\n${JSON.stringify(text)}`,
    ).toEqual([]);
    if (!words.includes('diff') && words[1] !== newest?.run) expect(text, words.join(' ')).toContain('owned');
  }
  // A program is given a table as it is.
  expect((await called(folder, ['report', '@latest', '--csv'])).stdout).toContain(EVIL);
});
