import { fieldOf, metricNamed } from '../model/run-row.ts';
import type { ListedRun } from '../project/records.ts';
import { bytesText } from '../text/amounts.ts';
import { duration, shown } from '../text/figures.ts';
import { textTable } from '../text/table.ts';
import { answer, refusal } from './answer.ts';
import { number, text, verb } from './verb.ts';

/** The columns that a list has when none are asked for. */
const COLUMNS = ['run', 'hash', 'state', 'pipeline', 'executed', 'reused', 'seconds', 'bytes'];

/** `stillroom runs`: lists what has run, newest first. */
export default verb({
  name: 'runs',
  arguments: [],
  about: 'list what has run, newest first',
  example: 'stillroom runs --limit 5',
  options: {
    limit: number('--limit <count>', 'how many (default: 20)', { whole: true }),
    where: text('--where <filter>', "only runs that match, for example 'student.lr<0.01 and accuracy>0.8'"),
    sort: text('--sort <name>', 'order by a param, metric or column; with a leading minus, largest first'),
    columns: text('--columns <names>', 'what to show, for example run,student.lr,accuracy'),
  },
  async run({ limit, where, sort, columns: asked }, { open }) {
    const columns = asked?.split(',').map((name) => name.trim());
    const listed = await (await open()).records.list({ limit, where, sort, columns });
    if (!listed.ok) return refusal(listed.problems);
    const runs = listed.value;
    const none = where === undefined ? 'nothing has run here yet: stillroom run' : 'no run fits';
    return answer({ runs }, runs.length === 0 ? [none] : table(columns ?? COLUMNS, runs));
  },
});

function cell(row: ListedRun, column: string): string {
  const value = fieldOf(row, column);
  if (column === 'seconds') return duration(row.seconds);
  if (column === 'bytes') return bytesText(row.bytes);
  return column === 'hash' ? (row.hash?.slice(0, 12) ?? '') : shown(value);
}

function table(columns: readonly string[], rows: readonly ListedRun[]): string[] {
  const header = [...columns.map((column) => (column === 'seconds' ? 'time' : column)), ''];
  const noteOf = ({ tags, set }: ListedRun): string => [...tags.map((name) => `[${name}]`), ...set].join(' ');
  const cells = rows.map((row) => [...columns.map((column) => cell(row, column)), noteOf(row)]);
  const isNumber = (value: unknown): boolean => ['number', 'undefined'].includes(typeof (value ?? undefined));
  const isNumeric = columns.map((column) => rows.every((row) => isNumber(fieldOf(row, metricNamed(row, column) ?? column))));
  return textTable([header, ...cells], { isRight: (column) => isNumeric[column] === true });
}
