import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { asAnotherUser, called, checkout, emptyFolder, giveAway, stillroom, write } from '../rig.ts';
import { startFaultyProxy } from '../stores/faulty-proxy.ts';
import { CREDENTIALS, noS3, type S3Server, startS3 } from '../stores/s3-server.ts';
import { sharedProject } from './shared-project.ts';

/** What these commands print with --json. */
interface Answer {
  readonly run: string;
  readonly hash: string;
  readonly executed: readonly string[];
  readonly reused: readonly string[];
  readonly nodes: readonly { readonly node: string; readonly action: string; readonly remote?: string }[];
  readonly verdict: string;
  readonly results: number;
  readonly pushed: readonly { readonly results: number; readonly arrived: number; readonly unsent: number }[];
  readonly remotes: readonly {
    readonly unsent: number;
    readonly failure: string | null;
    readonly shelves: readonly object[] | null;
  }[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

async function asked(folder: string, ...args: readonly string[]): Promise<Answer & { readonly code: number; readonly stderr: string }> {
  const { code, stdout, stderr } = await called(folder, [...args, '--json']);
  return { ...(JSON.parse(stdout) as Answer), code, stderr };
}

/** All files below a folder with what they hold. */
function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const;
    }),
  );
}

const card = (folder: string) => readFileSync(join(folder, 'artifacts/latest/poem/card/card.txt'), 'utf8');

/** A project that shares its results in a new folder, and what it declares. */
function withDrive(): { readonly project: string; readonly drive: string; readonly yaml: string } {
  const drive = emptyFolder();
  const yaml = `remotes: { team: { kind: folder, path: ${drive}, write: ci/ } }\n`;
  return { project: sharedProject(yaml), drive, yaml };
}

const TEXT = 'totobebeorornotnottotobebe';

/** What another machine does that has nothing but the remote. */
function worksElsewhere(open: () => { readonly project: string; readonly yaml: string }): void {
  let project: string;
  let elsewhere: () => string;
  let first: Answer;

  beforeAll(async () => {
    const opened = open();
    project = opened.project;
    elsewhere = () => {
      const folder = emptyFolder();
      write(folder, { 'stillroom.yaml': opened.yaml });
      return folder;
    };
    first = await asked(project, 'run', 'poem', '--remote', 'team');
    expect([first.executed, card(project)]).toEqual([['split', 'card'], TEXT]);
  });

  test('plans what would come from the remote, and fetches nothing', async () => {
    const other = sharedProject(readFileSync(join(project, 'stillroom.yaml'), 'utf8'));
    const planned = async (...more: readonly string[]) =>
      (await asked(other, 'plan', 'poem', ...more)).nodes.map(({ node, action, remote }) => [node, action, remote]);
    const far = [
      ['split', 'reuse', 'team'],
      ['card', 'reuse', 'team'],
    ];
    expect(await planned('--remote', 'team')).toEqual(far);
    expect((await planned()).map(([, action]) => action)).not.toContain('reuse');
    expect((await planned('--remote', 'team', '--set', 'split.times=3'))[0]).toEqual(['split', 'run', undefined]);
    const shown = await called(other, ['plan', 'poem', '--remote', 'team']);
    expect(shown.stdout).toContain('2 reused (2 from remotes)');
    expect(shown.stdout).toContain('the remote team has it');
    expect((await asked(other, 'run', 'poem', '--remote', 'team')).executed).toEqual([]);
    expect(await planned('--remote', 'team')).toEqual(far.map(([node, action]) => [node, action, undefined]));
  });

  test('runs the same pipeline and executes nothing', async () => {
    const other = sharedProject(readFileSync(join(project, 'stillroom.yaml'), 'utf8'));
    const second = await asked(other, 'run', 'poem', '--remote', 'team');
    expect([second.executed, second.reused, second.hash]).toEqual([[], ['split', 'card'], first.hash]);
    expect(filesIn(join(other, 'artifacts/latest/poem'))).toEqual(filesIn(join(project, 'artifacts/latest/poem')));
    const changed = await asked(other, 'run', 'poem', '--remote', 'team', '--set', 'split.times=3');
    expect(changed.executed).toEqual(['split', 'card']);
  });

  test('reproduces and fetches a run that was pushed, with no project at all', async () => {
    const pushed = await asked(project, 'push', first.run, '--remote', 'team');
    expect(pushed.pushed).toMatchObject([{ results: 2, arrived: 2, unsent: 0 }]);
    const machine = elsewhere();
    const reproduced = await called(machine, ['reproduce', first.hash, '--remote', 'team', '--to', 'out']);
    expect(reproduced.stdout).toContain('identical; 2 of 2 artifacts are identical');
    expect(reproduced.stderr).toContain('2 nodes were found in remotes and not executed');
    expect(readFileSync(join(machine, 'out/card/card.txt'), 'utf8')).toBe(TEXT);
    const another = elsewhere();
    const pulled = await asked(another, 'pull', first.hash.slice(0, 8), '--remote', 'team');
    expect(pulled).toMatchObject({ run: first.run, hash: first.hash, results: 2 });
    expect((await asked(another, 'restore', first.run, '--to', 'out')).code).toBe(0);
    expect(filesIn(join(another, 'out'))).toEqual(filesIn(join(machine, 'out')));
    expect((await asked(another, 'restore', first.run, '--source', 'text', '--to', 'text')).code).toBe(0);
    const again = await called(another, ['reproduce', first.run]);
    expect(again.stdout).toContain('identical; 2 of 2 artifacts are identical');
    expect(again.stderr).not.toContain('found in remotes');
    expect((await asked(another, 'verify')).code).toBe(0);
  });
}

describe('a machine that has nothing but a folder', () => {
  worksElsewhere(withDrive);
});

describe.skipIf(noS3 !== undefined)('a machine that has nothing but a bucket', () => {
  let server: S3Server;

  beforeAll(async () => {
    Object.assign(process.env, CREDENTIALS);
    server = await startS3(emptyFolder());
  });

  afterAll(() => {
    server.stop();
    for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
  });

  worksElsewhere(() => {
    const yaml = `remotes: { team: { kind: s3, bucket: results, prefix: vision, endpoint: "${server.endpoint}", write: ci/ } }\n`;
    return { project: sharedProject(yaml), yaml };
  });

  test('a run that is killed while it sends has lost nothing: the next one sends what it left, and executes nothing', async () => {
    const proxy = await startFaultyProxy(server.port, 1);
    try {
      const yaml = `remotes: { team: { kind: s3, bucket: results, endpoint: "${proxy.endpoint}", write: killed/ } }\n`;
      const project = sharedProject(yaml);
      proxy.held.add('PUT');
      const child = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'poem', '--remote', 'team'], {
        cwd: project,
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const notes = join(project, 'artifacts/index/remotes');
      while (Object.keys(existsSync(notes) ? filesIn(notes) : {}).filter((path) => path.includes('/unsent/')).length < 2) await sleep(20);
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(join(server.folder, 'killed'))).toBe(false);
      proxy.held.clear();
      expect(await asked(project, 'run', 'poem', '--remote', 'team')).toMatchObject({ executed: [], reused: ['split', 'card'] });
      const keys = Object.keys(filesIn(join(server.folder, 'killed')));
      expect(keys.filter((key) => key.startsWith('results/'))).toHaveLength(2);
      expect(Object.keys(filesIn(notes)).filter((path) => path.includes('/unsent/'))).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  test('writes no credentials anywhere', async () => {
    const yaml = `remotes: { team: { kind: s3, bucket: results, endpoint: "${server.endpoint}", write: other/ } }\n`;
    const project = sharedProject(yaml);
    await asked(project, 'run', 'poem', '--remote', 'team');
    await asked(project, 'push', '@latest');
    for (const folder of [join(project, 'artifacts'), server.folder]) {
      const told = Object.entries(filesIn(folder)).filter(([, text]) => Object.values(CREDENTIALS).some((secret) => text.includes(secret)));
      expect(told.map(([path]) => path)).toEqual([]);
    }
  });
});

test.skipIf(asAnotherUser() === undefined)('another user in another folder executes nothing either', async () => {
  const { project, drive, yaml } = withDrive();
  const first = await asked(project, 'run', 'poem', '--remote', 'team');
  const other = sharedProject(yaml);
  for (const path of [drive, other, join(other, '..')]) giveAway(path);
  const ended = await stillroom(other, ['run', 'poem', '--remote', 'team', '--json'], { wrapper: asAnotherUser() ?? [] });
  expect(ended.json).toMatchObject({ executed: [], reused: ['split', 'card'], hash: first.hash });
  expect(card(other)).toBe(TEXT);
});

test('what could not be sent is told, shown by remote status, and sent by push', async () => {
  const { project, drive } = withDrive();
  rmSync(drive, { recursive: true });
  const { code, stderr } = await called(project, ['run', 'poem', '--remote', 'team']);
  expect([code, stderr]).toEqual([0, expect.stringContaining('2 results did not arrive at the remote team: stillroom push --remote team')]);
  const status = await asked(project, 'remote', 'status');
  expect([status.code, status.remotes]).toMatchObject([
    1,
    [{ unsent: 2, shelves: null, failure: expect.stringContaining('is not there') }],
  ]);
  expect((await asked(project, 'push')).error).toMatchObject({ code: 'remote-failed' });
  mkdirSync(drive);
  expect((await asked(project, 'push')).pushed).toMatchObject([{ unsent: 0 }]);
  expect((await asked(project, 'remote', 'status', 'team')).remotes).toMatchObject([{ unsent: 0, shelves: [{ results: 2, runs: 0 }] }]);
});

describe('a run in a remote that is not what it says', () => {
  test.each<[string, (record: { run: Record<string, unknown>; entries: unknown[][] }) => void]>([
    ['has another hash', ({ run }) => void Object.assign(run, { hash: sha256('other') })],
    ['has another id', ({ run }) => void Object.assign(run, { id: '20260101T000000-abcdef' })],
    [
      'says other outputs',
      ({ run }) => void Object.assign((run['nodes'] as { card: { outputs: { card: object } } }).card.outputs.card, { size: 7 }),
    ],
    [
      'lacks code',
      (record) => void Object.assign(record, { entries: record.entries.filter(([name]) => !String(name).startsWith('bundles/')) }),
    ],
    ['holds a file that leads out of the store', ({ entries }) => void entries.push(['../../evil', sha256(''), 0])],
    ['holds content under the name of another', ({ entries }) => void entries[0]?.splice(0, 1, `blobs/00/${'0'.repeat(62)}`)],
    ['names content that is not there', ({ entries }) => void entries.push([`blobs/00/${'0'.repeat(62)}`, '0'.repeat(64), 3])],
  ])('is not fetched: it %s', async (_, change) => {
    const { drive, run, yaml } = await pushed();
    const path = join(drive, 'ci/runs', `${run}.json`);
    const payload = JSON.parse((JSON.parse(readFileSync(path, 'utf8')) as { payload: string }).payload) as { record: never };
    change(payload.record);
    const text = JSON.stringify(payload);
    writeFileSync(path, JSON.stringify({ payload: text, digest: sha256(text), signatures: [] }));
    const machine = emptyFolder();
    write(machine, { 'stillroom.yaml': yaml });
    const pulled = await asked(machine, 'pull', run);
    expect(pulled.error?.code).toBe('remote-failed');
    expect((await asked(machine, 'show', run)).code).not.toBe(0);
    expect((await asked(machine, 'verify')).code).toBe(0);
  });

  let made: Promise<{ readonly drive: string; readonly run: string; readonly yaml: string }> | undefined;

  /** A remote of its own that holds a run. */
  async function pushed(): Promise<{ readonly drive: string; readonly run: string; readonly yaml: string }> {
    made ??= (async () => {
      const { project, drive, yaml } = withDrive();
      const { run } = await asked(project, 'run', 'poem');
      await asked(project, 'push', run);
      return { drive, run, yaml };
    })();
    const { drive, run } = await made;
    const copy = emptyFolder();
    for (const [path, text] of Object.entries(filesIn(drive))) write(copy, { [path]: text });
    return { drive: copy, run, yaml: `remotes: { team: { kind: folder, path: ${copy}, trust: [ci/] } }\n` };
  }
});

describe('gc --remote', () => {
  test('says what is older than is asked and what nothing younger names, and removes it with --yes', async () => {
    const { project, drive } = withDrive();
    const old = await asked(project, 'run', 'poem', '--remote', 'team');
    await asked(project, 'run', 'poem', '--remote', 'team', '--set', 'split.times=5');
    await asked(project, 'push', old.run);
    const past = Date.now() / 1000 - 30 * 24 * 3600;
    const all = Object.keys(filesIn(drive));
    for (const path of all) if (!path.includes('/runs/')) utimesSync(join(drive, path), past, past);
    const asking = ['gc', '--remote', 'team', '--keep-days', '10'];
    // The run is young: its results and contents stay, those of the other settings go.
    const would = await called(project, asking);
    expect(would.stdout).toMatch(/would remove .* from the remote team \(ci\/\): 0 runs, 2 results, \d contents/);
    expect(Object.keys(filesIn(drive))).toEqual(all);
    expect((await called(project, [...asking, '--yes'])).stdout).toContain('removed ');
    const machine = emptyFolder();
    write(machine, { 'stillroom.yaml': readFileSync(join(project, 'stillroom.yaml')) });
    expect(await asked(machine, 'pull', old.hash)).toMatchObject({ run: old.run, results: 2 });
    for (const path of Object.keys(filesIn(drive))) utimesSync(join(drive, path), past, past);
    expect((await called(project, [...asking, '--yes'])).stdout).toContain(': 1 run, 2 results');
    expect(filesIn(drive)).toEqual({});
  });

  test.each([
    [['--remote', 'team'], 'say how old'],
    [['--remote', 'team', '--keep-days', '3', '--keep-runs', '2'], 'by age alone'],
    [['--remote', 'none', '--keep-days', '3'], 'no remote is named "none"'],
  ])('%j is told', async (args, message) => {
    const { project } = withDrive();
    expect((await asked(project, 'gc', ...args)).error?.message).toContain(message);
  });
});

test.each([
  [['push', '@latest'], 'only read'],
  [['pull', 'abcdef01'], 'no run "abcdef01" is in the remote team'],
  [['remote', 'list'], 'stillroom remote list is unknown'],
])('%j is told where it cannot be done', async (args, message) => {
  const { project, drive } = withDrive();
  write(project, { 'stillroom.yaml': `remotes: { team: { kind: folder, path: ${drive}, trust: [ci/] } }\n` });
  expect((await asked(project, ...args)).error?.message).toContain(message);
});
