import { relative } from 'node:path';
import { bytesText, counted } from '../text/amounts.ts';
import { type Answer, answer, EXIT, refusal } from './answer.ts';
import type { Invocation } from './verb.ts';

type Project = Awaited<ReturnType<Invocation['open']>>;
type RestoreAsked = Parameters<Project['restore']>[1];
type SourcesAsked = Parameters<Project['restoreSources']>[1];

function notBrought(problems: Parameters<typeof refusal>[0]): Answer {
  const isGone = problems.some(({ code }) => code === 'missing-content');
  return isGone ? refusal(problems, EXIT.notReproduced) : refusal(problems);
}

/** Brings outputs of a run back, and tells where they are. */
export async function restored(
  run: string | undefined,
  asked: RestoreAsked,
  { folder, open }: Invocation,
  remotes?: readonly string[],
): Promise<Answer> {
  const brought = await (await open({ remotes })).restore(run, asked);
  if (!brought.ok) return notBrought(brought.problems);
  const { record, outputs } = brought.value;
  return answer({ run: record.id, hash: record.hash ?? null, outputs: Object.fromEntries(outputs) }, [
    ...[...outputs].map(([name, path]) => `${name}  ${relative(folder, path)}`),
    `${counted(outputs.size, 'output')} of ${record.id} ${outputs.size === 1 ? 'is' : 'are'} back; nothing was executed`,
  ]);
}

/** Brings sources back as a run read them, and tells where they are. */
export async function restoredSources(run: string | undefined, asked: SourcesAsked, { folder, open }: Invocation): Promise<Answer> {
  const brought = await (await open()).restoreSources(run, asked);
  if (!brought.ok) return notBrought(brought.problems);
  const { record, sources } = brought.value;
  return answer({ run: record.id, hash: record.hash ?? null, sources: Object.fromEntries(sources) }, [
    ...[...sources].map(([name, { path, bytes }]) => `${name}  ${relative(folder, path) || '.'}  ${bytesText(bytes)}`),
    `${counted(sources.size, 'source')} ${sources.size === 1 ? 'is' : 'are'} back as ${record.id} read ${sources.size === 1 ? 'it' : 'them'}`,
  ]);
}
