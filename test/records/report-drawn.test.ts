import { expect, test } from 'vitest';
import type { Artifacts } from '../../src/model/store.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { Easel } from '../../src/records/report/drawn.ts';
import { recordOf } from './memory.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

/** A store whose content is what is given by its digest: bytes, or the files of a folder. */
function artifactsOf(content: Readonly<Record<string, Uint8Array | string>>): Artifacts {
  return {
    read: (digest: string) => (content[digest] === undefined ? undefined : Buffer.from(content[digest])),
    manifest: (digest: string) => ({
      files: Object.entries(content)
        .filter(([name]) => name.startsWith(`${digest}/`))
        .map(([name, bytes]) => ({ path: name.slice(digest.length + 1), digest: name, size: bytes.length })),
    }),
  } as unknown as Artifacts;
}

/** A run of commands with an output each: a file by its suffix, a folder where there is none. */
function runOf(content: Readonly<Record<string, Uint8Array | string>>, outputs: Readonly<Record<string, string>>, id = '1'): RunRecord {
  const record = recordOf(id, { nodes: Object.fromEntries(Object.keys(outputs).map((name) => [name, { command: 'make' }])) });
  const nodes = Object.entries(record.nodes).map(([name, node]) => {
    const digest = outputs[name] ?? '';
    const suffix = /\.\w+$/.exec(digest)?.[0] ?? '';
    const artifact = { kind: suffix === '' ? 'dir' : 'file', digest, size: content[digest]?.length ?? 0, suffix, measured: false } as const;
    return [name, { ...node, outputs: { out: artifact } }] as const;
  });
  return { ...record, nodes: Object.fromEntries(nodes) };
}

/** What is asked for where nothing is drawn as a plot. */
const asked = (isShown: (from: string) => boolean) => ({ isShown, isPlotted: () => false });

const drawnOf = (
  content: Readonly<Record<string, Uint8Array | string>>,
  outputs: Readonly<Record<string, string>>,
  shown: readonly string[] = [],
) =>
  new Easel().draw(
    artifactsOf(content),
    runOf(content, outputs),
    asked((from) => shown.includes(from)),
  );

test('pictures, tables, Markdown and HTML among the outputs are drawn, those that are asked for as such', () => {
  const content = {
    'a.png': PNG,
    'b.svg': '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    'c.csv': `name;count\n"a ""b""";1\n${Array.from({ length: 80 }, (_, row) => `${row};${row}`).join('\n')}\n`,
    'd.tsv': 'name\tcount\na, b\t1\n',
    'e.json': '[{ "name": "a", "value": 1.23456789 }, { "name": "b", "more": null }]',
    'f.md': '# Title',
    'g.html': '<p>',
    'h.txt': 'nothing that is drawn',
  };
  const names = Object.fromEntries(Object.keys(content).map((name) => [name.slice(0, 1), name]));
  const { drawn, undrawn } = drawnOf(content, names, ['f.out']);
  expect(drawn.map(({ from, kind, isShown }) => [from, kind, isShown])).toEqual([
    ['a.out', 'picture', false],
    ['b.out', 'picture', false],
    ['c.out', 'table', false],
    ['d.out', 'table', false],
    ['e.out', 'table', false],
    ['f.out', 'markdown', true],
    ['g.out', 'html', false],
  ]);
  expect(drawn[1]).toMatchObject({ type: 'image/svg+xml' });
  expect(drawn[2]).toMatchObject({ count: 81 });
  expect(drawn[2]?.kind === 'table' && [drawn[2].rows.length, drawn[2].rows[1]]).toEqual([51, ['a "b"', '1']]);
  expect(drawn[3]).toMatchObject({
    rows: [
      ['name', 'count'],
      ['a, b', '1'],
    ],
  });
  expect(drawn[4]).toMatchObject({
    rows: [
      ['name', 'value', 'more'],
      ['a', '1.2346', ''],
      ['b', '', ''],
    ],
    count: 2,
  });
  expect(undrawn).toEqual([]);
});

test('what is not what its name says, or too large, is told; JSON that is no table and texts of other kinds are not', () => {
  const content = {
    'a.png': '<script>',
    'b.svg': 'no picture',
    'c.json': '{ "confusion": [] }',
    'd.json': '[{ "a": [1] }]',
    'e.json': 'no JSON',
    'f.md': 'a\u0000b',
    'g.png': Buffer.concat([PNG, Buffer.alloc(1_100_000)]),
    'h.csv': '"never closed\n',
  };
  const { drawn, undrawn } = drawnOf(content, Object.fromEntries(Object.keys(content).map((name) => [name.slice(0, 1), name])));
  expect(drawn).toEqual([]);
  expect([...undrawn].sort()).toEqual([
    'a.out: missing, or not what its name says',
    'b.out: missing, or not what its name says',
    'f.out: missing, or not what its name says',
    'g.out: too large for a page (1.1 MB)',
  ]);
});

test('a picture that says it has more pixels than a browser should be given is told, whatever its size', () => {
  const sized = (width: number, height: number): Buffer => {
    const head = Buffer.alloc(24);
    PNG.copy(head);
    head.writeUInt32BE(width, 16);
    head.writeUInt32BE(height, 20);
    return head;
  };
  const jpeg = Buffer.from('ffd8ffe000046162ffc0001108fffffffe03', 'hex');
  const gif = Buffer.from('474946383961ffffffff', 'hex');
  const content = { 'a.png': sized(60_000, 60_000), 'b.png': sized(7000, 7000), 'c.jpg': jpeg, 'd.gif': gif, 'e.png': PNG };
  const { drawn, undrawn } = drawnOf(content, Object.fromEntries(Object.keys(content).map((name) => [name.slice(0, 1), name])));
  expect(drawn.map(({ from }) => from)).toEqual(['b.out', 'e.out']);
  expect([...undrawn].sort()).toEqual([
    'a.out: too large to be shown (3600 megapixels)',
    'c.out: too large to be shown (4295 megapixels)',
    'd.out: too large to be shown (4295 megapixels)',
  ]);
});

test('of a folder the first files are drawn', () => {
  const content = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`plots/${String(index).padStart(2, '0')}.png`, Buffer.concat([PNG, Buffer.of(index)])]),
  );
  const { drawn, undrawn } = drawnOf(content, { draw: 'plots' });
  expect(drawn.map(({ from }) => from)).toEqual(
    Object.keys(content)
      .sort()
      .slice(0, 12)
      .map((name) => `draw.out/${name.slice('plots/'.length)}`),
  );
  expect(undrawn).toEqual(['draw.out: 18 more of its 30 files']);
});

test('a page has room for so much: what is shown comes first, then the last nodes, and what runs share is drawn once', () => {
  const large = (first: number): Buffer => Buffer.concat([PNG, Buffer.of(first), Buffer.alloc(480_000)]);
  const content = { 'a.png': large(1), 'b.png': large(2), 'c.png': large(3), 'd.png': large(4) };
  const outputs = { a: 'a.png', b: 'b.png', c: 'c.png', d: 'd.png' };
  const easel = new Easel();
  const { drawn, undrawn } = easel.draw(
    artifactsOf(content),
    runOf(content, outputs),
    asked((from) => from === 'a.out'),
  );
  expect(drawn.map(({ from }) => from)).toEqual(['a.out', 'c.out', 'd.out']);
  expect(undrawn).toEqual(['b.out: no room for it on this page']);
  const again = easel.draw(
    artifactsOf(content),
    runOf(content, { a: 'a.png' }, '2'),
    asked(() => true),
  );
  expect(again).toEqual({ drawn: [], undrawn: ['a.out: the same as a.out of 1'] });
});
