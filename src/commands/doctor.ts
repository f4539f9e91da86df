import { EXIT, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';
import { describeSetup, install, type SetupItem } from './setup.ts';

export interface DoctorOptions extends CommonOptions {
  readonly install?: boolean;
}

/** `stillroom doctor`: prints what is set up and what is not; with `--install` it sets up what is missing. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  if (options.install === true) {
    const code = await install();
    if (code !== 0) return EXIT.stageFailed;
  }
  const store = openStore(projectRoot(process.cwd()), options);
  const storeItem: SetupItem = store.ok
    ? { name: 'store', ok: true, detail: store.value.root }
    : {
        name: 'store',
        ok: false,
        detail: store.problems[0]?.message ?? '',
        ...(store.problems[0]?.hint === undefined ? {} : { hint: store.problems[0].hint }),
      };
  const items = [...(await describeSetup()), storeItem];
  if (options.json === true) printJson({ items });
  else {
    const width = Math.max(...items.map(({ name }) => name.length));
    for (const { name, ok, detail, hint } of items)
      process.stdout.write(
        `${ok ? '✔' : '✖'} ${name.padEnd(width)}  ${detail}${hint === undefined ? '' : `\n  ${' '.repeat(width)}  → ${hint}`}\n`,
      );
  }
  return items.every(({ ok }) => ok) ? EXIT.done : EXIT.stageFailed;
}
