import type { RunRecord } from '../model/run.ts';
import { duration, figure } from '../reporters/text.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';
import { findRun } from './runs.ts';

/** `stillroom show`: what a run was asked and what came out of it. */
export function showCommand(word: string, options: CommonOptions): number {
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, options.json === true);
  const run = findRun(store.value, word);
  if (!run.ok) return fail(run.problems, options.json === true);
  if (options.json === true) printJson({ record: run.value });
  else process.stdout.write(`${describe(run.value).join('\n')}\n`);
  return EXIT.done;
}

function describe(record: RunRecord): string[] {
  const lines = [
    `${record.pipeline} (${record.file}): ${record.state}`,
    `  run      ${record.id}`,
    `  hash     ${record.hash ?? 'none: only a done run has one'}`,
    `  started  ${record.started}`,
  ];
  for (const [name, { digest, kept }] of Object.entries(record.sources))
    lines.push(`  source   ${name} ${digest.slice(0, 12)}${kept ? ', kept in the store' : ''}`);
  for (const [name, value] of Object.entries(record.params)) lines.push(`  param    ${name} = ${JSON.stringify(value)}`);
  if (record.set.length > 0) lines.push(`  set      ${record.set.join(' ')}`);
  for (const [name, node] of Object.entries(record.nodes)) {
    lines.push(
      '',
      `${name}: ${node.state} (${node.stage})${node.seconds === undefined ? '' : `, ${duration(node.seconds)}`}: ${node.cause}`,
    );
    if (node.error !== undefined) lines.push(`  error    ${node.error.message}`);
    for (const [param, value] of Object.entries(node.params)) lines.push(`  with     ${param} = ${JSON.stringify(value)}`);
    for (const [metric, { value, measured }] of Object.entries(node.metrics ?? {}))
      lines.push(`  metric   ${metric} = ${figure(value)}${measured ? ' (measured)' : ''}`);
    for (const [port, { digest, size, measured }] of Object.entries(node.outputs ?? {}))
      lines.push(`  output   ${port} ${digest.slice(0, 12)}, ${size} bytes${measured ? ' (measured)' : ''}`);
    if (node.log !== undefined) lines.push(`  log      ${node.log}`);
  }
  return lines;
}
