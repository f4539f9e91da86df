import type { LogLine, NodeWithLog, RunLogs } from '../project/logs.ts';
import { printable, withoutColours } from '../text/printable.ts';
import { accent, ansiText, plainText, showsColours } from '../text/styled.ts';
import { widthOf } from '../text/width.ts';
import { type Answer, rawAnswer, refusal } from './answer.ts';
import { flag, type Invocation, number, verb } from './verb.ts';

/** `stillroom logs`: prints what the nodes of a run printed. */
export default verb({
  name: 'logs',
  arguments: ['<run>', '[node]'],
  about: 'print what the nodes of a run printed',
  example: 'stillroom logs @latest student --follow',
  detail: 'Of a reused node it is what it printed where it was executed.',
  options: {
    follow: flag('--follow', 'go on until the nodes have ended, or the run has'),
    lines: number('--lines <count>', 'only the last lines of each node', { whole: true }),
  },
  async run({ run, node, follow, lines }, invocation) {
    const { json } = invocation;
    const told: LogLine[] = [];
    let tell = (line: LogLine): void => void told.push(line);
    const project = await invocation.open();
    const read = await project.logs(run, {
      node,
      lines,
      follow,
      onNodes: (nodes) => {
        if (!json) tell = printer(nodes, node, invocation);
      },
      onLine: (line) => tell(line),
    });
    if (!read.ok) return refusal(read.problems);
    return json ? rawAnswer(asJson(read.value, told), '') : { ...rawAnswer(undefined, ''), notes: notesOf(read.value, node) };
  },
});

/** What prints lines: with the names of their nodes, unless there is but one that was asked for. */
function printer(nodes: readonly string[], asked: string | undefined, { stdout, environment }: Invocation): (line: LogLine) => void {
  const width = Math.max(0, ...nodes.map(widthOf));
  const isNamed = nodes.length > 1 || asked === undefined;
  const inColour = showsColours(stdout, environment);
  return ({ node, line }) => {
    const lead = isNamed ? accent(`${node}${' '.repeat(width - widthOf(node))} |`) : '';
    const shown = [lead, isNamed ? ' ' : ''];
    // What goes on to a program is left as it is; a terminal would obey it.
    const text = stdout.isTTY === true ? printable(withoutColours(line)) : line;
    stdout.write(`${inColour ? ansiText(shown) : plainText(shown)}${text}\n`);
  };
}

function asJson({ run, state, nodes }: RunLogs, told: readonly LogLine[]): object {
  const linesOf = (name: string): readonly string[] => told.filter(({ node }) => node === name).map(({ line }) => line);
  return { run, state, nodes: nodes.map((node) => ({ ...node, lines: linesOf(node.node) })) };
}

/** Why nothing was printed of nodes, and what goes on. */
function notesOf({ run, state, nodes }: RunLogs, asked: string | undefined): Answer['notes'] {
  if (nodes.length === 0) return [`the run ${run} reused everything: name a node to read the log of the run that executed it`];
  const silent = nodes.filter(({ lines }) => lines === 0);
  const notes = asked === undefined && silent.length < nodes.length ? [] : silent.map(whyNothing);
  const elsewhere = nodes.filter((node) => node.run !== run && node.lines > 0);
  return [
    ...notes,
    ...elsewhere.map(({ node, run: executing }) => `${node} was reused: the run ${executing} executed it`),
    ...(state === 'live' ? ['the run is live: --follow goes on with it'] : []),
  ];
}

function whyNothing({ node, state, isGone }: NodeWithLog): string {
  if (state === 'waiting') return `${node} has not begun`;
  if (state === 'skipped') return `${node} never ran`;
  return isGone === true && state !== 'running' ? `${node}: its log is gone` : `${node} printed nothing`;
}
