import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { copyOf, edit, emptyFolder, called } from '../rig.ts';
import { lose } from '../stored.ts';
import { asked, measuredProject } from './measured-project.ts';

interface Answer {
  readonly verdict?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A file in a pack. */
type Entry = readonly [name: string, bytes: Buffer];

let project: string;
let pack: Buffer;

beforeAll(async () => {
  project = measuredProject();
  await asked(project, ['run', 'small']);
  await asked(project, ['pack', '@latest', '--output', 'run.still']);
  pack = readFileSync(join(project, 'run.still'));
});

/** Takes a pack apart. */
function entriesOf(bytes: Buffer): Entry[] {
  const text = gunzipSync(bytes);
  const entries: Entry[] = [];
  for (let at = text.indexOf(10) + 1; ; ) {
    const line = text.subarray(at, text.indexOf(10, at)).toString();
    if (line === 'end') return entries;
    const [name = '', size] = line.split(' ');
    const start = at + line.length + 1;
    at = start + Number(size);
    entries.push([name, text.subarray(start, at)]);
  }
}

function packed(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(([name, bytes]) => [Buffer.from(`${name} ${bytes.length}\n`), bytes]);
  return gzipSync(Buffer.concat([Buffer.from('stillroom-pack 1\n'), ...parts, Buffer.from('end\n')]));
}

/** Reproduces a pack in an empty folder of its own; fails if anything is left of it anywhere. */
async function reproduced(bytes: Buffer, env: Record<string, string> = {}): Promise<{ code: number; answer: Answer }> {
  const around = emptyFolder();
  const folder = join(around, 'empty');
  const temporary = join(around, 'temporary');
  mkdirSync(folder);
  mkdirSync(temporary);
  writeFileSync(join(around, 'run.still'), bytes);
  const ended = await asked<Answer>(folder, ['reproduce', '--from', '../run.still'], { env: { TMPDIR: temporary, ...env } });
  expect(readdirSync(around).sort()).toEqual(['empty', 'run.still', 'temporary']);
  expect(readdirSync(folder)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  return ended;
}

function recordText(): string {
  return (
    entriesOf(pack)
      .find(([name]) => name === 'run.json')?.[1]
      .toString() ?? ''
  );
}

function changedRecord(change: (text: string) => string): Buffer {
  return packed(
    entriesOf(pack).map(([name, bytes]) => (name === 'run.json' ? [name, Buffer.from(change(bytes.toString()))] : [name, bytes])),
  );
}

describe('a pack', () => {
  test('holds all that is needed in an empty folder, and no path of the machine it was made on', async () => {
    expect((await reproduced(pack)).answer.verdict).toBe('identical');
    expect((await reproduced(pack, { NOISE: '0.3' })).code).toBe(4);
    expect(gunzipSync(pack).includes(project)).toBe(false);
  });

  test('goes to the standard output, byte for byte the same each time', async () => {
    await called(project, ['pack', '@latest', '--output', 'again.still']);
    expect(readFileSync(join(project, 'again.still')).equals(pack)).toBe(true);
    const { stdout, stderr } = await called(project, ['pack', '@latest']);
    expect(stdout.length).toBeGreaterThan(1000);
    expect(stderr).toContain('packed ');
  });

  test('takes sources along that the store does not keep, and with --outputs what came out', async () => {
    const folder = measuredProject();
    edit(folder, 'pipelines/small.yaml', 'text: ../data/text.txt', 'text: { path: ../data/text.txt, keep: false }');
    await asked(folder, ['run', 'small']);
    renameSync(join(folder, 'data/text.txt'), join(folder, 'data/moved.txt'));
    const missing = await asked<Answer>(folder, ['pack', '@latest', '--output', 'run.still']);
    expect(missing.answer.error?.code).toBe('missing-source');
    expect(existsSync(join(folder, 'run.still'))).toBe(false);
    await asked(folder, ['pack', '@latest', '--outputs', '--output', 'run.still', '--source', 'text=data/moved.txt']);
    expect((await reproduced(readFileSync(join(folder, 'run.still')))).answer.verdict).toBe('identical');
    const empty = emptyFolder();
    const back = await asked(empty, ['reproduce', '--from', join(folder, 'run.still'), '--restore', '--to', 'out']);
    expect(back.code).toBe(0);
    expect(readFileSync(join(empty, 'out/card/card.txt'), 'utf8')).toContain('Result');
  });

  test('cannot be made of a damaged store, unless the project still has what was lost', async () => {
    const folder = copyOf(project);
    const [record = ''] = readdirSync(join(folder, 'artifacts/runs'));
    const { nodes } = JSON.parse(readFileSync(join(folder, 'artifacts/runs', record), 'utf8')) as RunRecord;
    const code = nodes['train']?.code ?? '';
    lose(join(folder, 'artifacts'), code);
    edit(folder, 'stages/train/run.ts', 'a model', 'another model');
    const { answer } = await asked<Answer>(folder, ['pack', '@latest', '--output', 'x.still']);
    expect(answer.error).toMatchObject({ code: 'missing-content', message: expect.stringContaining('the code of train') });
    edit(folder, 'stages/train/run.ts', 'another model', 'a model');
    await asked<Answer>(folder, ['pack', '@latest', '--output', 'x.still']);
    expect(readFileSync(join(folder, 'x.still')).equals(pack)).toBe(true);
  });
});

test('that cannot be written says so', async () => {
  const { code, answer } = await asked<Answer>(project, ['pack', '@latest', '--output', 'nowhere/run.still']);
  expect(code).toBe(2);
  expect(answer.error).toMatchObject({ code: 'pack-unwritten', message: expect.stringMatching(/nowhere\/run\.still: .*ENOENT/) });
});

describe('a hostile or damaged pack is refused, and nothing of it is written', () => {
  const blob = (bytes: Buffer): Entry => {
    const digest = sha256(bytes);
    return [`blobs/${digest.slice(0, 2)}/${digest.slice(2)}`, bytes];
  };

  /** The pack with its source in a folder whose manifest names a path. */
  function withManifest(path: string): Buffer {
    const bytes = Buffer.from('payload');
    const manifest = Buffer.from(JSON.stringify([{ path, size: bytes.length, digest: sha256(bytes), executable: false }]));
    const digest = sha256(manifest);
    const note = Buffer.from(JSON.stringify({ kind: 'dir', manifest: digest, pack: sha256(bytes) }));
    const entries = entriesOf(pack).map(([name, content]): Entry => {
      if (name !== 'run.json') return [name, content];
      const record = JSON.parse(content.toString()) as RunRecord;
      const text = { ...record.sources['text'], digest, kind: 'dir' };
      return [name, Buffer.from(JSON.stringify({ ...record, sources: { text } }))];
    });
    return packed([...entries, [`sources/${digest}.json`, note], blob(manifest), blob(bytes)]);
  }

  test.each([
    ['no pack', () => Buffer.from('not a pack'), 'no pack'],
    ['another archive', () => gzipSync('something else\n'), 'no pack'],
    ['an empty file', () => Buffer.alloc(0), 'cannot be used'],
    ['one that is cut off', () => pack.subarray(0, pack.length - 40), 'cut off'],
    ['one without an end', () => gzipSync(gunzipSync(pack).subarray(0, -4)), 'cut off'],
    ['one with more behind its end', () => gzipSync(Buffer.concat([gunzipSync(pack), Buffer.from('more')])), 'follows its end'],
    ['a newer one', () => gzipSync('stillroom-pack 2\nend\n'), 'newer Stillroom'],
    ['a path upward', () => packed([['../../evil', Buffer.from('x')], ...entriesOf(pack)]), 'no pack has'],
    ['an absolute path', () => packed([['/etc/evil', Buffer.from('x')], ...entriesOf(pack)]), 'no pack has'],
    ['a file beside the store', () => packed([['latest/evil', Buffer.from('x')], ...entriesOf(pack)]), 'no pack has'],
    [
      'a wrong digest',
      () => packed(entriesOf(pack).map(([name, bytes]) => [name, name.startsWith('blobs/') ? Buffer.from('x') : bytes])),
      'another digest',
    ],
    ['a file twice', () => packed([...entriesOf(pack), ...entriesOf(pack)]), 'twice'],
    ['a bomb', () => packed([blob(Buffer.alloc(300 * 1024 * 1024)), ...entriesOf(pack)]), 'inflates'],
    ['a size without bytes', () => gzipSync(`stillroom-pack 1\nblobs/00/${'0'.repeat(62)} 999999999999999\n`), 'free space'],
    ['no record', () => packed(entriesOf(pack).slice(1)), 'no run'],
    ['a record that is no JSON', () => changedRecord(() => '{'), 'not JSON'],
    [
      'a record nested without end',
      () => changedRecord((text) => text.replace('"facts":', `"deep":${'['.repeat(9000)}${']'.repeat(9000)},"facts":`)),
      'nested',
    ],
    ['a newer record', () => changedRecord((text) => text.replace(/"format":\d+/, '"format":99')), 'newer Stillroom'],
    [
      'an output that leaves its folder',
      () => changedRecord((text) => text.replace('"card":"card.txt"', '"card":"../../../evil"')),
      '/paths/card',
    ],
    ['a port that leaves its folder', () => changedRecord((text) => text.replace('"port":"text"', '"port":"../text"')), '/port'],
    [
      'a package that leaves its folder',
      () => changedRecord((text) => text.replace('"packages":{}', '"packages":{"../../x":{"version":"1","integrity":"x"}}')),
      '/packages',
    ],
    [
      'an input from nowhere',
      () => changedRecord((text) => text.replace('"instance":"train"', '"instance":"nobody"')),
      'comes from nowhere',
    ],
    ['no sources', () => packed(entriesOf(pack).filter(([name]) => !name.startsWith('sources/'))), 'the source "text" is missing'],
    ['no code', () => packed(entriesOf(pack).filter(([name]) => !name.startsWith('bundles/'))), 'the code of train'],
    [
      'a hash that it only says',
      () => changedRecord((text) => text.replace(/"hash":"[0-9a-f]{64}"/, `"hash":"${'0'.repeat(64)}"`)),
      'its hash is not',
    ],
    [
      'params that are not those of its hash',
      () =>
        changedRecord((text) =>
          text.replace('"params":{"title":"Result"}', '"params":{"title":"Other"}').replace('"title":"Result"', '"title":"Other"'),
        ),
      'its hash is not',
    ],
    [
      'an input that is not what it was made from',
      () => {
        const record = JSON.parse(recordText()) as RunRecord;
        const wrong = { ...record.nodes['card']?.inputs, model: ['0'.repeat(64)] };
        return changedRecord((text) =>
          text.replace(`"inputs":${JSON.stringify(record.nodes['card']?.inputs)}`, `"inputs":${JSON.stringify(wrong)}`),
        );
      },
      'the input "model" of card',
    ],
    [
      'an output of another size',
      () =>
        changedRecord((text) => text.replace(/"kind":"dir","digest":"([0-9a-f]{64})","size":\d+/, '"kind":"dir","digest":"$1","size":1')),
      'not of the size',
    ],
    ['a source of another size', () => changedRecord((text) => text.replace(/("text":\{[^}]*"size":)\d+/, '$11')), 'not of the size'],
    ['a source with a path upward', () => withManifest('../../evil'), 'paths that leave it'],
    ['a source with an absolute path', () => withManifest('/tmp/evil'), 'paths that leave it'],
  ])('%s', async (_name, make, message) => {
    const { code, answer } = await reproduced(make());
    expect(code).toBe(2);
    expect(answer.error).toMatchObject({ code: 'bad-pack', message: expect.stringContaining(message) });
  });
});
