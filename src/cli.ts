import { main } from './commands/main.ts';
import { programName } from './commands/program-name.ts';
import { prepareForHangUp } from './commands/terminal.ts';
import { tellUnforeseen, watchOutput } from './commands/unforeseen.ts';

const words = process.argv.slice(2);
const json = words.includes('--json');
const end = (error: unknown): never => process.exit(tellUnforeseen(error, json));

watchOutput(process, json);
prepareForHangUp();
process.on('uncaughtException', end);

const { env: environment, stdout, stderr } = process;
main(words, { folder: process.cwd(), environment, program: programName(process), stdout, stderr }).then((exit) => {
  process.exitCode = exit;
}, end);
