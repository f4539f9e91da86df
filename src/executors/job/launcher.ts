import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { getSystemErrorName } from 'node:util';
import { startError } from './messages.ts';
import type { Program } from './program.ts';
import { type Exit, PATIENCE, type RunningProgram, type Surroundings } from './running-program.ts';
import { compiled } from './supervisor.ts';
import { endSurvivors } from './survivors.ts';

/** What a launcher can be asked, by its number; `native/launcher.c` says how. */
const ASK = { start: 0, signal: 1, close: 2 } as const;

/** What a launcher answers beside the bytes of a program's streams, which have the numbers below. */
const ANSWER = { told: 2, ended: 3, refused: 4 } as const;

/** Bytes of the head of a request and of an answer: its length, and two numbers. */
const HEAD = 12;

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/**
 * A small process that starts programs for this one, each under a supervisor of its own: Node itself takes a millisecond and more to fork,
 * the longer the larger it is, and does nothing else meanwhile. It ends with this process.
 */
export class Launcher {
  /** No program can be started any more. */
  isLost = false;
  private readonly child: ChildProcess;
  private readonly socket: Socket;
  private readonly programs = new Map<number, LaunchedProgram>();
  private last = 0;
  private rest: Buffer = Buffer.alloc(0);

  constructor() {
    this.child = spawn(compiled, ['--launcher'], { cwd: '/', env: {}, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.socket = this.child.stdio[3] as Socket;
    this.child.once('error', (error) => this.lose(error));
    // The supervisors hold the socket too: it comes to its end when all of them have ended everything. One that is halted never does.
    this.child.once('exit', () => {
      this.isLost = true;
      setTimeout(() => this.socket.destroy(), PATIENCE).unref();
    });
    this.socket
      .on('data', (bytes: Buffer) => this.take(bytes))
      .on('error', () => undefined)
      .once('close', () => this.lose());
    this.child.unref();
    this.socket.unref();
  }

  /** Starts a program. Throws what Node says where that cannot be told to any. */
  start(program: Program, surroundings: Surroundings): RunningProgram {
    this.last += 1;
    const number = this.last;
    const request = startRequest(number, program, surroundings.lock?.path ?? '');
    const launched = new LaunchedProgram(surroundings, (what, signal = 0) => this.ask(what, number, signal));
    this.programs.set(number, launched);
    if (this.programs.size === 1) this.socket.ref();
    this.socket.write(request);
    return launched;
  }

  private ask(what: number, number: number, signal: number): void {
    // One that was halted hears nothing.
    if (what === ASK.close) this.child.kill('SIGCONT');
    const request = Buffer.alloc(HEAD + 4);
    writeHead(request, what, number);
    request.writeInt32LE(signal, HEAD);
    this.socket.write(request);
  }

  private take(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let at = 0;
    while (all.length - at >= HEAD) {
      const end = at + all.readUInt32LE(at);
      if (end > all.length) break;
      this.answer(all.readUInt32LE(at + 4), all.readUInt32LE(at + 8), all.subarray(at + HEAD, end));
      at = end;
    }
    this.rest = all.subarray(at);
  }

  private answer(number: number, what: number, bytes: Buffer): void {
    const program = this.programs.get(number);
    if (program === undefined) return;
    if (what <= ANSWER.told) return program.hear(what, bytes);
    this.programs.delete(number);
    if (this.programs.size === 0) this.socket.unref();
    if (what === ANSWER.refused) return program.ended({ refused: startError(getSystemErrorName(-bytes.readInt32LE(0))) });
    const [exitCode, signal, isPlain] = [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8) === 1];
    program.ended(signal === 0 ? { exitCode, isPlain } : { signal: SIGNAL_NAMES.get(signal) ?? 'SIGKILL' });
  }

  /** Whatever ran has been ended by its supervisors, which saw the launcher's end. */
  private lose(refused?: NodeJS.ErrnoException): void {
    this.isLost = true;
    for (const program of this.programs.values()) program.ended(refused === undefined ? { signal: 'SIGKILL' } : { refused });
    this.programs.clear();
  }
}

type Ask = (what: number, signal?: number) => void;

/** A program that a launcher started. */
class LaunchedProgram implements RunningProgram {
  private readonly attempt: string;
  private readonly tell: Ask;
  private readonly takers: readonly ((text: string) => void)[];
  private readonly decoders: (StringDecoder | undefined)[] = [];
  private readonly over: Promise<Partial<Exit>>;
  private resolve: (how: Partial<Exit>) => void = () => undefined;
  private impatience: NodeJS.Timeout | undefined;

  constructor({ attempt, listener }: Surroundings, tell: Ask) {
    this.attempt = attempt;
    this.tell = tell;
    this.takers = [...listener.printed, listener.told];
    this.over = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  hear(stream: number, bytes: Buffer): void {
    const decoder = this.decoders[stream] ?? new StringDecoder('utf8');
    this.decoders[stream] = decoder;
    this.takers[stream]?.(decoder.write(bytes));
  }

  ended(how: Partial<Exit>): void {
    clearTimeout(this.impatience);
    for (const [stream, decoder] of this.decoders.entries()) {
      const last = decoder?.end() ?? '';
      if (last !== '') this.takers[stream]?.(last);
    }
    this.resolve(how);
  }

  ask = (): void => {
    // A halted one hears nothing.
    for (const signal of [constants.signals.SIGTERM, constants.signals.SIGCONT]) this.tell(ASK.signal, signal);
  };

  kill = (): void => {
    this.tell(ASK.close);
    this.impatience ??= setTimeout(() => this.tell(ASK.signal, constants.signals.SIGKILL), PATIENCE);
  };

  async end(): Promise<Exit> {
    const how = await this.over;
    // Of a supervisor that was killed the other half has ended what was left, unless that was killed too.
    const isUncertain = how.signal !== undefined && how.signal !== null;
    const survivors = isUncertain ? await endSurvivors(this.attempt) : 0;
    return { exitCode: null, signal: null, ...how, survivors };
  }
}

/** Numbers are in the machine's order, which on all that Node runs on is that with the lowest byte first. */
function writeHead(request: Buffer, what: number, number: number): void {
  request.writeUInt32LE(request.length, 0);
  request.writeUInt32LE(what, 4);
  request.writeUInt32LE(number, 8);
}

/** The request to start a program. Throws where a NUL stands in what it is given, as Node does. */
function startRequest(number: number, program: Program, lock: string): Buffer {
  const { command, confinement, env, folder, keepsEvents } = program;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const texts = [lock, folder, ...confinement, ...command, ...variables];
  if (texts.some((text) => text.includes('\0')))
    throw Object.assign(new Error('NUL character in what a program is given'), { code: 'ERR_INVALID_ARG_VALUE' });
  const text = `${texts.join('\0')}\0`;
  const counts = [keepsEvents ? 1 : 0, confinement.length, command.length, variables.length];
  const texted = HEAD + 4 * counts.length;
  const request = Buffer.alloc(texted + Buffer.byteLength(text));
  writeHead(request, ASK.start, number);
  for (const [index, count] of counts.entries()) request.writeUInt32LE(count, HEAD + 4 * index);
  request.write(text, texted);
  return request;
}

let here: Launcher | undefined;

/** This process's own; another one where that was killed. */
export function launcherHere(): Launcher {
  if (here === undefined || here.isLost) here = new Launcher();
  return here;
}
