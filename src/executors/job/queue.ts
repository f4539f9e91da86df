import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, readJson } from '../../files/json.ts';
import { isLocked, pause, tryLockFile } from '../../files/lock.ts';
import { monotonic } from '../../model/clock.ts';
import { type Asker, isWho, MOMENT, type Waiting, type Who } from '../../model/waiting.ts';
import { SharedTurn } from './shared-turn.ts';
import { type Begun, Note, pathOf, removeFree, UNFINISHED } from './turn-note.ts';
import { type Decision, decide, type Turn } from './turns.ts';
import { makeFolders } from '../../files/folder.ts';

/** Milliseconds between two looks at whom one waits for, and between two looks at everyone. */
const PAUSES = { one: 50, all: 1000 };

/** Of those whom one waits for, so many are watched closely. */
const WATCHED = 8;

/** What someone wants of a machine. */
export interface Wanted extends Pick<Turn, 'alone' | 'gpu' | 'candidates'> {
  /** If it wants to be alone: works beside others where it would have to wait for them, but not beside those of its own process. */
  readonly beside: boolean;
  /** Milliseconds that one which wants to be alone lets others pass. */
  readonly patience: number;
  /** Whether others may inherit the turn. */
  readonly isInherited: boolean;
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

/**
 * Everyone who uses a machine or wants to, each with a note of its own, or the nodes of a process that nobody inherits with one together. Kernel locks seal the
 * notes: those of the dead are not believed.
 */
export class MachineQueue {
  private readonly folder: string;
  private readonly door: string;
  /** The turn that nodes of this process have together. */
  private shared: SharedTurn | undefined;

  constructor(folder: string) {
    this.folder = join(folder, 'queue');
    this.door = join(folder, 'queue-door');
  }

  /** Waits for a turn; undefined if the signal comes first. */
  async begin(wanted: Wanted, asker: Asker): Promise<Begun | undefined> {
    if (isShared(wanted) && this.shared !== undefined && !asker.signal.aborted && !this.names().some(isAlone))
      return this.shared.join(asker.who);
    const teller = new Teller(asker);
    let note: Note | undefined;
    const started = monotonic();
    for (;;) {
      const isLate = monotonic() - started >= wanted.patience;
      const tried = await this.exclusively(asker.signal, teller, () => this.tryBegin(wanted, { note, isLate, who: asker.who }));
      if (tried === undefined) break;
      note = tried.note;
      if ('begun' in tried) return tried.begun;
      teller.tell(tried.decision.waits);
      const untilLate = isLate ? Number.POSITIVE_INFINITY : started + wanted.patience - monotonic();
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
    if (this.shared !== undefined || !isShared(wanted)) return { note: next, begun: this.begunOf(next, isBeside, wanted.isInherited) };
    this.shared = new SharedTurn(next, this.door, () => {
      this.shared = undefined;
    });
    return { note: next, begun: this.shared.join(turn.who) };
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
    const counts = alone || names.some((name) => isAlone(name) && isOther(name)) ? /./ : gpu > 0 ? /\.gpu$/ : /^$/;
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
    const started = monotonic();
    while (!signal.aborted) {
      const lock = tryLockFile(this.door);
      if (lock === undefined) {
        if (monotonic() - started > MOMENT) teller.tell(stuck(this.door));
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
    const until = monotonic() + atMost;
    const states = blockers.slice(0, WATCHED).map((turn) => {
      const path = pathOf(this.folder, turn);
      return { path, inode: inodeOf(path) };
    });
    do await pause(Math.min(PAUSES.one, Math.max(1, until - monotonic())), signal);
    while (!signal.aborted && monotonic() < until && states.every(({ path, inode }) => inodeOf(path) === inode && isLocked(path)));
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Whether nodes of a process may have such a turn together. */
function isShared({ alone, gpu, isInherited }: Wanted): boolean {
  return !alone && gpu === 0 && !isInherited;
}

/** Whether it is the name of a note of one who wants to be alone. */
function isAlone(name: string): boolean {
  return name.endsWith('.alone');
}

function isFinished(name: string): boolean {
  return !name.endsWith(UNFINISHED);
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
  private readonly started = monotonic();
  private told: { readonly reason: string; readonly whom: string; readonly at: number } | undefined;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  tell(waiting: Waiting): void {
    const now = monotonic();
    if (now - this.started < MOMENT) return;
    const { reason } = waiting;
    const whom = JSON.stringify(waiting.for);
    if (reason === this.told?.reason && (whom === this.told.whom || now - this.told.at < SAME_REASON)) return;
    this.told = { reason, whom, at: now };
    this.asker.onWait(waiting);
  }
}
