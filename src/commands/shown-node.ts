import { nodeOf } from '../model/folded-names.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import { disturbedText } from '../model/waiting.ts';
import type { ToldCommand } from '../model/report.ts';
import type { LineageOrigin, LineageStep, ShownRun } from '../project/records.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { duration, figure } from '../text/figures.ts';
import { bad, dim, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { lineage, originRows } from './lineage.ts';
import { section } from './sections.ts';
import { hintLines, paramRows, STATES } from './shown-run.ts';

/** What is asked of the records of a node that is shown whole. */
export interface Origins {
  originsOf(record: RunRecord, node: string): readonly LineageOrigin[];
  lineageOf(record: RunRecord, node: string): readonly LineageStep[];
  commandOf(node: RunNode): ToldCommand | undefined;
}

/** Instances of a node of a run: one of them whole, several in a line each, unless all is wanted. */
export function nodeLines(names: readonly string[], shown: ShownRun, origins: Origins, { all, width }: Wanted): readonly Line[] {
  const { record } = shown;
  const isOne = names.length === 1;
  if (isOne || all)
    return names.flatMap((name, index) => [...(index === 0 ? [] : ['']), ...wholeNode(name, shown, origins, { all, width })]);
  const rows = names.flatMap((name) => {
    const node = record.nodes[name];
    return node === undefined ? [] : [instanceRow(name, node)];
  });
  const [first = ''] = names;
  return [[strong(nodeOf(first)), ` in the run ${record.id}`], ...section('instances', rows, width, { isRight: (column) => column === 2 })];
}

/** How much is shown. */
interface Wanted {
  readonly all: boolean;
  readonly width: number | undefined;
}

function instanceRow(name: string, { state, seconds, metrics = {}, error }: RunNode): readonly Line[] {
  const told = Object.entries(metrics).map(([metric, { value }]) => `${metric} ${figure(value)}`);
  const what = error === undefined ? told.join(', ') : error.message;
  return [STATES[state](state), name, seconds === undefined ? '' : duration(seconds), what];
}

function wholeNode(name: string, { record, under, lastLines }: ShownRun, origins: Origins, { all, width }: Wanted): readonly Line[] {
  const node = record.nodes[name];
  if (node === undefined) return [];
  const took = node.seconds === undefined ? '' : ` in ${duration(node.seconds)}`;
  const told = lastLines[name];
  return [
    ...wrapBelow([strong(name), ': ', STATES[node.state](node.state), took, dim(` (${node.stage})`)], width, 2),
    ...wrapBelow(['  because ', node.cause], width, 4),
    ...(node.disturbed === undefined ? [] : wrapBelow(['  ', warned(`warning: ${disturbedText(node.disturbed)}`)], width, 4)),
    ...errorLines(node, width),
    ...(told === undefined
      ? []
      : section(
          'last lines of its log',
          told.map((line) => [line]),
          width,
        )),
    ...commandLines(origins.commandOf(node), { all, width }),
    ...section('params', paramRows(node.params), width),
    ...section('inputs', originRows(origins.originsOf(record, name), all), width),
    ...section('metrics', metricRows(name, node, under), width, { isRight: (column) => column === 1 }),
    ...section('outputs', outputRows(node), width, { isRight: (column) => column === 1 }),
    ...(node.log === undefined ? [] : section('log', [[node.log]], width)),
    ...lineage(origins.lineageOf(record, name), { all, width }),
  ];
}

/** Lines of a command, and packages of its environment, that are shown where not all are asked for. */
const MOST = { lines: 12, packages: 6 };

/** What the command was, and what it used. */
function commandLines(command: ToldCommand | undefined, { all, width }: Wanted): readonly Line[] {
  if (command === undefined) return [];
  const { run, tools, environment, python, packages = {} } = command;
  const text = run.split('\n');
  const most = all ? text.length : MOST.lines;
  const below = width === undefined ? undefined : Math.max(width - 2, 10);
  const lines = text.slice(0, most).flatMap((line) => wrapBelow(line, below, 4).map((one): Line => ['  ', one]));
  const installed = Object.entries(packages);
  const listed = installed.slice(0, all ? installed.length : MOST.packages).map(([name, version]) => `${name} ${version.split(' ', 1)[0]}`);
  const more = installed.length > listed.length ? [`and ${installed.length - listed.length} more`] : [];
  const rows: (readonly Line[])[] = [
    ...(environment === undefined ? [] : [['asked', environment]]),
    ...(python === undefined ? [] : [['python', python]]),
    ...(installed.length === 0 ? [] : [[counted(installed.length, 'package'), [...listed, ...more].join(', ')]]),
  ];
  return [
    '',
    strong('command'),
    ...lines,
    ...(text.length > most ? [dim(`  … and ${counted(text.length - most, 'line')} more: --all`)] : []),
    ...section(
      'tools',
      tools.map(({ name, digest }) => [name, dim(digest.slice(0, 12))]),
      width,
    ),
    ...section('environment', rows, width),
  ];
}

function errorLines({ error }: RunNode, width: number | undefined): readonly Line[] {
  if (error === undefined) return [];
  return [...wrapBelow(['  ', bad('error: '), error.message], width, 4), ...hintLines(error.hint, width)];
}

function metricRows(name: string, { metrics = {} }: RunNode, under: ShownRun['under']): readonly (readonly Line[])[] {
  return Object.entries(metrics).map(([metric, { value, measured }]) => {
    const how = under[`${name}.${metric}`];
    return [metric, figure(value), measured ? dim(`measured${how === undefined ? '' : `: ${how}`}`) : ''];
  });
}

function outputRows({ outputs = {} }: RunNode): readonly (readonly Line[])[] {
  return Object.entries(outputs).map(([port, { kind, digest, size, measured }]) => [
    port,
    bytesText(size),
    [dim(digest.slice(0, 12)), kind === 'dir' ? ' folder' : ' file', measured ? ', measured' : ''],
  ]);
}
