import { done, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { ComparedRun, OutputChange, Records, Seen } from '../project/records.ts';
import type { Line } from '../text/styled.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { answer, refusal } from './answer.ts';
import { changedPlots } from './changed-plots.ts';
import { comparedLines } from './compared.ts';
import { every } from './folded.ts';
import { columnsOf } from './terminal.ts';
import { verb } from './verb.ts';

/** `stillroom diff`: only what differs between runs; the first is the one that the others are compared with. */
export default verb({
  name: 'diff',
  arguments: ['<runs...>'],
  about: 'show only what differs between runs',
  example: 'stillroom diff 20260101T120000 @latest',
  examples: ['stillroom diff paper-table-2 @latest'],
  detail:
    'Params, code and sources as diffs, inputs, metrics with their direction and how much they move by the seed alone, artifacts, and what differs in tables and texts. Pictures and plots next to each other: stillroom report RUN RUN --output page.html.',
  options: { all: every },
  async run({ runs: words, all }, { open, stdout }) {
    const { records } = await open();
    const compared = await records.compare(words);
    if (!compared.ok) return refusal(compared.problems);
    const { base, runs } = compared.value;
    const width = columnsOf(stdout);
    const lines: Line[] = [];
    for (const run of runs) {
      const seen = await bothSeen(records, base, run);
      if (!seen.ok) return refusal(seen.problems);
      const [before, after] = seen.value;
      const isPlotted = ({ name }: OutputChange): boolean => before.plotted.includes(name) && after.plotted.includes(name);
      const outputs = run.difference.outputs.filter((one) => !isPlotted(one));
      const own = comparedLines(base, { ...run, difference: { ...run.difference, outputs } }, { all, width });
      lines.push(
        ...(lines.length === 0 ? [] : ['', '']),
        ...own,
        ...changedPlots(before, after, { all, width, runs: [base.id, run.record.id] }),
      );
    }
    return answer({ base: { run: base.id, hash: base.hash ?? null }, runs: runs.map(comparedJson) }, lines);
  },
});

/** Nodes whose outputs are looked into. */
const MOST_NODES = 100;

/** What both runs drew in the nodes of which something came out otherwise. */
async function bothSeen(records: Records, base: RunRecord, { record, difference }: ComparedRun): Promise<Outcome<readonly [Seen, Seen]>> {
  const names = [...new Set(difference.changes.flatMap(({ kind, node }) => (kind === 'output' ? [node] : [])))].slice(0, MOST_NODES);
  const before = await records.seen(base, names);
  if (!before.ok) return before;
  const after = await records.seen(record, names);
  return after.ok ? done([before.value, after.value]) : after;
}

function comparedJson({ record, difference, noise }: ComparedRun): object {
  return {
    run: record.id,
    hash: record.hash ?? null,
    changes: difference.changes,
    code: difference.code.map(({ nodes, name, before, after }) => ({ nodes, name, diff: unifiedDiff(name, before, after).join('\n') })),
    outputs: difference.outputs.map(({ name, before, after }) => ({ name, diff: unifiedDiff(name, before, after).join('\n') })),
    metrics: difference.metrics.map((metric) => ({ ...metric, noise: noise.get(`${metric.node}.${metric.metric}`) ?? null })),
  };
}
