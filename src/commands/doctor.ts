import { join } from 'node:path';
import { installation } from '../model/installation.ts';
import { answer, EXIT, rawAnswer } from './answer.ts';
import { flag, verb } from './verb.ts';

/** `stillroom doctor`: prints what is set up and what is not; with `--install` it sets up what is missing. */
export default verb({
  name: 'doctor',
  arguments: [],
  about: 'print what is set up and what is not',
  example: 'stillroom doctor --install',
  options: { install: flag('--install', 'set up what is missing, the training engine included') },
  async run({ install }, { open }) {
    if (install && !(await setUp())) return rawAnswer(undefined, '', EXIT.stageFailed);
    const items = await (await open()).doctor();
    const width = Math.max(...items.map(({ name }) => name.length));
    const lines = items.flatMap(({ name, ok, detail, hint }) => [
      `${ok ? '✔' : '✖'} ${name.padEnd(width)}  ${detail}`,
      ...(hint === undefined ? [] : [`  ${' '.repeat(width)}  → ${hint}`]),
    ]);
    return answer({ items }, lines, { exit: items.every(({ ok }) => ok) ? EXIT.done : EXIT.stageFailed });
  },
});

/** Runs set-up. Its progress goes to the standard error; the standard output is left to what the verb prints. */
async function setUp(): Promise<boolean> {
  const { execa } = await import('execa');
  const script = join(installation, 'src/setup/setup.mjs');
  const { exitCode } = await execa(process.execPath, [script], { stdio: ['ignore', 2, 2], reject: false });
  return exitCode === 0;
}
