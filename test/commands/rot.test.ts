import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { called, edit, emptyFolder, type Printed, write } from '../rig.ts';
import { rot } from '../stored.ts';

// On a bad disk bytes change and no stamp does.
vi.mock('../../src/files/stamp.ts', async (original) => ({
  ...(await original<typeof import('../../src/files/stamp.ts')>()),
  fileStamp: ({ size }: { readonly size: bigint }) => String(size),
}));

/** A disk of memory. */
const MEMORY = '/dev/shm';

/** A chain: `a` writes a file, `b` copies it, `c` copies that. */
function chain(): string {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'poem.txt': 'a poem\n',
    'p.yaml': `name: p
sources: { poem: poem.txt }
stages:
  a: { run: 'cat "$poem" > "$o"; echo by a >> "$o"', in: { poem: $sources.poem }, out: { o: o.txt } }
  b: { run: 'cat "$x" > "$o"; echo by b >> "$o"', in: { x: a.o }, out: { o: o.txt } }
  c: { run: 'cat "$x" > "$o"; echo by c >> "$o"', in: { x: b.o }, out: { o: o.txt } }
`,
  });
  return folder;
}

const TEXTS = { poem: 'a poem\n', a: 'a poem\nby a\n', b: 'a poem\nby a\nby b\n', c: 'a poem\nby a\nby b\nby c\n' };

/** Flips a bit of a blob. */
function rotted(folder: string, content: string): void {
  rot(join(folder, 'artifacts'), sha256(content));
}

async function run(folder: string, ...args: string[]): Promise<Printed & { readonly code: number }> {
  const { code, json } = await called(folder, ['run', 'p.yaml', '--json', ...args]);
  return { ...json, code };
}

const text = (folder: string): string => readFileSync(join(folder, 'artifacts/latest/p/c/o.txt'), 'utf8');

test.each([
  ['what a node is given', 'by c', 'by me', { b: TEXTS.b }, ['b', 'c']],
  ['what that is made of, too', 'by c', 'by me', { a: TEXTS.a, b: TEXTS.b }, ['a', 'b', 'c']],
  ['a kept source, although nothing else is', 'by a', 'by me', { poem: TEXTS.poem }, ['a', 'b', 'c']],
])('%s is made again in the run that finds it rotten', async (_, from, to, rotten, executed) => {
  const folder = chain();
  const first = await run(folder);
  expect(first.code).toBe(0);
  edit(folder, 'p.yaml', from, to);
  for (const content of Object.values(rotten)) rotted(folder, content);
  const second = await run(folder);
  expect([second.code, [...(second.executed ?? [])].sort()]).toEqual([0, executed]);
  expect(text(folder)).toBe(TEXTS.c.replace(from, to));
  expect(readdirSync(join(folder, 'artifacts/quarantine'))).toHaveLength(Object.keys(rotten).length);
  expect(await run(folder)).toMatchObject({ code: 0, executed: [], hash: second.hash });
});

test('an output that is only published is made again in the run that finds it rotten', async () => {
  const folder = chain();
  const first = await run(folder);
  rmSync(join(folder, 'artifacts/latest/p'));
  rotted(folder, TEXTS.a);
  expect(await run(folder)).toMatchObject({ code: 0, executed: ['a'], reused: ['b', 'c'], hash: first.hash });
  expect(readFileSync(join(folder, 'artifacts/latest/p/a/o.txt'), 'utf8')).toBe(TEXTS.a);
});

test('where it comes out otherwise, what was read before does not pass for what is read now: the run fails, the next one ends', async () => {
  const folder = chain();
  edit(folder, 'p.yaml', 'echo by a', 'date +%N');
  edit(folder, 'p.yaml', 'x: b.o', 'x: a.o');
  await run(folder);
  const a = readFileSync(join(folder, 'artifacts/latest/p/a/o.txt'), 'utf8');
  edit(folder, 'p.yaml', 'by c', 'by me');
  rotted(folder, a);
  const second = await run(folder);
  expect(second).toMatchObject({ code: 5, error: { code: 'input-damaged', hint: expect.stringContaining('run again') } });
  expect(second.error?.message).toContain('b had read them');
  expect(await run(folder)).toMatchObject({ code: 0, reused: ['a'], executed: ['b', 'c'] });
  expect(await run(folder)).toMatchObject({ code: 0, executed: [] });
});

// Of a disk of memory how a file stands does not tell all that has become of it, so that its bytes are looked at.
test.skipIf(!existsSync(MEMORY))('a large file that rots while a node reads it is made again, and so is what was made of it', async () => {
  const folder = emptyFolder(MEMORY);
  const marker = join(folder, 'marker');
  const flip = `[ -e ${marker} ] || { chmod u+w "$x"; printf y | dd of="$x" conv=notrunc status=none; touch ${marker}; }`;
  write(folder, {
    'package.json': '{}',
    'p.yaml': `name: p
stages:
  a: { run: 'head -c 70000000 /dev/zero > "$o"', out: { o: o.bin } }
  c:
    run: |
      ${flip}
      head -c 4 "$x" | od -c | head -n 1 > "$o"
    in: { x: a.o }
    out: { o: o.txt }
`,
  });
  expect(await run(folder)).toMatchObject({ code: 0, executed: ['a', 'c'] });
  expect(existsSync(marker)).toBe(true);
  expect(text(folder)).not.toContain('y');
  expect(await run(folder)).toMatchObject({ code: 0, executed: [] });
});

test('a source that is read where it lies and changed since it was planned with makes no result', async () => {
  const folder = chain();
  edit(folder, 'p.yaml', 'poem: poem.txt', 'poem: { path: poem.txt, keep: false }');
  const first = await run(folder);
  // A node before it writes to the source.
  edit(
    folder,
    'p.yaml',
    'stages:',
    `stages:\n  z: { run: 'echo a longer song > ${join(folder, 'poem.txt')}; echo z > "$o"', out: { o: o.txt } }`,
  );
  edit(folder, 'p.yaml', 'in: { poem: $sources.poem }', 'in: { poem: $sources.poem, z: z.o }');
  expect(await run(folder)).toMatchObject({ code: 1, executed: ['z'], failed: ['a'], error: { code: 'source-changed' } });
  const third = await run(folder);
  expect(third).toMatchObject({ code: 0, reused: ['z'], executed: ['a', 'b', 'c'] });
  expect(text(folder)).toContain('a longer song');
  expect(third.hash).not.toBe(first.hash);
});
