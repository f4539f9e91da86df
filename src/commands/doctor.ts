import { join } from 'node:path';
import { execa } from 'execa';
import { installation } from '../model/installation.ts';
import { describeSetup } from '../setup/facts.mjs';
import { EXIT, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

export interface DoctorOptions extends CommonOptions {
  readonly install?: boolean;
}

/** `stillroom doctor`: prints what is set up and what is not; with `--install` it sets up what is missing. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  if (options.install === true) {
    // Its progress goes to the standard error; the standard output is left to what this command prints.
    const { exitCode } = await execa(process.execPath, [join(installation, 'src/setup/setup.mjs')], {
      stdio: ['ignore', 2, 2],
      reject: false,
    });
    if (exitCode !== 0) return EXIT.stageFailed;
  }
  const store = openStore(projectRoot(process.cwd()), options);
  const problem = store.ok ? undefined : store.problems[0];
  const items = [
    ...describeSetup(),
    {
      name: 'store',
      ok: store.ok,
      detail: store.ok ? store.value.location : (problem?.message ?? ''),
      ...(problem?.hint === undefined ? {} : { hint: problem.hint }),
    },
  ];
  if (options.json === true) printJson({ items });
  else {
    const width = Math.max(...items.map(({ name }) => name.length));
    for (const { name, ok, detail, hint } of items) {
      process.stdout.write(
        `${ok ? '✔' : '✖'} ${name.padEnd(width)}  ${detail}${hint === undefined ? '' : `\n  ${' '.repeat(width)}  → ${hint}`}\n`,
      );
    }
  }
  return items.every(({ ok }) => ok) ? EXIT.done : EXIT.stageFailed;
}
