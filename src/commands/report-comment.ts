import { nodeOf } from '../model/folded-names.ts';
import { counted } from '../text/amounts.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { ReportRun } from '../model/report.ts';
import type { Project } from '../project/project.ts';
import type { CodeChange, RunChange, RunDifference } from '../project/records.ts';
import type { CommentBase } from '../reporters/report/comment.ts';
import { unifiedDiff } from '../text/unified-diff.ts';

/** Letters of a value in a list of changes. */
const LETTERS = 60;

const cut = (text: string | null): string => (text === null ? 'none' : text.length <= LETTERS ? text : `${text.slice(0, LETTERS - 1)}…`);

/** Changes told once: those of all instances of a node as one, and params of nodes that only follow one of the pipeline not at all. */
function distinct(changes: readonly RunChange[]): readonly RunChange[] {
  const values = ({ kind, from, to }: RunChange): string => JSON.stringify([kind, from, to]);
  const ofPipeline = new Set(changes.filter(({ node, kind }) => node === '' && kind === 'param').map(values));
  const own = changes.filter((change) => change.node === '' || !ofPipeline.has(values(change)));
  return [...new Map(own.map((change) => [JSON.stringify([nodeOf(change.node), change.name, values(change)]), change])).values()];
}

function codeWords({ nodes, name, before, after }: CodeChange): string {
  const lines = unifiedDiff(name, before, after).filter((line) => !/^(?:---|\+\+\+) /.test(line));
  const [added, removed] = ['+', '-'].map((sign) => lines.filter((line) => line.startsWith(sign)).length);
  const users = [...new Set(nodes.map(nodeOf))];
  return `${name === 'run' ? 'the command' : name} of ${users.slice(0, 3).join(', ')}${users.length > 3 ? ` and ${counted(users.length - 3, 'more node')}` : ''}: +${added} −${removed} lines`;
}

/** What was asked of a run otherwise than of another one, a line each; what came out otherwise is told by its metrics. */
function changeWords({ changes, code }: RunDifference): readonly string[] {
  const asked = distinct(changes.filter(({ kind }) => kind !== 'output' && kind !== 'fact'));
  const words = asked.map(({ node, kind, name, from, to }) => {
    const where = node === '' || kind === 'node' ? name : `${nodeOf(node)}.${name}`;
    if (kind === 'node') return from === null ? `the node ${where} is new` : `the node ${where} is gone`;
    return `${kind === 'source' ? 'the source ' : ''}${where}: ${cut(from)} → ${cut(to)}`;
  });
  return [...words, ...code.map(codeWords)];
}

/** What a run is compared with in a comment: the run that is named, else its baseline; undefined where there is none. */
export async function commentBase(
  { records }: Pick<Project, 'records'>,
  run: ReportRun,
  named: string | undefined,
): Promise<Outcome<CommentBase | undefined>> {
  const found = named === undefined ? await records.baseline(run.run) : await records.find(named);
  if (!found.ok) return found;
  if (found.value === undefined || found.value.id === run.run) return done(undefined);
  const words = [found.value.id, run.run];
  const [compared, reported] = [await records.compare(words), await records.report(words.slice(0, 1))];
  if (!compared.ok) return compared;
  if (!reported.ok) return reported;
  const [[beside], [base]] = [compared.value.runs, reported.value];
  if (beside === undefined || base === undefined) return done(undefined);
  return done({ run: base, changes: changeWords(beside.difference), noise: beside.noise });
}
