import { PassThrough } from 'node:stream';
import { main } from '../../src/commands/main.ts';
import { widthOf } from '../../src/text/width.ts';

/** What a person sees of a command on a terminal of so many columns. */
export interface Screen {
  readonly code: number;
  readonly lines: readonly string[];
  /** The columns of the widest line. */
  readonly widest: number;
}

/** Runs a command as on a terminal of so many columns, without colours unless they are wanted. */
export async function onScreen(
  folder: string,
  args: readonly string[],
  { columns, env = { NO_COLOR: '1' } }: { readonly columns: number; readonly env?: Readonly<Record<string, string>> },
): Promise<Screen> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { NO_COLOR: _, FORCE_COLOR: _forced, ...environment } = process.env;
  const code = await main(args, {
    folder,
    environment: { ...environment, CI: '1', TERM: 'xterm', ...env },
    stdout: Object.assign(stdout, { isTTY: true, columns }),
    stderr,
  });
  const lines = Buffer.concat(chunks).toString('utf8').replace(/\n$/, '').split('\n');
  return { code, lines, widest: Math.max(...lines.map(widthOf)) };
}
