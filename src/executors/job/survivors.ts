import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../model/clock.ts';
import { ATTEMPT_VARIABLE } from './program.ts';

/** Milliseconds after which those are given up that do not die: they wait for a device. */
const PATIENCE = 5000;

/** Kills every process that has a variable of this value in its environment and is not yet dead; returns how many there were. Linux only. */
export function killMarked(variable: string, value: string): number {
  if (!existsSync('/proc/self/environ')) return 0;
  let killed = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (statSync(`/proc/${name}`).uid !== process.getuid?.()) continue;
      const isMarked = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`${variable}=${value}`);
      const isZombie = isMarked && /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${name}/stat`, 'latin1'));
      if (!isMarked || isZombie) continue;
      process.kill(Number(name), 'SIGKILL');
      killed += 1;
    } catch {
      // The process ended meanwhile, or belongs to someone else.
    }
  }
  return killed;
}

/** Kills what an attempt left running that can be found by its mark, wherever it went, until nothing is left; says how many at most at once. */
export async function endSurvivors(attempt: string): Promise<number> {
  const until = monotonic() + PATIENCE;
  let most = 0;
  for (;;) {
    const killed = killMarked(ATTEMPT_VARIABLE, attempt);
    most = Math.max(most, killed);
    if (killed === 0 || monotonic() > until) return most;
    await sleep(20);
  }
}
