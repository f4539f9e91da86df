import { foldedNames, instanceCounts, nodeOf } from '../model/folded-names.ts';
import type { Because, ExplainedReason, Explanation, Root } from '../project/project.ts';
import { counted } from '../text/amounts.ts';
import { accent, bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { diffLines } from './diffs.ts';

type Change = Root['changes'][number];

/** How what becomes of nodes is said: of one, of several, and how it stands out. */
const SAID: Readonly<Record<string, { readonly one: string; readonly several: string; readonly style: (text: string) => Line }>> = {
  run: { one: 'runs', several: 'run', style: accent },
  maybe: { one: 'may run', several: 'may run', style: warned },
  reuse: { one: 'is reused', several: 'are reused', style: good },
  executed: { one: 'ran', several: 'ran', style: accent },
  failed: { one: 'ran and failed', several: 'ran and failed', style: bad },
  reused: { one: 'was reused', several: 'were reused', style: good },
  running: { one: 'is running', several: 'are running', style: accent },
  waiting: { one: 'waits', several: 'wait', style: dim },
  cancelled: { one: 'was stopped', several: 'were stopped', style: warned },
  skipped: { one: 'was skipped', several: 'were skipped', style: warned },
};

function said(action: string, count: number): Line {
  const { one, several, style } = SAID[action] ?? { one: action, several: action, style: strong };
  return style(count === 1 ? one : several);
}

/** How an explanation is shown. */
interface Shown {
  readonly all: boolean;
  readonly width: number | undefined;
}

/** Why nodes run or ran: what began it first, then what followed, then code and scripts as diffs. */
export function explanationLines(explanation: Explanation, shown: Shown): readonly Line[] {
  const { isWhole, code, nodes, last } = explanation;
  const lines = isWhole ? wholeLines(explanation, shown) : nodeLines(explanation, shown);
  const diffs = code.flatMap((change) => ['', ...diffLines(change, shown)]);
  const isTold = nodes.some(({ because }) => because.length > 0) || isWhole;
  const before = last === undefined ? [] : ['', dim('when it last ran:'), ...explanationLines(last, shown)];
  return [...lines, ...(isTold ? diffs : []), ...before];
}

function changeLine({ what, from, to }: Change): Line {
  if (/^(code|command$)/.test(what)) return [what, ' changed'];
  const value = (text: string): Line => (/^[0-9a-f]{12}$/.test(text) ? dim(text) : text);
  return [what, ' changed: ', value(from), ' → ', value(to)];
}

/** What began at a node, a line each. */
function beginnings({ cause, changes }: Pick<Root, 'cause' | 'changes'>): readonly Line[] {
  return changes.length === 0 ? [cause] : changes.map(changeLine);
}

/** Named nodes: each with where it began, and the way from there. */
function nodeLines({ nodes, run, comparedWith }: Explanation, { all, width }: Shown): readonly Line[] {
  const groups = all ? nodes.map((one) => [one]) : alike(nodes);
  const lines = groups.flatMap((group) => {
    const [first] = group as [ExplainedReason];
    const names = foldedNames(group.map(({ node }) => node)).join(', ');
    const head: Line = [strong(names), ' ', said(first.action, group.length)];
    const isReused = first.action === 'reuse' || first.action === 'reused';
    if (isReused || first.because.length === 0) return wrapBelow([head, ': ', first.cause], width, 2);
    const [nearest, ...others] = first.because.toSorted((a, b) => b.way.length - a.way.length) as [Because];
    return [...becauseLines(head, nearest, width), ...others.flatMap((one) => becauseLines('  and', one, width))];
  });
  const what = run === undefined ? [] : [dim(`in the run ${run.id}`)];
  const beside = comparedWith === undefined ? [] : [dim(`compared with the run ${comparedWith}`)];
  const foot = [...what, ...beside].flatMap((one, index) => (index === 0 ? [one] : [', ', one]));
  return [...lines, ...(foot.length === 0 ? [] : wrapBelow(['  ', ...foot], width, 2))];
}

function becauseLines(head: Line, { node, way, ...root }: Because, width: number | undefined): readonly Line[] {
  const isOther = way.length > 1;
  const [first = '', ...rest] = beginnings(root);
  const from: Line = isOther ? [' because of ', strong(node), ': '] : ': ';
  return [
    ...wrapBelow([head, from, first], width, 4),
    ...rest.flatMap((one) => wrapBelow(['    ', one], width, 6)),
    ...(isOther ? wrapBelow(['    ', way.map(nodeOf).join(' → ')], width, 6) : []),
  ];
}

/** Nodes of which the same is to be said, but for their matrix points. */
function alike(nodes: readonly ExplainedReason[]): readonly (readonly ExplainedReason[])[] {
  const groups = new Map<string, ExplainedReason[]>();
  for (const one of nodes) {
    const because = one.because.map(({ node, changes, cause, way }) => [node === one.node ? '' : node, changes, cause, way.length]);
    const key = JSON.stringify([one.action, because.length === 0 ? one.cause : because]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** All nodes: how many run, and each beginning with what follows from it. */
function wholeLines({ pipeline, run, comparedWith, nodes, roots }: Explanation, { all, width }: Shown): readonly Line[] {
  const actions = new Map(nodes.map(({ node, action }) => [node, action]));
  const counts = new Map<string, number>();
  for (const { action } of nodes) counts.set(action, (counts.get(action) ?? 0) + 1);
  const told = Object.keys(SAID)
    .filter((action) => counts.has(action))
    .flatMap((action, index): Line[] => {
      const count = counts.get(action) ?? 0;
      const first = count === nodes.length ? `all ${counted(count, 'node')} ` : `${count} of ${counted(nodes.length, 'node')} `;
      return [index === 0 ? first : `, ${count} `, said(action, count)];
    });
  const beside = comparedWith === undefined ? '' : dim(`; compared with the run ${comparedWith}`);
  const head: Line = [strong(pipeline), ...(run === undefined ? [] : [', run ', run.id, ' (', run.state, ')']), ': ', ...told, beside];
  const runs = (name: string): boolean => !['reuse', 'reused'].includes(actions.get(name) ?? 'reuse');
  const shown = roots.filter(({ node, leadsTo }) => runs(node) || leadsTo.some(runs));
  const totals = instanceCounts([...actions.keys()]);
  return [
    ...wrapBelow(head, width, 2),
    ...(shown.length === 0 ? ['', 'nothing that counts has changed'] : []),
    ...(all ? shown.map((one) => [one]) : rootsAlike(shown)).flatMap((group) => ['', ...rootLines(group, actions, totals, width)]),
  ];
}

/** Beginnings of which the same is to be said. */
function rootsAlike(roots: readonly Root[]): readonly (readonly Root[])[] {
  const groups = new Map<string, Root[]>();
  for (const root of roots) {
    const key = JSON.stringify(root.changes.length === 0 ? root.cause : root.changes);
    groups.set(key, [...(groups.get(key) ?? []), root]);
  }
  return [...groups.values()];
}

function rootLines(
  group: readonly Root[],
  actions: ReadonlyMap<string, string>,
  totals: ReadonlyMap<string, number>,
  width: number | undefined,
): readonly Line[] {
  const names = group.map(({ node }) => node);
  const [first] = group as [Root];
  const [begun = '', ...rest] = beginnings(first);
  const head = wrapBelow([strong(foldedNames(names, totals).join(', ')), ': ', begun], width, 2);
  const leadsTo = [...new Set(group.flatMap((one) => one.leadsTo))].filter((name) => !names.includes(name));
  const following = new Map<string, string[]>();
  for (const name of leadsTo) {
    const action = actions.get(name) ?? '';
    following.set(action, [...(following.get(action) ?? []), name]);
  }
  return [
    ...head,
    ...rest.flatMap((one) => wrapBelow(['  ', one], width, 4)),
    ...[...following].flatMap(([action, followers]) =>
      wrapBelow(['  and so ', said(action, followers.length), ': ', foldedNames(followers, totals).join(', ')], width, 4),
    ),
  ];
}
