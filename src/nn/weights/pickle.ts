import { WeightsError } from './bytes.ts';

/** What a global name of a pickle stands for: a thing with no more to it than its name, or one of our own functions. */
export class PickleGlobal {
  readonly name: string;
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** What a pickle may refer to. Nothing else can be reached from it. */
export interface PickleHost {
  /** The closed list of globals. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id (a storage, in PyTorch's files) stands for. */
  persistent(id: unknown): unknown;
}

/** A Python tuple; lists are arrays and dicts are maps. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** The pickle goes on beyond the bytes that were given. */
export class PickleCutOffError extends WeightsError {}

/**
 * Reads a pickle that starts at a place of a buffer, with the instructions that PyTorch's state dicts are made of (of protocols 2 to 5,
 * https://docs.python.org/3/library/pickletools.html) and no others. Nothing is looked up or executed: a name of a global must be on
 * the host's list, and calling it calls our own function. Gives the value and where the pickle ended; integers beyond 2⁵³ are bigints.
 * Throws a `WeightsError` that names the global or instruction that is refused, or says that the pickle is broken.
 */
export function readPickle(bytes: Buffer, start: number, host: PickleHost): { readonly value: unknown; readonly end: number } {
  const machine = new Machine(bytes, start, host);
  for (;;) {
    const code = machine.byte();
    if (code === STOP) return { value: machine.pop(), end: machine.at };
    const instruction = instructions[String.fromCharCode(code)];
    if (instruction === undefined) {
      throw new WeightsError(`its pickle holds the instruction 0x${code.toString(16)}, which state dicts have no use for: refused.`);
    }
    instruction(machine);
  }
}

const STOP = 0x2e;
const NEWEST_PROTOCOL = 5;

/** The state of reading: a stack of values with marks, and values kept under numbers. */
class Machine {
  readonly #bytes: Buffer;
  readonly host: PickleHost;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly memo = new Map<number, unknown>();
  at: number;

  constructor(bytes: Buffer, at: number, host: PickleHost) {
    this.#bytes = bytes;
    this.at = at;
    this.host = host;
  }

  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new PickleCutOffError('its pickle is cut off.');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleCutOffError('its pickle is cut off.');
    const line = this.#bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return line;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw broken('it takes a value that is not there');
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Takes everything above the last mark. */
  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw broken('a mark is missing');
    return this.#stack.splice(mark);
  }

  recall(number: number): void {
    if (!this.memo.has(number)) throw broken(`it recalls the value ${number}, which it has not kept`);
    this.push(this.memo.get(number));
  }
}

function broken(why: string): WeightsError {
  return new WeightsError(`its pickle is broken: ${why}.`);
}

function pushGlobal(machine: Machine, module: unknown, name: unknown): void {
  if (typeof module !== 'string' || typeof name !== 'string') throw broken('the name of a global is no text');
  const full = `${module}.${name}`;
  const global = machine.host.globals.get(full);
  if (global === undefined) {
    throw new WeightsError(
      `the file wants to call ${full}: refused. Only a state dict of tensors is read: write one with torch.save(model.state_dict(), file).`,
    );
  }
  machine.push(global);
}

function call(machine: Machine): void {
  const args = machine.pop();
  const global = machine.pop();
  if (!(args instanceof Tuple && global instanceof PickleGlobal)) throw broken('it calls something that is no function');
  if (global.call === undefined) throw new WeightsError(`the file wants to call ${global.name}: refused.`);
  machine.push(global.call(args.items));
}

function setItems(machine: Machine, items: readonly unknown[]): void {
  const target = machine.top();
  if (!(target instanceof Map) || items.length % 2 !== 0) throw broken('it puts pairs into something that is no dict');
  for (let index = 0; index < items.length; index += 2) target.set(items[index], items[index + 1]);
}

function append(machine: Machine, items: readonly unknown[]): void {
  const target = machine.top();
  if (!Array.isArray(target)) throw broken('it appends to something that is no list');
  for (const item of items) target.push(item);
}

/** The integer in two's complement of that many bytes, little-endian. */
function longInteger(bytes: Buffer): number | bigint {
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function tupleOf(machine: Machine, length: number): Tuple {
  return new Tuple(Array.from({ length }, () => machine.pop()).reverse());
}

const text = (machine: Machine, length: number): void => machine.push(machine.take(length).toString('utf8'));

/** What each instruction does, by pickletools' letters. */
const instructions: Readonly<Record<string, ((machine: Machine) => void) | undefined>> = {
  '\x80': (machine) => {
    const protocol = machine.byte();
    if (protocol > NEWEST_PROTOCOL) throw broken(`it is of protocol ${protocol}, but ${NEWEST_PROTOCOL} is the newest known`);
  },
  // The length of a frame only helps those who read ahead.
  '\x95': (machine) => void machine.take(8),
  '(': (machine) => machine.mark(),
  '0': (machine) => void machine.pop(),
  N: (machine) => machine.push(null),
  '\x88': (machine) => machine.push(true),
  '\x89': (machine) => machine.push(false),
  K: (machine) => machine.push(machine.byte()),
  M: (machine) => machine.push(machine.take(2).readUInt16LE()),
  J: (machine) => machine.push(machine.take(4).readInt32LE()),
  '\x8a': (machine) => machine.push(longInteger(machine.take(machine.byte()))),
  G: (machine) => machine.push(machine.take(8).readDoubleBE()),
  X: (machine) => text(machine, machine.take(4).readUInt32LE()),
  '\x8c': (machine) => text(machine, machine.byte()),
  // Python 2 wrote ASCII texts so.
  U: (machine) => text(machine, machine.byte()),
  T: (machine) => text(machine, machine.take(4).readUInt32LE()),
  ')': (machine) => machine.push(new Tuple([])),
  t: (machine) => machine.push(new Tuple(machine.popToMark())),
  '\x85': (machine) => machine.push(tupleOf(machine, 1)),
  '\x86': (machine) => machine.push(tupleOf(machine, 2)),
  '\x87': (machine) => machine.push(tupleOf(machine, 3)),
  ']': (machine) => machine.push([]),
  a: (machine) => append(machine, [machine.pop()]),
  e: (machine) => append(machine, machine.popToMark()),
  '}': (machine) => machine.push(new Map()),
  s: (machine) => setItems(machine, tupleOf(machine, 2).items),
  u: (machine) => setItems(machine, machine.popToMark()),
  q: (machine) => void machine.memo.set(machine.byte(), machine.top()),
  r: (machine) => void machine.memo.set(machine.take(4).readUInt32LE(), machine.top()),
  '\x94': (machine) => void machine.memo.set(machine.memo.size, machine.top()),
  h: (machine) => machine.recall(machine.byte()),
  j: (machine) => machine.recall(machine.take(4).readUInt32LE()),
  c: (machine) => {
    const module = machine.line();
    pushGlobal(machine, module, machine.line());
  },
  i: (machine) => {
    const module = machine.line();
    pushGlobal(machine, module, machine.line());
    throw broken('it makes an object of a class');
  },
  '\x93': (machine) => {
    const [module, name] = tupleOf(machine, 2).items;
    pushGlobal(machine, module, name);
  },
  R: call,
  // The attributes of a dict (PyTorch keeps the versions of modules there) are of no use here.
  b: (machine) => {
    machine.pop();
    if (!(machine.top() instanceof Map)) throw broken('it sets attributes of something that is no dict');
  },
  Q: (machine) => machine.push(machine.host.persistent(machine.pop())),
};
