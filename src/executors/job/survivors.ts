import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { ATTEMPT_VARIABLE } from './program.ts';

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

/** Kills what an attempt left running, even if it left the process group. */
export function killSurvivors(attempt: string): number {
  return killMarked(ATTEMPT_VARIABLE, attempt);
}
