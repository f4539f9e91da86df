import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { isObject, readJson } from '../../files/json.ts';
import { isLocked, pause, tryLockFile } from '../../files/lock.ts';
import { removeFile } from '../../files/remove-file.ts';
import { type Asker, isWho, MOMENT, type Waiting, type Who } from '../../model/waiting.ts';
import { type Decision, decide, type Turn } from './turns.ts';
import { makeFolders } from '../../files/folder.ts';

/** Milliseconds between two looks at whom one waits for, and between two looks at everyone. */
const PAUSES = { one: 50, all: 1000 };

/** Of those whom one waits for, so many are watched closely. */
const WATCHED = 8;

/** A note that was not moved to its place yet. */
const UNFINISHED = '.new';

/** What someone wants of a machine. */
export interface Wanted extends Pick<Turn, 'alone' | 'gpu' | 'candidates'> {
  /** If it wants to be alone: works beside others where it would have to wait for them, but not beside those of its own process. */
  readonly beside: boolean;
  /** Milliseconds that one which wants to be alone lets others pass. */
  readonly patience: number;
  /** Whether others may inherit the turn. */
  readonly isInherited: boolean;
}

/** A turn that has begun. */
export interface Begun {
  readonly devices: readonly string[];
  /** Whoever inherits it keeps the turn. */
  readonly descriptor: number;
  /** Of one that works beside others although it wanted to be alone: who is there beside it now. */
  readonly beside: (() => readonly Who[]) | undefined;
  end(): void;
}

/** The note of one who uses the machine or wants to, in a folder of all of them. It is locked as long as its writer, or an heir, lives. */
class Note {
  readonly turn: Turn;
  readonly path: string;
  descriptor: number;

  constructor(folder: string, turn: Turn) {
    this.path = pathOf(folder, turn);
    this.turn = turn;
    this.descriptor = writeLocked(this.path, turn);
  }

  /** The same with other words. */
  change(change: Partial<Turn>): Note {
    const changed = new Note(dirname(this.path), { ...this.turn, ...change });
    if (changed.path === this.path) closeSync(this.descriptor);
    else this.release();
    return changed;
  }

  /** Lets go; where it was inherited, the heirs still hold it. */
  release(isInherited = true): void {
    if (!isInherited) removeFile(this.path);
    closeSync(this.descriptor);
    if (isInherited) removeFree(this.path);
  }
}

/** Writes a file that is locked before anyone sees it. */
function writeLocked(path: string, content: object): number {
  const unfinished = path + UNFINISHED;
  const descriptor = openSync(unfinished, 'w+');
  try {
    tryLock(descriptor);
    writeSync(descriptor, JSON.stringify(content));
    renameSync(unfinished, path);
  } catch (error) {
    closeSync(descriptor);
    rmSync(unfinished, { force: true });
    throw error;
  }
  return descriptor;
}

/** Removes a note that no one holds any more. */
function removeFree(path: string): void {
  try {
    const descriptor = openSync(path, 'r+');
    const isFree = tryLock(descriptor) && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
    if (isFree) unlinkSync(path);
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isTurn(value: unknown): value is Turn {
  return (
    isObject(value) &&
    isWho(value['who']) &&
    ['ticket', 'gpu'].every((name) => typeof value[name] === 'number') &&
    ['candidates', 'devices'].every((name) => Array.isArray(value[name])) &&
    typeof value['alone'] === 'boolean' &&
    (value['state'] === 'waiting' || value['state'] === 'inside')
  );
}

/** Of one who lives and whose note cannot be read it is not known what it disturbs, or what disturbs it. */
function unknownTurn(ticket: number, path: string): Turn {
  const who = { pid: 0, since: new Date().toISOString(), command: `someone whose note cannot be read (${path})` };
  return { ticket, who, alone: true, gpu: 0, candidates: [], state: 'inside', closed: false, devices: [] };
}

/** Everyone who uses a machine or wants to, each with a note of its own. Kernel locks seal the notes: those of the dead are not believed. */
export class MachineQueue {
  private readonly folder: string;
  private readonly door: string;

  constructor(folder: string) {
    this.folder = join(folder, 'queue');
    this.door = join(folder, 'queue-door');
  }

  /** Waits for a turn; undefined if the signal comes first. */
  async begin(wanted: Wanted, asker: Asker): Promise<Begun | undefined> {
    const teller = new Teller(asker);
    let note: Note | undefined;
    const started = performance.now();
    for (;;) {
      const isLate = performance.now() - started >= wanted.patience;
      const tried = await this.exclusively(asker.signal, teller, () => this.tryBegin(wanted, { note, isLate, who: asker.who }));
      if (tried === undefined) break;
      note = tried.note;
      if ('begun' in tried) return tried.begun;
      teller.tell(tried.decision.waits);
      const untilLate = isLate ? Number.POSITIVE_INFINITY : started + wanted.patience - performance.now();
      await this.waitFor(tried.decision.blockers, Math.min(PAUSES.all, untilLate), asker.signal);
    }
    note?.release();
    return undefined;
  }

  /** One look at everyone, while no one else looks. */
  private tryBegin(wanted: Wanted, { note, isLate, who }: Trying): Tried {
    const all = this.names();
    for (const name of all) if (name.endsWith(UNFINISHED)) removeFree(join(this.folder, name));
    const names = all.filter(isFinished);
    const ticket = note?.turn.ticket ?? 1 + Math.max(0, ...names.map(ticketOf));
    const { alone, gpu, candidates } = wanted;
    const asked: Turn = { ticket, who, alone, gpu, candidates, state: 'waiting', closed: alone && isLate, devices: [] };
    const others = this.others(names, asked);
    const first = decide(asked, others);
    const isBeside = wanted.beside && 'blockers' in first && first.blockers.every((one) => one.who.pid !== who.pid);
    const own = isBeside ? { ...asked, alone: false, closed: false } : asked;
    const decision = isBeside ? decide(own, others) : first;
    const state = 'devices' in decision ? 'inside' : 'waiting';
    const since = state === 'inside' ? new Date().toISOString() : who.since;
    const turn: Turn = { ...own, state, who: { ...who, since }, devices: 'devices' in decision ? decision.devices : [] };
    const next = written(this.folder, note, turn);
    if (!('devices' in decision)) return { note: next, decision };
    return { note: next, begun: this.begunOf(next, isBeside, wanted.isInherited) };
  }

  /** The names of all notes, in a folder that is nearly always there. */
  private names(): string[] {
    try {
      return readdirSync(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      makeFolders(this.folder);
      return [];
    }
  }

  private begunOf(note: Note, isBeside: boolean, isInherited: boolean): Begun {
    const { turn, descriptor } = note;
    const beside = (): Who[] => this.inside().flatMap(({ ticket, who }) => (ticket === turn.ticket ? [] : [who]));
    return { devices: turn.devices, descriptor, beside: isBeside ? beside : undefined, end: () => note.release(isInherited) };
  }

  private inside(): Turn[] {
    return readdirSync(this.folder)
      .filter(isFinished)
      .flatMap((name) => this.read(name) ?? [])
      .filter(({ state }) => state === 'inside');
  }

  /** The others that count for a turn: for most it is enough to know that no one measures or wants to. */
  private others(names: readonly string[], { ticket, alone, gpu }: Turn): Turn[] {
    const isOther = (name: string): boolean => ticketOf(name) !== ticket;
    const counts = alone || names.some((name) => name.endsWith('.alone') && isOther(name)) ? /./ : gpu > 0 ? /\.gpu$/ : /^$/;
    const others = names.filter((name) => isOther(name) && counts.test(name));
    return others.sort().flatMap((name) => this.read(name) ?? []);
  }

  /** What the note of a living one says; that of a dead one is removed. */
  private read(name: string): Turn | undefined {
    const path = join(this.folder, name);
    if (!isLocked(path)) return void removeFree(path);
    return readJson(path, isTurn) ?? (isLocked(path) ? unknownTurn(ticketOf(name), path) : undefined);
  }

  /** Runs what no two may do at once; undefined if the signal comes first. */
  private async exclusively<Value>(signal: AbortSignal, teller: Teller, act: () => Value): Promise<Value | undefined> {
    const started = performance.now();
    while (!signal.aborted) {
      const lock = tryLockFile(this.door);
      if (lock === undefined) {
        if (performance.now() - started > MOMENT) teller.tell(stuck(this.door));
        await pause(1 + Math.random() * 5, signal);
        continue;
      }
      try {
        return act();
      } finally {
        lock.release();
      }
    }
    return undefined;
  }

  /** Waits while the notes of some stay as they are; returns after a while in any case. */
  private async waitFor(blockers: readonly Turn[], atMost: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + atMost;
    const states = blockers.slice(0, WATCHED).map((turn) => {
      const path = pathOf(this.folder, turn);
      return { path, inode: inodeOf(path) };
    });
    do await pause(Math.min(PAUSES.one, Math.max(1, until - performance.now())), signal);
    while (!signal.aborted && performance.now() < until && states.every(({ path, inode }) => inodeOf(path) === inode && isLocked(path)));
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function isFinished(name: string): boolean {
  return !name.endsWith(UNFINISHED);
}

/** Where a turn's note lies; its name says what most need to know of it. */
function pathOf(folder: string, { ticket, alone, gpu }: Turn): string {
  return join(folder, `${String(ticket).padStart(12, '0')}.${alone ? 'alone' : gpu > 0 ? 'gpu' : 'plain'}`);
}

function stuck(door: string): Waiting {
  return { reason: 'alone', message: `waits for a process that does not let go of ${door}`, for: [] };
}

/** What a look at everyone needs to know of whoever looks. */
interface Trying {
  readonly note: Note | undefined;
  readonly isLate: boolean;
  readonly who: Who;
}

type Tried = { readonly note: Note } & ({ readonly begun: Begun } | { readonly decision: Extract<Decision, { readonly waits: Waiting }> });

/** The note of a turn, written only where it says something new. */
function written(folder: string, note: Note | undefined, turn: Turn): Note {
  if (note === undefined) return new Note(folder, turn);
  const { state, closed, alone } = note.turn;
  return state === turn.state && closed === turn.closed && alone === turn.alone ? note : note.change(turn);
}

function ticketOf(name: string): number {
  return Number.parseInt(name, 10) || 0;
}

/** Milliseconds until others who are waited for, for the same reason, are told: many short nodes may pass meanwhile. */
const SAME_REASON = 60_000;

/** Tells about a wait after a moment, again where its reason changes, and after a while where others are waited for. */
class Teller {
  private readonly asker: Asker;
  private readonly started = performance.now();
  private told: { readonly reason: string; readonly whom: string; readonly at: number } | undefined;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  tell(waiting: Waiting): void {
    const now = performance.now();
    if (now - this.started < MOMENT) return;
    const { reason } = waiting;
    const whom = JSON.stringify(waiting.for);
    if (reason === this.told?.reason && (whom === this.told.whom || now - this.told.at < SAME_REASON)) return;
    this.told = { reason, whom, at: now };
    this.asker.onWait(waiting);
  }
}
