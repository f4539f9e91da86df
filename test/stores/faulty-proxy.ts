import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';

/** What a line, or a server behind it, may do. */
const FAULTS = ['500', 'reset', 'reset after', 'truncated', 'slow', '503'] as const;

/** A proxy that spoils a share of the answers. */
export interface FaultyProxy {
  readonly endpoint: string;
  /** How often each question was put: by method and path. */
  readonly asked: ReadonlyMap<string, number>;
  readonly spoiled: ReadonlyMap<string, number>;
  /** The share of answers that is spoiled from now on. */
  spoil(share: number): void;
  /** Methods whose questions are not answered. */
  readonly held: Set<string>;
  /** Statuses that become a 200, as of a server that does what it is told not to. */
  readonly swallowed: Set<number>;
  close(): Promise<void>;
}

/** Starts a proxy before a server of this machine. */
export async function startFaultyProxy(port: number, seed: number): Promise<FaultyProxy> {
  const generator = xoroshiro128plus(seed);
  const random = (): number => uniformFloat64(generator);
  const asked = new Map<string, number>();
  const spoiled = new Map<string, number>();
  const held = new Set<string>();
  const swallowed = new Set<number>();
  let share = 0;
  const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const server = createServer((question, answer) => {
    count(asked, `${question.method} ${question.url}`);
    if (held.has(question.method ?? '')) return void question.resume();
    const fault = random() < share ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    if (fault !== undefined) count(spoiled, fault);
    if (fault === 'reset') return void question.socket.destroy();
    if (fault === '500' || fault === '503') {
      question.resume();
      return void question.on('end', () => answer.writeHead(Number(fault)).end('<Error><Code>InternalError</Code></Error>'));
    }
    const { method, url: path, headers } = question;
    const passed = request({ host: '127.0.0.1', port, method, path, headers }, (got) => {
      if (swallowed.has(got.statusCode ?? 0)) return void got.resume().on('end', () => answer.writeHead(200).end());
      if (fault === 'slow') setTimeout(() => pass(got, answer), 5 + random() * 20);
      else if (fault === 'reset after') got.resume().on('end', () => question.socket.destroy());
      else if (fault === 'truncated') truncate(got, answer);
      else pass(got, answer);
    });
    forward(question, passed, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    spoiled,
    spoil: (next) => {
      share = next;
    },
    held,
    swallowed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(question: IncomingMessage, passed: ClientRequest, answer: ServerResponse): void {
  passed.on('error', () => answer.destroy());
  question.on('error', () => passed.destroy());
  question.pipe(passed);
}

function pass(got: IncomingMessage, answer: ServerResponse): void {
  answer.writeHead(got.statusCode ?? 500, got.headers);
  got.pipe(answer);
}

/** Half of the body that the head announces, or a reset where there is none. */
function truncate(got: IncomingMessage, answer: ServerResponse): void {
  const pieces: Buffer[] = [];
  got.on('data', (piece: Buffer) => void pieces.push(piece));
  got.on('end', () => {
    const body = Buffer.concat(pieces);
    answer.writeHead(got.statusCode ?? 500, got.headers);
    answer.write(body.subarray(0, body.length / 2), () => answer.destroy());
  });
}
