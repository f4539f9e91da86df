import { hintWithoutLog } from '../../model/problem.ts';
import { type ReportNode, type ReportRun, tellingParams } from '../../model/report.ts';
import { duration, written } from '../../text/figures.ts';
import { html, type Markup } from '../../text/markup.ts';
import { dataTable, folded, stateCell } from './parts.ts';
import { nameOf } from './shown-values.ts';

/** Why a run failed: of each node that did, its error, what to do, and the end of what it printed. */
export function failures(run: ReportRun, isAlone: boolean): Markup | undefined {
  if (run.state !== 'failed' && run.state !== 'interrupted') return undefined;
  const failed = run.nodes.filter(({ state, error }) => state === 'failed' || error !== undefined);
  const told = failed.map(({ name, error, log }) => {
    const lines =
      log === undefined
        ? ''
        : html`<p class="soft">The last ${log.length === 1 ? 'line' : `${log.length} lines`} that it printed:</p><pre role="region" tabindex="0" aria-label="The end of what ${name} of ${run.run} printed">${log.join('\n')}</pre>`;
    const todo = error?.hint === undefined ? undefined : hintWithoutLog(error.hint);
    const hint = todo === undefined ? '' : html`<p>What to do: ${todo}</p>`;
    return html`<h3>${name}</h3><p class="bad">${error?.message ?? 'It failed and did not say why.'}</p>${hint}${lines}`;
  });
  const skipped = run.nodes.filter(({ state }) => state === 'skipped' || state === 'waiting' || state === 'cancelled').length;
  const rest = skipped === 0 ? '' : html`<p class="soft">${skipped} of ${run.nodes.length} nodes did not run because of it.</p>`;
  const nothing = html`<p>No node says why: it ended before one could, as when its process is killed.</p>`;
  return html`<section class="alert"><h2>Why ${isAlone ? 'it' : nameOf(run)} ${run.state === 'failed' ? 'failed' : 'did not end'}</h2>${told.length === 0 ? nothing : told}${rest}</section>`;
}

/** What is to be known before a run's numbers are believed. */
export function warnings(runs: readonly ReportRun[]): Markup[] {
  return runs.flatMap((run) =>
    run.nodes.flatMap(({ name, warning }) => {
      const whose = runs.length > 1 ? ` of ${nameOf(run)}` : '';
      return warning === undefined ? [] : [html`<p class="bad">${name}${whose}: ${warning}</p>`];
    }),
  );
}

/** The params that `--set` gave. */
function setParams({ set }: ReportRun): ReadonlySet<string> {
  return new Set(set.map((word) => word.split('=', 1)[0] ?? ''));
}

/** All params of a run, those that were set first. */
export function paramsTable(run: ReportRun): Markup {
  const set = setParams(run);
  const table = (title: string, isSet: boolean): { readonly count: number; readonly drawn: Markup } => {
    const names = Object.keys(run.params).filter((name) => set.has(name) === isSet);
    const rows = names.map((name) => [{ content: name }, { content: html`<code>${written(run.params[name])}</code>` }]);
    return { count: names.length, drawn: dataTable(`${title} of ${run.run}`, [{ head: 'param' }, { head: 'value' }], rows) };
  };
  const [own, rest] = [table('Params that were set', true), table('Params', false)];
  const first = own.count === 0 ? '' : html`<p>Set for this run:</p>${own.drawn}`;
  return html`${first}${folded(`${own.count === 0 ? 'All' : 'The other'} ${rest.count} params`, rest.drawn)}`;
}

/** The params of several runs, those that differ first. */
export function comparedParams(runs: readonly ReportRun[]): Markup {
  const differing = tellingParams(runs);
  const others = [...new Set(runs.flatMap(({ params }) => Object.keys(params)))].filter((name) => !differing.includes(name));
  const columns = [{ head: 'param' }, ...runs.map((run) => ({ head: html`<code>${nameOf(run)}</code>` }))];
  const rows = differing.map((name) => [
    { content: name },
    ...runs.map((run) => ({ content: html`<code>${written(run.params[name])}</code>` })),
  ]);
  const same = others.map((name) => [{ content: name }, { content: html`<code>${written(runs[0]?.params[name])}</code>` }]);
  return html`${rows.length === 0 ? html`<p>All runs were asked the same.</p>` : dataTable('Params that differ', columns, rows)}
${same.length === 0 ? '' : folded(`${same.length} params that are the same in all`, dataTable('Params that are the same', [{ head: 'param' }, { head: 'value' }], same))}`;
}

/** Nodes as a table: how each ended, when, and why it ran or was reused. */
export function nodesTable(run: ReportRun): Markup {
  const timed = (seconds: number | null | undefined): string => (seconds === undefined || seconds === null ? '' : duration(seconds));
  const began = ({ began, state }: ReportNode): string => (state === 'reused' ? '' : timed(began));
  const rows = run.nodes.map((node) => [
    { content: html`${node.name}${node.critical === true ? html` <span class="soft">critical</span>` : ''}` },
    { content: node.stage },
    stateCell(node.state),
    { content: began(node) },
    { content: timed(node.seconds) },
    { content: node.cpu },
    { content: node.cause },
  ]);
  const columns = [
    { head: 'node' },
    { head: 'stage' },
    { head: 'state' },
    { head: 'began after', isNumber: true },
    { head: 'took', isNumber: true },
    { head: 'threads', isNumber: true },
    { head: 'why' },
  ];
  return folded(`All ${rows.length} nodes, with why each ran or was reused`, dataTable(`The nodes of ${run.run}`, columns, rows));
}

/** The commands of a run with what they used, each once for all instances of its node. */
export function commands({ run, nodes }: ReportRun): Markup | undefined {
  const told = new Map(nodes.flatMap(({ node, command }) => (command === undefined ? [] : [[node, command] as const])));
  if (told.size === 0) return undefined;
  const parts = [...told].map(([node, { run: text, tools, environment, python, packages = {} }]) => {
    const used = [
      ...tools.map(({ name, digest }) => html`${name} <code>${digest.slice(0, 12)}</code>`),
      ...(environment === undefined ? [] : [html`environment ${environment}`]),
      ...(python === undefined ? [] : [html`Python ${python}`]),
    ].map((one, index) => (index === 0 ? one : html`, ${one}`));
    const rows = Object.entries(packages).map(([name, version]) => [{ content: name }, { content: version.split(' ', 1)[0] }]);
    const columns = [{ head: 'package' }, { head: 'version' }];
    const installed =
      rows.length === 0 ? '' : folded(`Its ${rows.length} packages`, dataTable(`Packages of ${node} of ${run}`, columns, rows));
    const uses = used.length === 0 ? '' : html`<p class="soft">${used}</p>`;
    return html`<h4>${node}</h4><pre role="region" tabindex="0" aria-label="The command of ${node} of ${run}">${text}</pre>${uses}${installed}`;
  });
  return folded(`The text of ${told.size === 1 ? 'its command' : `its ${told.size} commands`}`, html`${parts}`);
}

/** Which code and what machine: the commit, versions, facts. */
export function surroundings(run: ReportRun): Markup {
  const { software } = run;
  const commit =
    software?.commit === undefined
      ? []
      : [['commit', software.branch === undefined ? software.commit : `${software.commit} (${software.branch})`]];
  const versions =
    software === undefined
      ? []
      : [
          ['Stillroom', software.stillroom],
          ['Node', software.node],
        ];
  const facts = Object.entries(run.facts).map(([name, value]) => [
    name,
    name === 'machine memory' ? `${(Number(value) / 2 ** 30).toFixed(1)} GiB` : value,
  ]);
  const rows = [
    ['run', run.run],
    ['hash', run.hash ?? 'none: only a done run has one'],
    ['started', run.started],
    ...commit,
    ...versions,
    ...facts,
  ];
  const cells = rows.map(([name = '', value = '']) => [{ content: name }, { content: html`<code>${value}</code>` }]);
  const note =
    commit.length === 0
      ? ''
      : html`<p class="soft">The commit is what was checked out when the run began. The code and the sources that it read are recorded by their content, committed or not.</p>`;
  return html`${dataTable(`Where ${run.run} ran`, [{ head: 'what' }, { head: 'value' }], cells)}${note}`;
}
