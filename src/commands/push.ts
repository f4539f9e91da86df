import type { Pushed } from '../project/push.ts';
import { counted } from '../text/amounts.ts';
import { strong, warned, type Line } from '../text/styled.ts';
import { answer, refusal } from './answer.ts';
import { namedStore } from './chosen-pipeline.ts';
import { nextLines } from './next-lines.ts';
import { transfer } from './transfer.ts';
import { texts, verb } from './verb.ts';

/** `stillroom push`: sends a run, or what earlier runs could not send, to a remote. */
export default verb({
  name: 'push',
  arguments: ['[run]'],
  about: 'send a run to a remote, or what earlier runs could not send',
  example: 'stillroom push @latest --remote team',
  examples: ['stillroom push'],
  detail:
    'A run is sent with its record, code, sources, outputs and results: `pull`, or `reproduce --remote`, needs nothing else. What is there already is not sent again.',
  options: {
    remote: texts('--remote <remote>', 'where to, declared in stillroom.yaml (default: the only one that may be written to); repeatable'),
    source: texts('--source <name=path>', 'where a source is that the store does not keep; repeatable'),
  },
  async run({ run, remote: remotes, source }, invocation) {
    const { open, stderr } = invocation;
    const watching = transfer(stderr, 'sent');
    const project = await open({ remotes });
    const pushed = await project.remotes.push(run, { source, ...watching });
    watching.end();
    if (!pushed.ok) return refusal(pushed.problems);
    const data = pushed.value.map(({ record, ...one }) => ({ ...one, run: record?.id ?? null, hash: record?.hash ?? null }));
    const store = await namedStore(project, invocation);
    const next = pushed.value.flatMap(({ record, remote }) =>
      record === undefined ? [] : [['pull', record.hash?.slice(0, BRIEF_HASH) ?? record.id, '--remote', remote]],
    );
    return answer({ pushed: data }, [
      ...pushed.value.flatMap(linesOf),
      ...asElsewhere(nextLines({ ...invocation, store }, next.slice(0, 1))),
    ]);
  },
});

/** Characters of a hash that are told: a run is found by them. */
const BRIEF_HASH = 16;

/** What to type is for another machine. */
function asElsewhere(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === 'next:' ? 'there:' : line));
}

function linesOf({ remote, prefix, record, results, arrived, unsent }: Pushed): readonly Line[] {
  const where = ` the remote ${remote} (${prefix})`;
  const left = unsent === 0 ? [] : [warned(`${counted(unsent, 'result')} of earlier runs did not arrive: stillroom push`)];
  if (record === undefined) return [[strong('everything'), ` of earlier runs is in${where}`], ...left];
  const lost = arrived === results ? [] : [warned(`${counted(results - arrived, 'result')} of it did not arrive: send it again`)];
  return [[strong(record.id), ` is in${where}, with ${counted(arrived, 'result')}`], ...lost, ...left];
}
