import { main } from './main.ts';
import { programName } from './program-name.ts';
import { starterOf } from './starter.ts';
import { prepareForHangUp } from './terminal.ts';
import { tellUnforeseen, watchOutput } from './unforeseen.ts';

/** Does what the process's command line asks for; the process ends with its exit code. */
export function start(): void {
  const words = process.argv.slice(2);
  const json = words.includes('--json');
  const end = (error: unknown): never => process.exit(tellUnforeseen(error, json));
  watchOutput(process, json);
  prepareForHangUp();
  process.on('uncaughtException', end);
  const { env: environment, stdout } = process;
  const starter = starterOf(process);
  const stderr = starter?.stderr ?? process.stderr;
  main(words, { folder: process.cwd(), environment, program: programName(process), stdout, stderr, starter }).then((exit) => {
    process.exitCode = exit;
  }, end);
}
