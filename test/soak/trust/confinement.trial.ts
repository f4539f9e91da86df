import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installation as checkout } from '../../../src/model/installation.ts';
import { executeStage } from '../../executors/stage-job.ts';
import { confinementHere } from '../../../src/setup/supervisor.mjs';
import { bodyOf, type Escape, escapes, type Targets } from './escapes.ts';
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

/** Lets a stage try some escapes; returns what was not refused. */
async function attempt(tried: readonly Escape[]): Promise<readonly string[]> {
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
  const abstract = await listening(createServer(), '\0stillroom');
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
    const { exit, out } = await executeStage(bodyOf(tried, targets), { folder });
    const input = readFileSync(targets.input, 'utf8');
    return [
      ...(exit.ended === 'failed' ? [`the stage failed: ${exit.problem.message}`] : []),
      ...(out === undefined ? ['the stage told nothing'] : (JSON.parse(out) as string[])),
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
      faults.push(...(await attempt(chosen.slice(at, at + BATCH))));
      tell(`${Math.min(at + BATCH, chosen.length)} of ${chosen.length} tried, ${faults.length} not refused`);
    }
    return { attacks: chosen.length, faults };
  },
} satisfies Trial;
