import { fieldOf, metricNamed } from '../model/run-row.ts';
import type { RunState } from '../model/run.ts';
import type { ListedRun, ListedSweep } from '../project/project.ts';
import { bytesText } from '../text/amounts.ts';
import { duration, figure, shown } from '../text/figures.ts';
import { type Column, fittedTable } from '../text/fit-table.ts';
import { accent, bad, cutLine, dim, good, type Line, plainText, strong, warned } from '../text/styled.ts';
import { widthOf } from '../text/width.ts';
import { type Answer, answer, refusal } from './answer.ts';
import { sweepName, sweepState, trialsText } from './sweeps.ts';
import { columnsOf } from './terminal.ts';
import { flag, type Invocation, number, text, verb } from './verb.ts';

/** The columns that a list has when none are asked for. */
const COLUMNS = ['run', 'hash', 'state', 'pipeline', 'executed', 'reused', 'seconds', 'bytes'];

/** Those that tell least: the first of them go first where room is scarce. */
const LEAST_TELLING = ['bytes', 'reused', 'executed', 'hash', 'seconds', 'pipeline'];

/** `stillroom runs`: lists what has run, newest first, the trials of a sweep as one. */
export default verb({
  name: 'runs',
  arguments: [],
  about: 'list what has run, newest first',
  example: 'stillroom runs --limit 5',
  examples: ["stillroom runs --where 'student.lr<0.01 and accuracy>0.8' --sort -accuracy --columns run,student.lr,accuracy"],
  detail: 'Columns, filters and orders take params, metrics and columns; metrics by as much of their names as tells them apart.',
  options: {
    limit: number('--limit <count>', 'how many (default: 20)', { whole: true }),
    where: text('--where <filter>', "only runs that match, for example 'student.lr<0.01 and accuracy>0.8' or sweep=@latest-sweep"),
    sort: text('--sort <column>', 'order by a param, metric or column; with a leading minus, largest first'),
    columns: text('--columns <names>', 'what to show, for example run,student.lr,accuracy'),
    trials: flag('--trials', 'each trial of a sweep by itself, as with a filter, an order or columns'),
  },
  async run({ limit, where, sort, columns: asked, trials }, invocation) {
    const project = await invocation.open();
    if (!trials && !invocation.json && where === undefined && sort === undefined && asked === undefined) {
      const folded = await project.sweeps.amongRuns(limit);
      return folded.ok ? told(folded.value, COLUMNS, invocation) : refusal(folded.problems);
    }
    const columns = asked?.split(',').map((name) => name.trim());
    const listed = await project.records.list({ limit, where, sort, columns });
    if (!listed.ok) return refusal(listed.problems);
    const hasTrials = listed.value.some(({ sweep }) => sweep !== null);
    return told(listed.value, columns ?? (hasTrials ? COLUMNS.toSpliced(4, 0, 'sweep', 'trial') : COLUMNS), invocation, where);
  },
});

type Listed = ListedRun | ListedSweep;

function isSweep(one: Listed): one is ListedSweep {
  return 'strategy' in one;
}

function told(runs: readonly Listed[], columns: readonly string[], invocation: Invocation, where?: string): Answer {
  const none = where === undefined ? 'nothing has run here yet: stillroom run' : 'no run fits';
  return answer({ runs }, runs.length === 0 ? [none] : table(columns, runs, columnsOf(invocation.stdout)));
}

const STATES: Readonly<Record<RunState, (text: string) => Line>> = {
  live: accent,
  done: good,
  failed: bad,
  cancelled: warned,
  interrupted: warned,
};

function runCell(row: ListedRun, column: string): Line {
  const value = fieldOf(row, column);
  if (column === 'seconds') return duration(row.seconds);
  if (column === 'bytes') return bytesText(row.bytes);
  if (column === 'state') return STATES[row.state](row.state);
  return column === 'hash' ? (row.hash?.slice(0, 12) ?? '') : shown(value);
}

function sweepCell(sweep: ListedSweep, column: string): Line {
  if (column === 'run') return ['sweep ', strong(sweepName(sweep))];
  if (column === 'state') return sweepState(sweep.state);
  return column === 'pipeline' ? sweep.pipeline : '';
}

/** What is said of a line after its columns: the tags and settings of a run, or how the trials of a sweep stand. */
function noteOf(one: Listed): Line {
  if (!isSweep(one)) return [...one.tags.map((name) => `[${name}]`), ...one.set].join(' ');
  const { best, trials } = one;
  return [
    `${trialsText(one)} trials`,
    ...(best === null ? [] : [', ', good(`best ${figure(best.value)}`)]),
    ...(trials.failed === 0 ? [] : [', ', bad(`${trials.failed} failed`)]),
  ];
}

/** Columns that notes have at least, where room is scarce. */
const NOTES = 28;

function table(columns: readonly string[], rows: readonly Listed[], width: number | undefined): readonly Line[] {
  const isNumber = (value: unknown): boolean => ['number', 'undefined'].includes(typeof (value ?? undefined));
  const all = columns.map((name): Column => {
    const weight = LEAST_TELLING.indexOf(name);
    return {
      title: name === 'seconds' ? 'time' : name,
      isRight: !rows.every(isSweep) && rows.every((row) => isSweep(row) || isNumber(fieldOf(row, metricNamed(row, name) ?? name))),
      cells: rows.map((row) => (isSweep(row) ? sweepCell(row, name) : runCell(row, name))),
      ...(weight === -1 ? {} : { weight }),
    };
  });
  // Of sweeps alone most columns say nothing.
  const main = rows.every(isSweep) ? all.filter(({ cells }) => cells.some((cell) => cell !== '')) : all;
  const notes = rows.map(noteOf);
  const longest = Math.max(...notes.map((note) => widthOf(plainText(note))));
  const withNotes = (room: number): readonly Column[] => [...main, { title: '', cells: notes.map((note) => cutNote(note, room)) }];
  const narrow = fittedTable(withNotes(Math.min(longest, NOTES)), width);
  const taken = Math.max(...narrow.lines.map((line) => widthOf(plainText(line))));
  const room = width === undefined ? longest : Math.min(longest, NOTES + width - taken);
  const { lines, leftOut } = fittedTable(withNotes(room), width);
  return [...lines, ...(leftOut.length === 0 ? [] : [dim(`no room for: ${leftOut.join(', ')}`)])];
}

function cutNote(note: Line, room: number): Line {
  return widthOf(plainText(note)) <= room ? note : [cutLine(note, room - 1), '…'];
}
