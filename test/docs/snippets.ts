import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkout, emptyFolder } from '../rig.ts';

/** A block of code of a page that a reader would type or save. */
export type Snippet = { readonly line: number } & (
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'command'; readonly command: string; readonly exit: number; readonly expected: readonly string[] }
);

/** A part of a page that stands on its own: it begins in an empty folder. */
export interface Section {
  readonly title: string;
  readonly snippets: readonly Snippet[];
}

/** How a block of code begins: its language, and the file that it is, where it is one. */
const FENCE = /^```(\w*)(?: title="([^"]+)")?$/;

/**
 * The snippets of a page of Markdown, by section (`## `) if each begins anew, else all as one. A block with `title="PATH"` is a file; one of
 * `console` holds commands after `$ ` (`# exit 1`: how it ends) and below each what it prints. There, `…` stands for any text, and alone in
 * a line for any lines. Without lines below, what it prints is not looked at.
 */
export function snippetsOf(page: string, { eachSection }: { readonly eachSection: boolean }): readonly Section[] {
  const sections: { title: string; snippets: Snippet[] }[] = [{ title: '', snippets: [] }];
  const lines = page.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (eachSection && line.startsWith('## ')) sections.push({ title: line.slice(3), snippets: [] });
    const [, language = '', path] = FENCE.exec(line) ?? [];
    if (language === '') continue;
    const end = lines.indexOf('```', index + 1);
    const inside = lines.slice(index + 1, end);
    const own = sections.at(-1)?.snippets ?? [];
    if (path !== undefined) own.push({ kind: 'file', line: index + 1, path, text: `${inside.join('\n')}\n` });
    else if (language === 'console') own.push(...commandsOf(inside, index + 2));
    index = end;
  }
  return sections.filter(({ snippets }) => snippets.length > 0);
}

function commandsOf(lines: readonly string[], first: number): Snippet[] {
  const found: { kind: 'command'; line: number; command: string; exit: number; expected: string[] }[] = [];
  for (const [index, line] of lines.entries()) {
    const last = found.at(-1);
    if (last !== undefined && line.startsWith('> ') && last.expected.length === 0) last.command += `\n${line.slice(2)}`;
    if (!line.startsWith('$ ')) {
      if (!line.startsWith('> ')) last?.expected.push(line);
      continue;
    }
    const exit = Number(/# exit (\d+)/.exec(line)?.[1] ?? 0);
    found.push({ kind: 'command', line: first + index, command: line.slice(2), exit, expected: [] });
  }
  return found;
}

/** Whether what was printed is what a page says, with its `…`. */
export function isAsSaid(printed: string, expected: readonly string[]): boolean {
  const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = expected.map((line) => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escaped).join('.*')}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(printed.replaceAll(/[ \t]+\n/g, '\n'));
}

/** A folder whose `npx stillroom` and `stillroom` are this checkout's. */
export function programs(): string {
  const folder = emptyFolder();
  const command = `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(join(checkout, 'dist/cli.js'))} "$@"\n`;
  writeFileSync(join(folder, 'npx'), `#!/bin/sh\nshift\n${command}`);
  writeFileSync(join(folder, 'stillroom'), `#!/bin/sh\n${command}`);
  for (const name of ['npx', 'stillroom']) chmodSync(join(folder, name), 0o755);
  return folder;
}

/** The user's cache, but for who uses the machine: what a page measures waits for no one else, and no one waits for it. */
function ownMachine(): string {
  const cache = emptyFolder();
  const real = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom');
  mkdirSync(join(cache, 'stillroom'));
  for (const name of existsSync(real) ? readdirSync(real) : [])
    if (name !== 'machine') symlinkSync(join(real, name), join(cache, 'stillroom', name));
  return cache;
}

/** An empty folder in which this checkout is what `stillroom` is imported from. */
function projectFolder(): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(checkout, join(folder, 'node_modules/stillroom'));
  mkdirSync(join(folder, 'project'));
  return join(folder, 'project');
}

/** What came of a snippet that is not as its page says. */
export interface Deviation {
  readonly line: number;
  readonly command: string;
  readonly exit: number;
  readonly printed: string;
}

/** Does what a section says in an empty folder, as a reader would in a shell; stops at the first deviation. */
export async function follow({ snippets }: Section): Promise<Deviation | undefined> {
  const { CI: _, NO_COLOR: __, ...environment } = process.env;
  const env = { ...environment, PATH: `${programs()}:${process.env['PATH'] ?? ''}`, COLUMNS: '100', XDG_CACHE_HOME: ownMachine() };
  let folder = projectFolder();
  for (const snippet of snippets) {
    if (snippet.kind === 'file') {
      mkdirSync(dirname(join(folder, snippet.path)), { recursive: true });
      writeFileSync(join(folder, snippet.path), snippet.text);
      continue;
    }
    const { line, command, exit, expected } = snippet;
    const marked = `${command}\nstatus=$?\npwd > "$STILLROOM_WHERE"\nexit $status`;
    const where = join(emptyFolder(), 'where');
    const ended = await inShell(marked, folder, { ...env, STILLROOM_WHERE: where });
    folder = readFileSync(where, 'utf8').trim();
    if (ended.exit !== exit || (expected.length > 0 && !isAsSaid(ended.printed, expected))) return { line, command, ...ended };
  }
  return undefined;
}

function inShell(
  command: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly exit: number; readonly printed: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', `{ ${command}\n} 2>&1`], { cwd, env }, (error, printed) => {
      resolve({ exit: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, printed });
    });
  });
}
