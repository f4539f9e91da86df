import { nearest } from '../../text/suggestion.ts';
import { executedAt, pythonArguments } from './command-code.ts';
import { isFull, type NodeContext } from './context.ts';
import type { FileNode } from './file-node.ts';
import type { Draft } from './nodes.ts';
import { unsetInArguments, unsetVariables } from './shell.ts';

/** Complains of each variable that a command reads and that nothing sets: neither its ports and params, nor its environment, nor its text. */
export async function checkVariables(name: string, node: FileNode, drafts: readonly Draft[], context: NodeContext): Promise<void> {
  const run = node.run ?? pythonArguments(node);
  // Of a command without outputs that is told already; it most often writes to one by its name.
  if (run === undefined || node.out === undefined) return;
  const declared = new Set([...Object.keys(node.in ?? {}), ...Object.keys(node.out ?? {}), ...Object.keys(node.with ?? {})]);
  for (const { params, env } of drafts) {
    for (const param in params) declared.add(param);
    for (const variable of env) declared.add(variable.name);
  }
  const isShell = typeof run === 'string';
  const unset = isShell ? await unsetVariables(run, declared) : unsetInArguments(run.map(String), declared);
  for (const { name: variable, written } of unset) {
    if (isFull(context)) break;
    context.problems.push(
      context.locate.problem(
        'unset-variable',
        `nothing sets "$${variable}"`,
        executedAt(name, node),
        'value',
        hintFor(variable, declared, isShell),
        written,
      ),
    );
  }
}

/** What may be meant by a variable that nothing sets, or how it is declared. */
function hintFor(variable: string, declared: ReadonlySet<string>, isShell: boolean): string {
  const near = nearest(variable, declared);
  if (near !== undefined) return `did you mean "$${near}"?`;
  if (/^[A-Z][A-Z0-9_]*$/.test(variable))
    return `a variable of your environment is declared: write env: [${variable}]${isShell ? `; one that may be unset is read as \${${variable}-}` : ''}`;
  const known = [...declared].map((name) => `$${name}`).join(', ');
  const otherwise = isShell ? `or set it in the text; one that may be unset is read as \${${variable}-}` : 'a dollar itself is written $$';
  return `there are ${known || 'none'}: declare it in "in", "out", "with" or "env", ${otherwise}`;
}
