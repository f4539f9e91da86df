import { readAt } from '../../../files/read-at.ts';
import { digestOf, type Entry, HEAD, type Head, nextHead, readHead } from './entry.ts';

/** Bytes that are read at once. */
const WINDOW = 1024 * 1024;

/**
 * Bytes of an open file from an offset on, read in large pieces, but none larger than what there is to read: a segment grows by small
 * entries that every process looks at, and Node collects garbage all the time where each look takes a large buffer.
 */
class Window {
  private readonly descriptor: number;
  private readonly to: number;
  private bytes = Buffer.alloc(0);
  private start = 0;

  constructor(descriptor: number, to: number) {
    this.descriptor = descriptor;
    this.to = to;
  }

  /** So many bytes from an offset on, fewer at the end. They stay as they are until the next call. */
  at(offset: number, length: number): Buffer {
    if (offset < this.start || offset + length > this.start + this.bytes.length) {
      const piece = Buffer.allocUnsafe(Math.max(length, Math.min(WINDOW, this.to - offset)));
      this.bytes = piece.subarray(0, readAt(this.descriptor, piece, offset));
      this.start = offset;
    }
    return this.bytes.subarray(offset - this.start, offset - this.start + length);
  }
}

/** What a stretch of a segment holds. */
export interface Scanned {
  readonly entries: readonly Entry[];
  /** Places in what counts where an entry began that is not whole any more; the entry where its head still says what it was. */
  readonly gaps: readonly Gap[];
  /** Where what counts ends: from here on a writer goes on. */
  readonly end: number;
}

interface Gap {
  readonly offset: number;
  readonly entry: Entry | undefined;
}

/** A stretch of a segment, from `from` to `to`; all before `durable` is known to have been on the disk. */
interface Stretch {
  readonly descriptor: number;
  readonly segment: string;
  readonly from: number;
  readonly to: number;
  readonly durable: number;
}

/**
 * Looks at every byte of a stretch. What was not yet durable counts up to the first entry that is torn: a kill or a power cut may have left
 * anything behind it. What had been durable has rotted where it is not whole, and is passed over.
 */
export function scan({ descriptor, segment, from, to, durable }: Stretch): Scanned {
  const window = new Window(descriptor, to);
  const entries: Entry[] = [];
  const gaps: Gap[] = [];
  let known = durable;
  let at = from;
  while (at < to) {
    const bytes = window.at(at, HEAD);
    const head = readHead(segment, at, bytes);
    const end = at + HEAD + (head?.length ?? 0);
    if (head !== undefined && end <= to) {
      known = Math.max(known, head.durable);
      if (!head.isVoid && !isBody(window.at(at + HEAD, head.length), head)) gaps.push({ offset: at, entry: head });
      else if (!head.isVoid) entries.push(head);
      at = end;
    } else {
      gaps.push({ offset: at, entry: undefined });
      at = resync(window, at + 1, { segment, to });
    }
  }
  const stop = gaps.find(({ offset }) => offset >= known)?.offset;
  if (stop === undefined) return { entries, gaps, end: to };
  const counts = ({ offset }: { readonly offset: number }): boolean => offset < stop;
  return { entries: entries.filter(counts), gaps: gaps.filter(counts), end: stop };
}

function isBody(body: Buffer, { length, digest }: Head): boolean {
  return body.length === length && digestOf(body).equals(digest);
}

/** Where the next entry begins, or the end. */
function resync(window: Window, from: number, { segment, to }: { readonly segment: string; readonly to: number }): number {
  for (let at = from; at < to; ) {
    const bytes = window.at(at, Math.min(WINDOW, to - at));
    const found = nextHead(bytes, 0);
    // A mark may lie across the end of what was read.
    if (found === -1) at += Math.max(1, bytes.length - 3);
    else if (readHead(segment, at + found, window.at(at + found, HEAD)) !== undefined) return at + found;
    else at += found + 1;
  }
  return to;
}
