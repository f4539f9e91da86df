import { join } from 'node:path';
import { installation } from '../model/installation.ts';
import type { Project, SetupItem } from '../project/project.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { type Answer, answer, EXIT, rawAnswer, refusal } from './answer.ts';
import { flag, text, verb } from './verb.ts';
import { listenForStop, stoppedBy } from './watching.ts';

/** `stillroom doctor`: prints what is set up and what is not; with `--install` it sets up what is missing. */
export default verb({
  name: 'doctor',
  arguments: [],
  about: 'print what is set up and what is not, and what takes room on the disk',
  example: 'stillroom doctor --install',
  options: {
    executor: text('--executor <executor>', 'tell also where this executor of stillroom.yaml executes nodes, and what works there'),
    install: flag('--install', 'set up what is missing, the training engine included; with --executor on its machines, by a job'),
    openvino: flag('--openvino', 'set up OpenVINO too, which runs exported models'),
    uv: flag('--uv', 'set up uv, which builds environments of Python; else it is brought when it is first needed'),
  },
  async run({ executor, install, openvino, uv }, { open, stdout, stderr }) {
    // uv alone needs no engine.
    const parts = [...(install || openvino ? [] : ['--sources']), ...(openvino ? ['--openvino'] : []), ...(uv ? ['--uv'] : [])];
    const project = await open({ executor });
    const tell = (line: string): void => void stderr.write(`${line}\n`);
    if (install || openvino || uv) {
      const refused = await setUp(parts, executor === undefined ? undefined : project, tell);
      if (refused !== undefined) return refused;
    }
    const items = await project.doctor(tell);
    const width = Math.max(...items.map(({ name }) => name.length));
    const lines = items.flatMap((item) => itemLines(item, { width, columns: stdout.columns }));
    const isWell = items.every(({ ok, optional }) => ok || optional === true);
    return answer({ items }, lines, { exit: isWell ? EXIT.done : EXIT.stageFailed });
  },
});

/** An item in lines that are not wider than the terminal: how it stands, its name, what is known of it, and below what mends it. */
function itemLines(
  { name, ok, detail, hint, optional }: SetupItem,
  { width, columns }: { readonly width: number; readonly columns: number | undefined },
): readonly Line[] {
  const mark = optional === true ? warned('–') : ok ? good('✔') : bad('✖');
  const indent = width + 4;
  const first: Line = [mark, ' ', strong(name), ' '.repeat(indent - 2 - name.length), optional === true ? dim(detail) : detail];
  const mend: Line[] = hint === undefined ? [] : [[' '.repeat(indent), '→ ', hint]];
  return [...wrapBelow(first, columns, indent), ...mend.flatMap((line) => wrapBelow(line, columns, indent + 2))];
}

/** Runs set-up: on the machines of a project's executor, else here. Its progress goes to the standard error. Undefined: all went well. */
async function setUp(parts: readonly string[], project: Project | undefined, tell: (line: string) => void): Promise<Answer | undefined> {
  if (project !== undefined) {
    const stop = listenForStop(() => undefined);
    try {
      const there = await project.setUpExecutor({ parts, tell, signal: stop.asked });
      if (!there.ok) return refusal(there.problems, stop.signal === undefined ? undefined : stoppedBy(stop.signal));
      if (there.value) return undefined;
    } finally {
      stop.dispose();
    }
  }
  const { execa } = await import('execa');
  const script = join(installation, 'src/setup/setup.mjs');
  const { exitCode } = await execa(process.execPath, [script, ...parts], { stdio: ['ignore', 2, 2], reject: false });
  return exitCode === 0 ? undefined : rawAnswer(undefined, '', EXIT.stageFailed);
}
