import { suggestion } from '../text/suggestion.ts';
import type { InputElement } from '../model/pipeline.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import { duration, figure } from '../text/figures.ts';
import { findRun } from '../records/find.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

/** `stillroom show`: what a run was asked, what came out of it, what it cost, and where each output comes from. */
export function showCommand(word: string, node: string | undefined, options: CommonOptions): number {
  const json = options.json === true;
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  const run = findRun(store.value, word);
  if (!run.ok) return fail(run.problems, json);
  const record = run.value;
  const all = Object.entries(record.nodes).map(([name, { recipe }]) => ({ name, node: recipe?.node ?? name }));
  const names = all.filter((one) => node === undefined || one.name === node || one.node === node).map(({ name }) => name);
  if (names.length === 0)
    return fail(
      [
        {
          kind: 'usage',
          code: 'unknown-node',
          message: `the run ${record.id} has no node "${node}"`,
          hint: suggestion(node ?? '', Object.keys(record.nodes)),
        },
      ],
      json,
    );
  const tags = store.value.tags
    .all()
    .filter((tag) => tag.run === record.id)
    .map((tag) => tag.name);
  if (json) printJson({ record, tags, cost: costOf(record) });
  else if (node === undefined)
    process.stdout.write(`${[...describe(record, tags), ...all.flatMap(({ name }) => describeNode(name, record))].join('\n')}\n`);
  else
    process.stdout.write(
      `${names
        .flatMap((name) => [...describeNode(name, record), '  comes from', ...lineage(name, record, 2)])
        .slice(1)
        .join('\n')}\n`,
    );
  return EXIT.done;
}

/** What a run took: the time of what it executed, what reuse spared it, and the bytes of its outputs. */
function costOf({ nodes }: RunRecord): { readonly executedSeconds: number; readonly sparedSeconds: number; readonly bytes: number } {
  const seconds = (state: string): number =>
    Object.values(nodes)
      .filter((node) => node.state === state)
      .reduce((sum, node) => sum + (node.seconds ?? 0), 0);
  const sizes = new Map(
    Object.values(nodes).flatMap(({ outputs }) => Object.values(outputs ?? {}).map(({ digest, size }) => [digest, size] as const)),
  );
  return {
    executedSeconds: seconds('executed'),
    sparedSeconds: seconds('reused'),
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  };
}

function describe(record: RunRecord, tags: readonly string[]): string[] {
  const cost = costOf(record);
  const lines = [
    `${record.pipeline} (${record.file}): ${record.state}`,
    `  run      ${record.id}${tags.length === 0 ? '' : ` [${tags.join(', ')}]`}`,
    `  hash     ${record.hash ?? 'none: only a done run has one'}`,
    `  started  ${record.started}`,
    `  cost     ${duration(cost.executedSeconds)} of work executed, ${duration(cost.sparedSeconds)} reused; outputs of ${cost.bytes} bytes`,
  ];
  for (const [name, { digest, kept, path }] of Object.entries(record.sources))
    lines.push(
      `  source   ${name} ${digest.slice(0, 12)}${kept ? ', kept in the store' : ''}${path === undefined ? '' : `, from ${path}`}`,
    );
  for (const [name, value] of Object.entries(record.params)) lines.push(`  param    ${name} = ${JSON.stringify(value)}`);
  if (record.set.length > 0) lines.push(`  set      ${record.set.join(' ')}`);
  return lines;
}

function describeNode(name: string, record: RunRecord): string[] {
  const node = record.nodes[name];
  if (node === undefined) return [];
  const lines = [
    '',
    `${name}: ${node.state} (${node.stage})${node.seconds === undefined ? '' : `, ${duration(node.seconds)}`}: ${node.cause}`,
  ];
  if (node.error !== undefined) lines.push(`  error    ${node.error.message}`);
  for (const [param, value] of Object.entries(node.params)) lines.push(`  with     ${param} = ${JSON.stringify(value)}`);
  for (const { port, elements } of node.recipe?.inputs ?? [])
    for (const element of elements) lines.push(`  input    ${port} ← ${originOf(element)}${contentOf(element, record)}`);
  for (const [metric, { value, measured }] of Object.entries(node.metrics ?? {}))
    lines.push(`  metric   ${metric} = ${figure(value)}${measured ? ' (measured)' : ''}`);
  for (const [port, { digest, size, measured }] of Object.entries(node.outputs ?? {}))
    lines.push(`  output   ${port} ${digest.slice(0, 12)}, ${size} bytes${measured ? ' (measured)' : ''}`);
  if (node.log !== undefined) lines.push(`  log      ${node.log}`);
  return lines;
}

function originOf({ origin }: InputElement): string {
  return origin.kind === 'source' ? `source ${origin.source}` : `${origin.instance}.${origin.port}`;
}

function contentOf({ origin }: InputElement, { sources, nodes }: RunRecord): string {
  const digest = origin.kind === 'source' ? sources[origin.source]?.digest : nodes[origin.instance]?.outputs?.[origin.port]?.digest;
  return digest === undefined ? '' : ` ${digest.slice(0, 12)}`;
}

/** What a node comes from, down to the sources; what was told once is not told again. */
function lineage(name: string, record: RunRecord, depth: number, told: Set<string> = new Set()): string[] {
  const inputs: RunNode['recipe'] = record.nodes[name]?.recipe;
  const lines: string[] = [];
  for (const { port, elements } of inputs?.inputs ?? []) {
    for (const element of elements) {
      const origin = originOf(element);
      const from = element.origin.kind === 'output' ? element.origin.instance : undefined;
      const isKnown = from !== undefined && told.has(from);
      const stage = from === undefined ? '' : ` (${record.nodes[from]?.stage ?? 'unknown'})`;
      lines.push(`${'  '.repeat(depth)}${port} ← ${origin}${contentOf(element, record)}${stage}${isKnown ? ', as above' : ''}`);
      if (from === undefined || isKnown) continue;
      told.add(from);
      lines.push(...lineage(from, record, depth + 1, told));
    }
  }
  return lines;
}
