import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installation as checkout } from '../../../src/model/installation.ts';
import { executeBare, executeStage } from '../../executors/stage-job.ts';
import { confinementHere } from '../../../src/setup/native.mjs';
import { bodyOf, type Escape, escapes, type Place, type Targets } from './escapes.ts';
import type { Trial } from './trial.ts';

/** Escapes that are tried in one attempt of a stage. */
const BATCH = 30;

function listening(server: Server, ...at: readonly (string | number)[]): Promise<Server> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(...(at as [number]), () => resolve(server)));
}

/** What stands in a folder, with the modes of its files. */
function standing(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .sort()
    .map((name) => `${name} ${statSync(join(folder, name)).mode} ${name === 'socket' ? '' : readFileSync(join(folder, name), 'utf8')}`)
    .join('\n');
}

/** Executes code in a place; returns what it told. */
async function toldBy(body: string, place: Place, folder: string): Promise<readonly string[]> {
  if (place === 'kernel') return parsed(executeBare(body, folder));
  const { exit, out } = await executeStage(body, { folder });
  return exit.ended === 'failed' ? [`the stage failed: ${exit.problem.message}`] : parsed(out);
}

function parsed(told: string | undefined): readonly string[] {
  return told?.startsWith('[') === true ? (JSON.parse(told) as readonly string[]) : [`it told ${told}`];
}

/** Lets code try some escapes in one place; returns what was not refused. */
async function attempt(tried: readonly Escape[], place: Place): Promise<readonly string[]> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-confinement-'));
  const [outside, folder] = [join(root, 'outside'), join(root, 'attempt')];
  for (const one of [outside, folder]) mkdirSync(one);
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(outside, 'page.json'), '{}');
  writeFileSync(join(outside, 'module.mjs'), '');
  const tcp = await listening(
    createServer((socket) => socket.end()),
    0,
  );
  const unix = await listening(createServer(), join(outside, 'socket'));
  const abstract = await listening(createServer(), `\0${outside}`);
  const targets: Targets = {
    secret: join(outside, 'secret.txt'),
    outside,
    input: join(folder, 'in', 'text.txt'),
    attempt: folder,
    dist: join(checkout, 'dist'),
    coordinator: process.pid,
    port: (tcp.address() as AddressInfo).port,
    socket: join(outside, 'socket'),
  };
  const before = standing(outside);
  try {
    const told = await toldBy(bodyOf(tried, targets), place, folder);
    const input = readFileSync(targets.input, 'utf8');
    return [
      ...told,
      ...(standing(outside) === before ? [] : ['something outside was changed']),
      ...(input === 'given\n' ? [] : ['the input was changed']),
    ];
  } finally {
    for (const server of [tcp, unix, abstract]) server.close();
    rmSync(root, { recursive: true, force: true });
  }
}

const { landlock, filters } = confinementHere(checkout);
const isConfined = landlock > 0 && filters;

export default {
  about: 'a stage that tries to reach what is not its own, within the permission model and outside of it: all is refused',
  full: escapes.length,
  // Without the kernel's part nothing holds what leaves the permission model.
  sample: isConfined ? 24 : 0,
  async run(attacks, tell) {
    const step = Math.max(1, escapes.length / attacks);
    const chosen = Array.from({ length: Math.min(attacks, escapes.length) }, (_, index) => escapes[Math.floor(index * step)] as Escape);
    const faults: string[] = [];
    for (let at = 0; at < chosen.length; at += BATCH) {
      const batch = chosen.slice(at, at + BATCH);
      for (const place of ['work', 'kernel'] as const) {
        const tried = batch.filter((one) => one.place === place);
        if (tried.length > 0) faults.push(...(await attempt(tried, place)));
      }
      tell(`${Math.min(at + BATCH, chosen.length)} of ${chosen.length} tried, ${faults.length} not refused`);
    }
    return { attacks: chosen.length, faults };
  },
} satisfies Trial;
