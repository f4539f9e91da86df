import { writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { safeFileName } from '../files/file-name.ts';
import { withPath } from '../files/with-path.ts';
import { metricNames, type ReportRun } from '../model/report.ts';
import { writeOutput, writeOutputs } from '../project/output-file.ts';
import { SPEED_AND_ACCURACY, type TradeOff, tradeOff } from '../reporters/report/trade-off.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { Project } from '../project/project.ts';
import { answer, jsonLine, rawAnswer, refusal } from './answer.ts';
import { reportSweep } from './report-sweep.ts';
import { flag, text, verb } from './verb.ts';
import { makeFolders } from '../files/folder.ts';

/** Runs that a filter may choose; a page of more says little. */
const MOST = 200;

/** `stillroom report`: runs as one page that needs no network, or as Markdown, CSV or JSON. */
export default verb({
  name: 'report',
  arguments: ['[runs...]'],
  about: 'show runs, or a sweep, as one HTML page, or as a table',
  example: 'stillroom report @latest --output report.html',
  examples: ['stillroom report @latest @best:accuracy --md', "stillroom report --where 'pipeline=ablation' --output ablation.html"],
  detail:
    'One page without network: graph, curves, confusion, predictions, and several runs’ accuracy against their speed, or what `--axes` says.',
  options: {
    where: text(
      '--where <filter>',
      "also all runs that match, for example 'pipeline=ablation and benchmark.fps>30': the trials of a sweep",
    ),
    output: text('--output <file>', 'write to a file instead of standard output'),
    md: flag('--md', 'Markdown for a comment on a change: what it changed, what came out, fewer than 60 lines'),
    base: text(
      '--base <run>',
      'with --md: the run to compare with (default: that tagged baseline, else the last one that came out otherwise)',
    ),
    page: text('--page <link>', 'with --md: where the page will be found, for a link to it'),
    csv: flag('--csv', 'one line per run'),
    pictures: text(
      '--pictures <folder>',
      'write the learning curves of each node, the plots of tables, and the axes below, as SVG there, and nothing else',
    ),
    axes: text('--axes <metric,metric>', 'the metrics that runs are compared on, across and upward (default: fps,accuracy)'),
  },
  async run({ runs: named, where, output, md, csv, base, page, pictures, axes }, invocation) {
    const { json, folder, stdout, open } = invocation;
    const usage = (message: string, hint: string) => refusal([{ kind: 'usage', code: 'bad-option', message, hint }]);
    if ([md, csv, json].filter((one) => one).length > 1) return usage('choose one of --md, --csv and --json', 'without them it is HTML');
    if (!md && (base ?? page) !== undefined) return usage('--base and --page are for --md', 'add --md, or leave them out');
    if (!md && !csv && !json && pictures === undefined && output === undefined && stdout.isTTY === true)
      return usage('a page is not written to a terminal', `stillroom report ${named.join(' ')} --output report.html`);
    const project = await open();
    const sweep = named.length === 1 && where === undefined ? await project.sweeps.meant(named[0] ?? '') : done(undefined);
    if (!sweep.ok) return refusal(sweep.problems);
    if (sweep.value !== undefined) return reportSweep(project, sweep.value, { md, csv, output, pictures }, invocation);
    const { records } = project;
    const chosen = where === undefined ? done([]) : await records.list({ where, limit: MOST });
    if (!chosen.ok) return refusal(chosen.problems);
    const words = [...named, ...chosen.value.map(({ run }) => run)];
    if (words.length === 0)
      return where === undefined
        ? usage('name at least one run', 'stillroom report @latest')
        : usage(`no run fits --where '${where}'`, 'see: stillroom runs');
    const reported = await records.report(words);
    if (!reported.ok) return refusal(reported.problems);
    const runs = reported.value;
    const [across, upward, ...more] = axes?.split(',') ?? SPEED_AND_ACCURACY;
    if (!across || !upward || more.length > 0)
      return usage(`--axes ${axes} does not name two metrics`, 'for example --axes export.megabytes,accuracy');
    const found = tradeOff(runs, [across, upward]);
    if (axes !== undefined && found === undefined)
      return usage(`--axes ${axes}: fewer than two values of both in these runs`, `there are: ${metricNames(runs).join(', ')}`);
    const data = { runs: runs.map(asData) };
    if (pictures !== undefined) {
      const wrote = await writeOutputs(resolve(folder, pictures), () => writePictures(runs, found, resolve(folder, pictures)));
      if (!wrote.ok) return refusal(wrote.problems);
      const files = wrote.value;
      return answer(
        { pictures: files },
        files.map((file) => `wrote ${relative(folder, file)}`),
      );
    }
    const told = { ...data, ...(found === undefined ? {} : { tradeOff: found }) };
    if (json && output === undefined) return rawAnswer(told, '');
    const made = json ? done(jsonLine(told)) : await madeOf(project, runs, { md, csv, base, page, tradeOff: found });
    if (!made.ok) return refusal(made.problems);
    const unwritten = output === undefined ? undefined : writeOutput(resolve(folder, output), made.value);
    if (unwritten !== undefined) return refusal([unwritten]);
    return rawAnswer(output === undefined ? data : { output }, output === undefined ? made.value : '');
  },
});

/** A run as `--json` tells it: without the pictures. */
function asData({ samples: _samples, drawn, ...run }: ReportRun): object {
  return { ...run, drawn: drawn.map(({ from, isShown, kind }) => ({ from, isShown, kind })) };
}

/** In which form runs are reported, and what that needs. */
interface Asked {
  readonly md: boolean;
  readonly csv: boolean;
  readonly base: string | undefined;
  readonly page: string | undefined;
  readonly tradeOff: TradeOff | undefined;
}

async function madeOf(project: Project, runs: readonly ReportRun[], asked: Asked): Promise<Outcome<string>> {
  if (asked.md) return commentOf(project, runs, asked);
  if (asked.csv) return done((await import('../reporters/report/tables.ts')).reportCsv(runs));
  return done(await (await import('../reporters/report/page.ts')).reportPage(runs, asked.tradeOff));
}

/** A comment on one run beside what it is compared with; of two runs without --base on the second beside the first; of more a table. */
async function commentOf(project: Project, runs: readonly ReportRun[], { base, page, tradeOff }: Asked): Promise<Outcome<string>> {
  const [{ reportComment }, { commentBase }] = await Promise.all([import('../reporters/report/comment.ts'), import('./report-comment.ts')]);
  const [run, than] = runs.length === 2 && base === undefined ? [runs[1], runs[0]?.run] : [runs[0], base];
  const isOne = run !== undefined && (runs.length === 1 || than !== base);
  const compared = isOne ? await commentBase(project, run, than) : done(undefined);
  if (!compared.ok) return compared;
  return done(reportComment(isOne ? [run] : runs, { base: compared.value, tradeOff, page }));
}

function writeFile(path: string, text: string): void {
  withPath(path, () => writeFileSync(path, text));
}

/** Writes the learning curves of runs, those of several runs into a folder each, and what they drew as tables. Returns the files. */
async function writePictures(runs: readonly ReportRun[], found: TradeOff | undefined, folder: string): Promise<string[]> {
  const { learningCurves } = await import('../reporters/report/pictures.ts');
  const { tradeOffPicture } = await import('../reporters/report/trade-off-picture.ts');
  const traded = found === undefined ? [] : [join(folder, `${safeFileName(`${found.upward.metric}-against-${found.across.metric}`)}.svg`)];
  for (const file of traded) {
    makeFolders(folder);
    writeFile(file, tradeOffPicture(found as TradeOff));
  }
  const curves = runs.flatMap((run) =>
    learningCurves(run).map(({ node, svg }) => {
      const file = join(folder, ...(runs.length > 1 ? [run.run] : []), `${safeFileName(node)}.svg`);
      makeFolders(dirname(file));
      writeFile(file, svg);
      return file;
    }),
  );
  const { plotPictures } = await import('../reporters/report/plot-picture.ts');
  const taken = new Set([...traded, ...curves]);
  const plots = plotPictures(runs).map(({ title, svg }) => {
    const named = (count: number): string => join(folder, `${safeFileName(count === 1 ? title : `${title} ${count}`)}.svg`);
    let count = 1;
    while (taken.has(named(count))) count += 1;
    const file = named(count);
    taken.add(file);
    makeFolders(folder);
    writeFile(file, svg);
    return file;
  });
  return [...traded, ...curves, ...plots];
}
