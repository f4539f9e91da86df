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
    setImmediate(endNow);
  }, end);
}

/** Resources that hold nothing up, once what was given to the standard outputs is written. */
const IDLE: ReadonlySet<string> = new Set(['PipeWrap', 'TTYWrap']);

/** Ends the process where nothing is under way: by itself Node first waits for what V8 compiles meanwhile, for nobody. */
function endNow(): void {
  const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  if (isWritten && process.getActiveResourcesInfo().every((name) => IDLE.has(name))) process.exit();
}
