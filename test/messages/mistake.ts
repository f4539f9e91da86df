import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { called, edit, emptyFolder } from '../rig.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** A mistake of a newcomer, as a file of `mistakes/` holds it: what is done to the project beside it, and what is typed then. */
export interface Mistake {
  readonly about: string;
  /** Files that are written into the project; null removes one. */
  readonly files?: Readonly<Record<string, string | { readonly base64: string } | null>>;
  /** Texts that are replaced. */
  readonly change?: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** Files that may not be executed. */
  readonly plain?: readonly string[];
  /** Command lines that come before, while all is well. */
  readonly before?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly run: string;
  readonly exit: number;
  readonly grade: 'A' | 'B' | 'C' | 'F';
  /** All that is on the screen; `npx vitest run … -u` writes it. */
  readonly screen: string;
}

/** The kinds of mistakes: folders of `mistakes`. */
export const kinds: readonly string[] = readdirSync(join(here, 'fixtures/mistakes'));

/** The mistakes of some kinds. */
export function mistakesOf(
  ...named: readonly string[]
): { readonly name: string; readonly path: string; readonly text: string; readonly mistake: Mistake }[] {
  return named.flatMap((kind) =>
    readdirSync(join(here, 'fixtures/mistakes', kind)).map((file) => {
      const path = join(here, 'fixtures/mistakes', kind, file);
      const text = readFileSync(path, 'utf8');
      return { name: `${kind}/${file.replace('.yaml', '')}`, path, text, mistake: parse(text) as Mistake };
    }),
  );
}

/** The words of a command line as a shell takes them apart; quotes are single ones. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);
}

/** What differs between two runs of the same: where the project lies, names of runs and of folders for work, where Python is. */
function steady(screen: string, folder: string): string {
  return screen
    .replaceAll(folder, '/home/you/poems')
    .replaceAll(/\b\d{8}T\d{6}-[0-9a-f]{6}\b/g, '20260101T120000-abcdef')
    .replaceAll(/scratch\/[0-9a-f]{16}-[0-9a-f]{12}/g, 'scratch/0123456789abcdef-0123456789ab')
    .replaceAll(/\S*\/bin\/python3/g, 'python3');
}

/** The part of what is told that says what is wrong: what a run did before is a matter of other tests. */
function fromError(told: string): string {
  const start = told.search(/^error:/m);
  return start === -1 ? told : told.slice(start);
}

/** Makes a mistake in a fresh copy of the project and returns what is on the screen then. */
export async function make({
  files = {},
  change = [],
  plain = [],
  before = [],
  env = {},
  run,
}: Mistake): Promise<{ code: number; screen: string }> {
  const folder = join(emptyFolder(), 'poems');
  cpSync(join(here, 'fixtures/project'), folder, { recursive: true });
  for (const line of before) await called(folder, wordsOf(line), { env });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content === null) rmSync(path);
    else writeFileSync(path, typeof content === 'string' ? content : Buffer.from(content.base64, 'base64'));
  }
  for (const { file, from, to } of change) edit(folder, file, from, to.replaceAll('$', '$$$$'));
  for (const name of plain) chmodSync(join(folder, name), 0o644);
  const { code, stderr, stdout } = await called(folder, wordsOf(run), { env });
  return { code, screen: steady(fromError(stderr) + (code === 0 ? stdout : ''), folder) };
}

/** The text of a mistake's file with a screen in place of its own. */
export function withScreen(text: string, screen: string): string {
  const head = text.slice(0, text.indexOf('\nscreen:'));
  const lines = screen
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`));
  return `${head}\nscreen: |\n${lines.join('\n')}\n`;
}

/** The README of the fixtures with the list of all mistakes and their grades. */
export function gradeList(): { readonly path: string; readonly text: string } {
  const path = join(here, 'README.md');
  const before = readFileSync(path, 'utf8').split('\n| mistake | grade |', 1)[0] ?? '';
  const all = mistakesOf(...kinds).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = all.map(({ name, mistake: { about, grade } }) => `| ${name}: ${about} | ${grade} |`);
  return { path, text: `${before}\n| mistake | grade |\n|---|---|\n${rows.join('\n')}\n` };
}
