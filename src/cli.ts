#!/usr/bin/env node
import { main } from './commands/main.ts';
import { prepareForHangUp } from './commands/terminal.ts';

// A reader that has seen enough, such as head, ends an output and is no error: what runs goes on and is recorded. So does a terminal that is
// closed. Where progress cannot be written at all it is lost, and nothing else.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
});
process.stderr.on('error', () => undefined);
prepareForHangUp();

process.exitCode = await main(process.argv.slice(2), {
  folder: process.cwd(),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
});
