import type { ComparedRun } from '../project/records.ts';
import { unifiedDiff } from '../text/unified-diff.ts';
import { answer, refusal } from './answer.ts';
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
    'Params, code as a diff of its sources, inputs, metrics with their direction and how much they move by the seed alone, and artifacts.',
  options: { all: every },
  async run({ runs: words, all }, { open, stdout }) {
    const compared = await (await open()).records.compare(words);
    if (!compared.ok) return refusal(compared.problems);
    const { base, runs } = compared.value;
    return answer(
      { base: { run: base.id, hash: base.hash ?? null }, runs: runs.map(comparedJson) },
      runs.flatMap((run, index) => [...(index === 0 ? [] : ['', '']), ...comparedLines(base, run, { all, width: columnsOf(stdout) })]),
    );
  },
});

function comparedJson({ record, difference, noise }: ComparedRun): object {
  return {
    run: record.id,
    hash: record.hash ?? null,
    changes: difference.changes,
    code: difference.code.map(({ nodes, name, before, after }) => ({ nodes, name, diff: unifiedDiff(name, before, after).join('\n') })),
    metrics: difference.metrics.map((metric) => ({ ...metric, noise: noise.get(`${metric.node}.${metric.metric}`) ?? null })),
  };
}
