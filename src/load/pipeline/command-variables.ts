import { suggestion } from '../../text/suggestion.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { isFull, type NodeContext } from './context.ts';
import type { FileNode } from './file-node.ts';
import type { Draft } from './nodes.ts';
import { unsetInArguments, unsetVariables } from './shell.ts';

/** Complains of each variable that a command reads and that nothing sets: neither its ports and params, nor its environment, nor its text. */
export async function checkVariables(name: string, node: FileNode, drafts: readonly Draft[], context: NodeContext): Promise<void> {
  const { run } = node;
  if (run === undefined) return;
  const declared = new Set([...Object.keys(node.in ?? {}), ...Object.keys(node.out ?? {}), ...Object.keys(node.with ?? {})]);
  for (const { params, env } of drafts) {
    for (const param in params) declared.add(param);
    for (const variable of env) declared.add(variable.name);
  }
  const isShell = typeof run === 'string';
  const unset = isShell ? await unsetVariables(run, declared) : unsetInArguments(run.map(String), declared);
  const otherwise = isShell ? 'or assigned in the text; one that may be unset is read as ${NAME-}' : 'and a dollar itself is written $$';
  for (const { name: variable, written } of unset) {
    if (isFull(context)) break;
    context.problems.push(
      context.locate.problem(
        'unset-variable',
        `nothing sets "$${variable}"`,
        `/stages${pointerStep(name)}/run`,
        'value',
        `${suggestion(variable, declared)} A variable must be a port, a param in "with", a declared env, ${otherwise.replace('NAME', variable)}`,
        written,
      ),
    );
  }
}
