import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complete } from '../../src/commands/complete/main.ts';
import { called, emptyFolder, write } from '../rig.ts';
import { appears, newestRun, prints, started, until, waitingProject } from './live-project.ts';

/** What a shell is offered for the last of some words. */
async function completed(folder: string, ...words: readonly string[]): Promise<string> {
  let text = '';
  await complete(words, folder, (part) => (text += part));
  return text;
}

describe('attach', () => {
  test('ends by Ctrl-C and leaves the run alone; two at once see its end, and end with its exit code', async () => {
    const folder = waitingProject();
    const run = started(folder, ['run', 'waits.yaml']);
    await appears(join(folder, 'begun'));
    const { run: id = '' } = (await newestRun(folder)) ?? {};
    const first = started(folder, ['attach', id]);
    await prints(first, 'w: ');
    expect(first.printed()).toContain(`waits: 3 nodes, 3 to run or check (run ${id})`);
    expect(first.printed()).toContain('1 executed');
    for (const verb of ['attach', 'stop']) expect((await completed(folder, verb, '')).split('\t')[0]).toBe(id);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect(first.printed()).toContain(`the run ${id} goes on`);
    expect(first.printed()).toContain(`attach ${id}`);
    const both = [started(folder, ['attach', '--verbose']), started(folder, ['attach', '--json'])] as const;
    await prints(both[0], 'w: ');
    await prints(both[1], '"node":"w"');
    write(folder, { go: '' });
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    expect(await run.ended).toBe(0);
    expect(both[0].printed()).toContain('w | the end [secret]');
    expect(both[0].printed()).toMatch(/waits: done in .*; 3 executed, 0 reused/);
    const told = both[1]
      .printed()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['run-started', 'node-started', 'node-log', 'node-ended', 'run-ended']),
    );
    expect(told.every(({ version }) => version === 1)).toBe(true);
    expect(told.at(-1)).toMatchObject({ run: id, state: 'done', executed: ['first', 'w', 'after'], metrics: { 'w.score': 0.5 } });
  });

  test('says of a run that fails why, with its exit code, and of one that has ended how', async () => {
    const folder = emptyFolder();
    const pipeline = `name: p\nstages: { bad: { run: 'touch ${folder}/begun; ${until(`${folder}/go`)}; echo no luck; exit 3', out: { o: o } } }\n`;
    write(folder, { 'package.json': '{}', 'p.yaml': pipeline });
    const run = started(folder, ['run', 'p.yaml']);
    await appears(join(folder, 'begun'));
    const attached = started(folder, ['attach']);
    await prints(attached, '▸ bad');
    write(folder, { go: '' });
    expect(await attached.ended).toBe(1);
    expect(await run.ended).toBe(1);
    expect(attached.printed()).toContain('✖ bad  failed: bad ended with exit code 3');
    const later = await called(folder, ['attach', '@latest']);
    expect(later.code).toBe(1);
    expect(later.stderr).toContain('error: bad ended with exit code 3 [exit-code]');
    expect(later.stderr).toContain('| no luck');
    expect(later.stdout).toMatch(/^p: failed after /);
  });

  test('says of a run whose process was killed that it is, and what to type, whether it watched it or comes later', async () => {
    const folder = waitingProject();
    const run = started(folder, ['run', 'waits.yaml']);
    await appears(join(folder, 'begun'));
    const attached = started(folder, ['attach']);
    await prints(attached, '▸ w');
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await attached.ended).toBe(1);
    for (const text of [attached.printed(), (await called(folder, ['attach', '@latest'])).stderr]) {
      expect(text).toContain('was interrupted: its process is gone');
      expect(text).toContain('go on from there: stillroom run waits.yaml');
    }
    expect((await called(folder, ['attach'])).stderr).toContain('nothing runs here now');
  });

  test('tells of a sweep in short what happened, then what happens; and of one whose process was killed that it is, and what to type', async () => {
    const folder = emptyFolder();
    write(folder, {
      'package.json': '{}',
      's.yaml': `name: s
params: { x: 1 }
stages:
  a:
    run: 'if [ $x = 2 ]; then touch ${folder}/begun; ${until(`${folder}/go`)}; fi; echo "{\\"score\\": $x}" > m.json; echo > o'
    with: { x: $x }
    metrics: m.json
    out: { o: o }
`,
    });
    const over = ['sweep', 's.yaml', '--over', 'x=1,2,3', '--maximize', 'a.score', '--parallel', '1', '--jobs', '1'];
    const sweep = started(folder, over);
    await appears(join(folder, 'begun'));
    const attached = started(folder, ['attach']);
    await prints(attached, 'so far 1/3, best: trial 0');
    let newest = await newestRun(folder);
    // A trial is among the runs once it has gone on for a moment.
    while (newest?.state !== 'live') newest = await newestRun(folder);
    const trial = await called(folder, ['stop', newest.run]);
    expect(trial.code).toBe(2);
    expect(trial.stderr).toMatch(/is a trial of the sweep (\S+) \[cannot-stop\]\n {2}hint: stop that: stillroom stop \1\n/);
    sweep.child.kill('SIGKILL');
    expect(await attached.ended).toBe(1);
    for (const text of [attached.printed(), (await called(folder, ['attach', '@latest-sweep'])).stderr]) {
      expect(text).toMatch(/the sweep \S+ was interrupted: its process is gone/);
      expect(text).toContain('stillroom sweep s.yaml');
    }
    write(folder, { go: '' });
    expect((await called(folder, over)).code).toBe(0);
    expect((await called(folder, ['attach', '@latest-sweep'])).code).toBe(0);
  });

  test('shows all lines of a node that prints many, once each and in order', async () => {
    const folder = emptyFolder();
    const pipeline = `name: p\nstages: { many: { run: 'touch ${folder}/begun; ${until(`${folder}/go`)}; seq 50000; echo > o', out: { o: o } } }\n`;
    write(folder, { 'package.json': '{}', 'p.yaml': pipeline });
    const run = started(folder, ['run', 'p.yaml']);
    await appears(join(folder, 'begun'));
    const attached = started(folder, ['attach', '--verbose']);
    await prints(attached, '▸ many');
    write(folder, { go: '' });
    expect(await attached.ended).toBe(0);
    expect(await run.ended).toBe(0);
    const numbers = attached
      .printed()
      .split('\n')
      .flatMap((line) => /^ {2}many \| (\d+)$/.exec(line)?.[1] ?? []);
    expect(numbers).toEqual(Array.from({ length: 50_000 }, (_, index) => String(index + 1)));
  });

  test('takes the one that lives; of several it lists them', async () => {
    const folder = waitingProject();
    const gate = until(`${folder}/go`);
    write(folder, { 'other.yaml': `name: other\nstages: { o: { run: 'touch ${folder}/other; ${gate}; echo > o', out: { o: o } } }\n` });
    const runs = [started(folder, ['run', 'waits.yaml']), started(folder, ['run', 'other.yaml'])];
    await Promise.all([appears(join(folder, 'begun')), appears(join(folder, 'other'))]);
    for (const verb of ['attach', 'stop']) {
      const { code, stderr } = await called(folder, [verb]);
      expect(code).toBe(2);
      expect(stderr).toContain('2 runs and sweeps live here');
      for (const name of ['other', 'waits']) expect(stderr).toMatch(new RegExp(`stillroom ${verb} \\S+ \\(${name}\\)`));
    }
    write(folder, { go: '' });
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([0, 0]);
  });
});

describe('stop', () => {
  test('ends a run as Ctrl-C does, and says how it ended; both who watch and who runs it are told who said so', async () => {
    const folder = waitingProject();
    const run = started(folder, ['run', 'waits.yaml']);
    await appears(join(folder, 'begun'));
    const attached = started(folder, ['attach']);
    await prints(attached, '▸ w');
    const { code, json } = await called(folder, ['stop', '--json']);
    expect({ code, json }).toMatchObject({ code: 0, json: { state: 'cancelled', stopped: true, skipped: ['after', 'w'] } });
    expect(await attached.ended).toBe(143);
    expect(await run.ended).toBe(143);
    for (const { printed } of [run, attached]) expect(printed()).toMatch(/! \S+@\S+ said stop: what runs may save its checkpoint/);
    expect(await called(folder, ['stop', '@latest'])).toMatchObject({ code: 0, stdout: expect.stringContaining('does not run') });
  });

  test('leaves no time to what runs with --force', async () => {
    const folder = emptyFolder();
    const stubborn = `trap "touch ${folder}/asked" TERM; touch ${folder}/begun; ${until(`${folder}/go`)}; ${until(`${folder}/go`)}; echo > o`;
    write(folder, {
      'package.json': '{}',
      'p.yaml': `name: p\nstages:\n  a: { run: '${stubborn}', out: { o: o } }\n  b: { run: 'echo > o', in: { a: a.o }, out: { o: o } }\n`,
      'stillroom.yaml': 'executors: { patient: { kind: process, grace: 600s } }\n',
    });
    const run = started(folder, ['run', 'p.yaml', '--executor', 'patient']);
    await appears(join(folder, 'begun'));
    const asked = started(folder, ['stop']);
    await appears(join(folder, 'asked'));
    expect(await called(folder, ['stop', '--force'])).toMatchObject({ code: 0, stderr: expect.stringContaining('is told to stop') });
    expect(await asked.ended).toBe(0);
    expect(asked.printed()).toContain('- a  cancelled: the run was stopped');
    expect(asked.printed()).not.toContain('- b');
    expect(await run.ended).toBe(143);
  });
});
