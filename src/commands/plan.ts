import { EXIT, fail, printJson } from './problems.ts';
import { openProject } from '../project/project.ts';
import type { PlanOptions } from './project.ts';

export interface PlanCommandOptions extends PlanOptions {
  readonly strict?: boolean;
}

/** `stillroom plan`: says what a run would do, and why; executes nothing. */
export async function planCommand(file: string, options: PlanCommandOptions): Promise<number> {
  const json = options.json === true;
  const planned = await openProject({ ...options, file }).plan(file, options);
  if (!planned.ok) return fail(planned.problems, json);
  const { pipeline, nodes } = planned.value;
  if (options.strict === true) {
    const loose = pipeline.instances.filter(({ work }) => work.kind === 'command' && work.tools.length === 0);
    if (loose.length > 0) {
      return fail(
        loose.map(({ name }) => ({
          kind: 'pipeline',
          code: 'undeclared-tools',
          message: `the command ${name} declares no tools`,
          hint: 'name the programs it uses: tools: [python3]',
        })),
        json,
      );
    }
  }
  if (json) {
    printJson({ nodes: nodes.map(({ node, action, cause }) => ({ node, action, cause })) });
    return EXIT.done;
  }
  const width = Math.max(...nodes.map(({ node }) => node.length));
  for (const { node, action, cause } of nodes) process.stdout.write(`${action.padEnd(5)}  ${node.padEnd(width)}  ${cause}\n`);
  const count = (action: string): number => nodes.filter((node) => node.action === action).length;
  process.stdout.write(`${count('run')} to run, ${count('maybe')} maybe, ${count('reuse')} reused\n`);
  return EXIT.done;
}
