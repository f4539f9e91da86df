import { closeSync, openSync } from 'node:fs';
import { inFolder } from '../../files/folder.ts';
import { writeAll } from '../../files/write-all.ts';
import { type SystemError, systemErrorIn } from '../../model/system-failure.ts';
import { Blotter } from '../../text/blotter.ts';
import { shortenCounted } from '../../text/shorten.ts';

/** Lines kept for error messages. */
const LAST_LINES = 20;

/** Characters of a line that has not ended; a longer one is cut. */
const LONGEST_LINE = 64 * 1024;

/** Letters of a line in an error message. */
const LONGEST_TOLD = 2000;

/** How V8, glibc, libstdc++ and TensorFlow begin the line that says why they abort; a long stack may follow it. */
const FATAL = /^(FATAL ERROR|terminate called|free\(\)|malloc\(\)|double free|corrupted )|Check failed:|Assertion .* failed/;

/** What a terminal shows of a line: after a carriage return, as progress bars print it, a line begins again. One at the end stays. */
function asShown(line: string): string {
  const end = line.replace(/\r+$/, '').lastIndexOf('\r');
  return end === -1 ? line : line.slice(end + 1);
}

/** A stream that is being read line by line. */
export interface LineTaker {
  take(chunk: string): void;
  /** Gives the last line, if it has no end. */
  end(): void;
}

/** A node's log: a file of all that it printed, made with its first line, secrets blotted out, and its last lines at hand. */
export class NodeLog {
  readonly last: string[] = [];
  /** The line that said why the process aborts. */
  fatal: string | undefined;
  /** What takes the secrets out of all that comes from the program. */
  readonly blotter: Blotter;
  /** Why lines of the file were lost, if any were; the node goes on without them. */
  lost: SystemError | undefined;
  private readonly path: string;
  private file: number | undefined;

  constructor(path: string, secrets: readonly string[]) {
    this.path = path;
    this.blotter = new Blotter(secrets);
  }

  /** What an unfinished line shows that begins again and again; of the rest of one a secret's beginning might be left. */
  private stateOf(line: string): string {
    const states = line.split('\r').filter((one) => one !== '');
    return (this.blotter.longest === 0 || line.endsWith('\r') ? states.at(-1) : states.at(-2)) ?? '';
  }

  /** Takes what one stream gives, piece by piece; calls back with each line, and with what a line shows that is written anew. Written before it returns, so a flood waits for the disk. */
  taker(onLine: (line: string) => void, onState: (state: string) => void = () => undefined): LineTaker {
    let rest = '';
    const keep = (lines: readonly string[]): void => {
      const clean = this.write(lines);
      for (const line of clean) onLine(line);
    };
    return {
      take: (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        let state = '';
        if (rest.includes('\r')) {
          const clean = this.clean(rest);
          state = this.stateOf(clean);
          rest = asShown(clean);
        }
        if (rest.length > LONGEST_LINE) {
          // The beginning of a secret may stand at the cut: so much is left for the next piece.
          const clean = this.clean(rest);
          const cut = Math.max(0, clean.length - this.blotter.longest);
          if (cut > 0) lines.push(clean.slice(0, cut));
          rest = clean.slice(cut);
        }
        if (lines.length > 0) keep(lines);
        if (state !== '') onState(state);
      },
      end: () => {
        if (rest !== '') keep([rest]);
        rest = '';
      },
    };
  }

  /** A text without secrets. */
  clean(text: string): string {
    return this.blotter.clean(text);
  }

  /** Adds lines; returns them as they were written. */
  write(lines: readonly string[]): string[] {
    const clean = lines.map((line) => asShown(this.clean(line)).replace(/\r+$/, ''));
    this.append(`${clean.join('\n')}\n`);
    this.last.push(...clean.slice(-LAST_LINES).map((line) => shortenCounted(line, LONGEST_TOLD)));
    this.last.splice(0, this.last.length - LAST_LINES);
    this.fatal = clean.findLast((line) => FATAL.test(line)) ?? this.fatal;
    return clean;
  }

  /** A full disk loses lines of the log; what becomes of the node is told where its outputs are kept. */
  private append(text: string): void {
    this.refusable(() => {
      this.file ??= inFolder(this.path, () => openSync(this.path, 'a'));
      writeAll(this.file, Buffer.from(text));
    });
  }

  private refusable(work: () => void): void {
    try {
      work();
    } catch (error) {
      const refused = systemErrorIn(error);
      if (refused === undefined) throw error;
      this.lost ??= { path: this.path, ...refused };
    }
  }

  close(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) this.refusable(() => closeSync(file));
  }
}
