import { counted } from '../text/amounts.ts';
import { strong } from '../text/styled.ts';
import { answer, refusal } from './answer.ts';
import { namedStore } from './chosen-pipeline.ts';
import { nextLines } from './next-lines.ts';
import { transfer } from './transfer.ts';
import { texts, verb } from './verb.ts';

/** `stillroom pull`: fetches a run from a remote. */
export default verb({
  name: 'pull',
  arguments: ['<run>'],
  about: 'fetch a run from a remote: by its id, its hash or the beginning of either',
  example: 'stillroom pull 9d065144196c5751 --remote team',
  detail: 'All of it is proven before any of it is seen. Then it is a run of this store like any other.',
  options: {
    remote: texts('--remote <remote>', 'where from, declared in stillroom.yaml (default: all that are); repeatable'),
  },
  async run({ run, remote: remotes }, invocation) {
    const watching = transfer(invocation.stderr, 'fetched');
    const project = await invocation.open({ remotes });
    const pulled = await project.remotes.pull(run, watching);
    watching.end();
    if (!pulled.ok) return refusal(pulled.problems);
    const { record, remote, results } = pulled.value;
    const data = { run: record.id, hash: record.hash ?? null, pipeline: record.pipeline, remote, results };
    const store = await namedStore(project, invocation);
    return answer(data, [
      [strong(record.id), ` (${record.pipeline}) is here, with ${counted(results, 'result')}, from the remote ${remote}`],
      ...nextLines({ ...invocation, store }, [
        ['show', record.id],
        ['restore', record.id],
        ['reproduce', record.id],
      ]),
    ]);
  },
});
