import { commandCode, type FoundCode } from '../code/python/command-code.ts';
import { notebookOf } from '../model/notebook.ts';
import type { CommandCode, Instance } from '../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { pointerStep } from '../text/json-pointer.ts';
import { environmentVariables, type FoundEnvironment } from './environments.ts';
import type { Surroundings } from './fingerprint.ts';
import { findProgram } from './tools.ts';

/** What the code of a command is now; of a record, what it was. */
export async function codeNow(
  code: CommandCode,
  environment: FoundEnvironment | undefined,
  surroundings: Surroundings,
): Promise<Outcome<FoundCode>> {
  const { root, store, found } = surroundings;
  if (code.recorded !== undefined) {
    const { digest, files, size } = code.recorded;
    const manifest = store.artifacts.manifest(files);
    if (manifest !== undefined) return done({ digest, files, size, paths: manifest.files.map(({ path }) => path) });
    return failed({
      kind: 'store',
      code: 'missing-content',
      message: `the code of a command (${files.slice(0, 12)}) is not in the store`,
      hint: 'run its pipeline again',
    });
  }
  return commandCode(code, {
    ...{ root, cache: store.cache, store: store.location, artifacts: store.artifacts, unwritable: store.unwritable, glance: found?.glance },
    python: () => pythonFor(environment, surroundings),
  });
}

/** The Python that runs a command's programs; of an environment that is built first, the one that it will be built with. */
function pythonFor(environment: FoundEnvironment | undefined, surroundings: Surroundings): Outcome<string> {
  const path = environmentVariables(environment, surroundings)['PATH'] ?? '';
  const python = environment?.built?.interpreter.path ?? findProgram('python3', { path, root: surroundings.root });
  if (python !== undefined) return done(python);
  return failed({
    kind: 'pipeline',
    code: 'missing-tool',
    message: 'python3, which takes Python programs apart, is not in PATH',
    hint: 'install Python 3.8 or newer',
  });
}

/** The code of a command that is planned; problems point to where the node names it. */
export async function preparedCode(
  instance: Instance,
  code: CommandCode,
  environment: FoundEnvironment | undefined,
  surroundings: Surroundings,
): Promise<Outcome<FoundCode>> {
  const base = `/stages${pointerStep(instance.node)}`;
  const found = await codeNow(code, environment, surroundings);
  const own = code.script === undefined && code.module === undefined ? '/code' : isNotebook(instance) ? '/notebook' : '/python';
  if (!found.ok) return failed(...found.problems.map(({ pointer = own, ...problem }) => ({ ...problem, pointer: base + pointer })));
  const clash = clashOf(found.value, instance);
  return clash === undefined ? found : failed({ ...clash, pointer: base + clash.pointer });
}

function isNotebook({ work }: Instance): boolean {
  return work.kind === 'command' && notebookOf(work.run) !== undefined;
}

/** What is wrong where an input or output stands at the place of code. */
function clashOf({ paths }: FoundCode, { name, inputs, work }: Instance): (Problem & { readonly pointer: string }) | undefined {
  const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
  const taken = [
    ...inputs.map(({ port, at = port }) => ({ what: `the input "${port}"`, at, pointer: `/in${pointerStep(port)}`, isInput: true })),
    ...Object.entries(work.kind === 'command' ? work.paths : {}).map(([port, at]) => ({
      ...{ what: `the output "${port}"`, at, pointer: `/out${pointerStep(port)}`, isInput: false },
    })),
  ];
  for (const { what, at, pointer, isInput } of taken) {
    const path = paths.find((one) => isWithin(one, at) || at.startsWith(`${one}/`));
    if (path === undefined) continue;
    const message = `${what} of ${name} stands at "${at}", where its code ${path === at ? 'does' : `${path} does`}`;
    const hint = isInput ? `give it another place: at: given/${at.split('/').at(-1)}` : 'write it to another path';
    return { kind: 'pipeline', code: 'bad-path', message, pointer, hint };
  }
  return undefined;
}
