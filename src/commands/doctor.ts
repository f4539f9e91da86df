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
  options: {
    install: flag('--install', 'set up what is missing, the training engine included'),
    openvino: flag('--openvino', 'set up OpenVINO too, which runs exported models'),
  },
  async run({ install, openvino }, { open }) {
    if ((install || openvino) && !(await setUp(openvino ? ['--openvino'] : []))) return rawAnswer(undefined, '', EXIT.stageFailed);
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
async function setUp(more: readonly string[]): Promise<boolean> {
  const { execa } = await import('execa');
  const script = join(installation, 'src/setup/setup.mjs');
  const { exitCode } = await execa(process.execPath, [script, ...more], { stdio: ['ignore', 2, 2], reject: false });
  return exitCode === 0;
}
