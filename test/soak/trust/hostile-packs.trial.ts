import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Dice, dice, oneOf } from './dice.ts';
import { hasStack, questions } from './questions.ts';
import type { Trial } from './trial.ts';

const pipeline = `name: p
sources: { word: word.txt }
stages:
  a: { run: 'cat "$w" > "$o/x"; echo more > "$o/y"', in: { w: $sources.word }, out: { o: d/ } }
  b: { run: 'cat "$i/x" > "$o"; echo "{\\"n\\": 1}" > m.json', in: { i: a.o }, out: { o: o.txt }, metrics: m.json }
`;

/** A file in a pack. */
interface Entry {
  name: string;
  size: string;
  bytes: Buffer;
}

/** A pack taken apart: its first line, its files and what follows them. */
interface Parts {
  header: string;
  entries: Entry[];
  end: string;
}

function apart(pack: Buffer): Parts {
  const text = gunzipSync(pack);
  const lineAt = (at: number): string => text.toString('latin1', at, text.indexOf(10, at));
  const header = lineAt(0);
  const entries: Entry[] = [];
  let at = header.length + 1;
  for (let line = lineAt(at); line !== 'end'; line = lineAt(at)) {
    const [name = '', size = '0'] = line.split(' ');
    at += line.length + 1;
    entries.push({ name, size, bytes: text.subarray(at, at + Number(size)) });
    at += Number(size);
  }
  return { header, entries, end: 'end\n' };
}

function together({ header, entries, end }: Parts): Buffer {
  const files = entries.flatMap(({ name, size, bytes }) => [Buffer.from(`${name} ${size}\n`), bytes]);
  return gzipSync(Buffer.concat([Buffer.from(`${header}\n`), ...files, Buffer.from(end)]));
}

const NAMES = [
  '../outside.txt',
  '/tmp/outside.txt',
  'blobs/../../outside.txt',
  'run.json/../../x',
  'blobs/aa',
  '',
  'runs/x.json',
  'blobs/AA/bb',
  'a\0b',
];
const SIZES = ['999999999999999', '-1', '1e9', '99999999999999999999', '', ' 5', '0x5', 'NaN'];
const TEXTS = ['../../outside', '/etc/passwd', '__proto__', '', 'a'.repeat(5000), 'nul\0byte', '\u001b[31m', `${'0'.repeat(64)}`];

/** Changes one byte. */
function flip(bytes: Buffer, roll: Dice): Buffer {
  const changed = Buffer.from(bytes);
  const at = roll(Math.max(1, changed.length));
  changed[at] = (changed[at] ?? 0) ^ (1 << roll(8));
  return changed;
}

/** Puts a hostile value somewhere into a JSON text. */
function spoiled(text: Buffer, roll: Dice): Buffer {
  const holders: [object, string][] = [];
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [key, inner] of Object.entries(value)) {
      holders.push([value, key]);
      visit(inner);
    }
  };
  const value: unknown = JSON.parse(text.toString('utf8'));
  visit(value);
  const [holder, key] = oneOf(roll, holders);
  const members = holder as Record<string, unknown>;
  const kind = roll(4);
  if (kind === 0) delete members[key];
  else if (kind === 1) members[oneOf(roll, TEXTS)] = members[key];
  else members[key] = kind === 2 ? oneOf(roll, TEXTS) : oneOf<unknown>(roll, [null, [], {}, 1e308, -1, true]);
  return Buffer.from(JSON.stringify(value, null, 1));
}

/** Ways to spoil a pack. */
const ATTACKS: Readonly<Record<string, (pack: Buffer, roll: Dice) => Buffer>> = {
  'cut off': (pack, roll) => pack.subarray(0, roll(pack.length)),
  'a bit changed': flip,
  'more behind it': (pack) => Buffer.concat([pack, Buffer.from('more')]),
  'a pack behind it': (pack) => Buffer.concat([pack, pack]),
  nothing: () => Buffer.alloc(0),
  'no gzip': (_, roll) => Buffer.from(Array.from({ length: 500 }, () => roll(256))),
  'no pack': () => gzipSync('hello\n'),
  'another format': (pack) => together({ ...apart(pack), header: 'stillroom-pack 99' }),
  'no end': (pack) => together({ ...apart(pack), end: '' }),
  'more behind its end': (pack) => together({ ...apart(pack), end: 'end\nmore\n' }),
  'zeros that unpack to much': (pack) => together({ ...apart(pack), end: `blobs/aa/${'b'.repeat(62)} 300000000\n${'\0'.repeat(2 ** 24)}` }),
  'an endless line': (pack) => together({ ...apart(pack), end: 'x'.repeat(2 ** 20) }),
};

/** Ways to spoil one of its files. */
const SPOILT: Readonly<Record<string, (parts: Parts, entry: Entry, roll: Dice) => void>> = {
  'a hostile name': (_, entry, roll) => {
    entry.name = oneOf(roll, NAMES);
  },
  'a lying size': (_, entry, roll) => {
    entry.size = oneOf(roll, SIZES);
  },
  'a file twice': ({ entries }, entry) => void entries.push({ ...entry }),
  'a file twice with other bytes': ({ entries }, entry, roll) => void entries.push({ ...entry, bytes: flip(entry.bytes, roll) }),
  'a file missing': (parts, entry) => {
    parts.entries = parts.entries.filter((one) => one !== entry);
  },
  'a bit of a file changed': (_, entry, roll) => {
    entry.bytes = flip(entry.bytes, roll);
  },
  'a bit of the record changed': ({ entries }, _, roll) => {
    const record = entries[0] as Entry;
    record.bytes = flip(record.bytes, roll);
  },
  'a hostile record': ({ entries }, _, roll) => {
    const record = entries[0] as Entry;
    record.bytes = spoiled(record.bytes, roll);
    record.size = String(record.bytes.length);
  },
  'files that changed places': (parts) => void parts.entries.reverse(),
};

function attackOf(pack: Buffer, index: number): { readonly what: string; readonly bytes: Buffer } {
  const roll = dice(index);
  const [whole, single] = [Object.entries(ATTACKS), Object.entries(SPOILT)];
  // A hostile record has the most forms.
  const kind = index % (whole.length + single.length + 8);
  const [what = '', spoil] = whole[kind] ?? [];
  if (spoil !== undefined) return { what, bytes: spoil(pack, roll) };
  const [name, change] = single[kind - whole.length] ?? (['a hostile record', SPOILT['a hostile record']] as const);
  const parts = apart(pack);
  change?.(parts, oneOf(roll, parts.entries), roll);
  return { what: name, bytes: together(parts) };
}

/** Names and contents of all files below a folder. */
function contentsOf(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(
      (entry) => `${join(entry.parentPath, entry.name).slice(folder.length)} ${readFileSync(join(entry.parentPath, entry.name), 'latin1')}`,
    )
    .sort()
    .join('\n');
}

const trial: Trial = {
  about: 'of a spoilt pack nothing is taken, unless it still holds the very same; nothing is written outside, and no stack printed',
  full: 300,
  sample: 6,
  async run(count) {
    const faults: string[] = [];
    let taken = 0;
    const { ask, folder, remove } = questions({ 'word.txt': 'word\n', 'p.yaml': pipeline });
    const outer = dirname(folder);
    try {
      await ask(['run', 'p.yaml']);
      await ask(['pack', '@latest', '--outputs', '--output', 'run.still']);
      const pack = readFileSync(join(folder, 'run.still'));
      const restore = async (bytes: Buffer) => {
        rmSync(join(outer, 'elsewhere'), { recursive: true, force: true });
        mkdirSync(join(outer, 'elsewhere'));
        writeFileSync(join(outer, 'elsewhere', 'x.still'), bytes);
        const answer = await ask([
          'reproduce',
          '--from',
          '../elsewhere/x.still',
          '--restore',
          '--to',
          '../elsewhere/out',
          '--store',
          '../elsewhere/store',
        ]);
        return { ...answer, out: contentsOf(join(outer, 'elsewhere', 'out')) };
      };
      const honest = await restore(pack);
      if (honest.code !== 0 || honest.out === '') faults.push(`an honest pack is refused: ${honest.text}`);
      const before = contentsOf(folder);
      for (let index = 0; index < count; index += 1) {
        const { what, bytes } = attackOf(pack, index * 5 + Math.floor(index / 29));
        const { code, text, out } = await restore(bytes);
        if (hasStack(text)) faults.push(`${what}: prints a stack: ${text.slice(0, 600)}`);
        if (code === -1) faults.push(`${what}: did not end as it should: ${text.slice(0, 300)}`);
        if (code === 0) taken += 1;
        if (code === 0 && out !== honest.out) faults.push(`${what}: was taken, though it gives other files`);
        const beside = readdirSync(outer).filter((name) => !['project', 'elsewhere', 'cache'].includes(name));
        if (contentsOf(folder) !== before || beside.length > 0 || existsSync('/tmp/outside.txt'))
          faults.push(`${what}: wrote outside its folder: ${beside.join(', ')}`);
      }
    } finally {
      remove();
    }
    return { attacks: count, faults, counts: { 'taken, the same': taken } };
  },
};

export default trial;
