import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { ATTEMPT_VARIABLE } from './program.ts';

/** Kills every process that carries an attempt's mark and is not yet dead; returns how many there were. Linux only. */
export function killSurvivors(attempt: string): number {
  if (!existsSync('/proc/self/environ')) return 0;
  let killed = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (statSync(`/proc/${name}`).uid !== process.getuid?.()) continue;
      const isMarked = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`${ATTEMPT_VARIABLE}=${attempt}`);
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
