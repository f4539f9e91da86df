import { faultsAt, type Places, prepare, runSynced, withPlaces } from './synced-commands.ts';
import type { Findings, Trial } from './trial.ts';

async function attack(attacks: number, places: Places, tell: (line: string) => void): Promise<Findings> {
  const faults: string[] = [];
  // Few attacks are made of the first commands alone.
  const commands = [...(await prepare(places))].slice(0, Math.max(1, Math.floor(attacks / 4)));
  let made = 0;
  let moments = 0;
  for (const [index, command] of commands.entries()) {
    const run = runSynced(command, places);
    moments += run.moments;
    const amount = Math.floor((attacks * (index + 1)) / commands.length) - made;
    for (let at = 0; at < amount; at += 1) {
      // The last moment, at which all has been told, is always one of them.
      const moment = Math.round(((at + 1) * (run.moments - 1)) / amount);
      for (const fault of await faultsAt(run, moment, command, places)) {
        faults.push(`${command.args.join(' ')}, moment ${moment} of ${run.moments - 1}: ${fault}`);
        tell(faults.at(-1) ?? '');
      }
    }
    made += amount;
  }
  return { attacks, faults, counts: { moments } };
}

/** Power cuts of the worst kind: nothing is left but what was synced, file by file and folder by folder. */
export default {
  about: 'on a disk that keeps nothing but what is synced, all that was told as done is there after a power cut at any moment',
  full: 300,
  sample: 2,
  run: (attacks, tell) => withPlaces((places) => attack(attacks, places, tell)),
} satisfies Trial;
