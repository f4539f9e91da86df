import type { ListedSweep } from '../project/project.ts';
import { figure } from '../text/figures.ts';
import { type Column, fittedTable } from '../text/fit-table.ts';
import { accent, bad, dim, good, type Line, warned } from '../text/styled.ts';
import { answer, refusal } from './answer.ts';
import { columnsOf as terminalColumns } from './terminal.ts';
import { number, verb } from './verb.ts';

/** How many sweeps are listed where nothing else is asked. */
const DEFAULT = 20;

/** `stillroom sweeps`: lists the sweeps that have run, newest first. */
export default verb({
  name: 'sweeps',
  arguments: [],
  about: 'list the sweeps that have run, newest first',
  example: 'stillroom sweeps',
  detail: '`show`, `tag` and `gc --run` take a sweep as they take a run.',
  options: { limit: number('--limit <count>', `how many (default: ${DEFAULT})`, { whole: true }) },
  async run({ limit = DEFAULT }, invocation) {
    const listed = await (await invocation.open()).sweeps.list();
    if (!listed.ok) return refusal(listed.problems);
    const sweeps = listed.value.slice(0, limit);
    const more = listed.value.length - sweeps.length;
    if (sweeps.length === 0) return answer({ sweeps }, ['no sweep has run here yet: stillroom sweep PIPELINE --over student.lr=0.01,0.02']);
    const { lines, leftOut } = fittedTable(columnsOf(sweeps), terminalColumns(invocation.stdout));
    return answer({ sweeps }, [
      ...lines,
      ...(leftOut.length === 0 ? [] : [dim(`no room for: ${leftOut.join(', ')}`)]),
      ...(more === 0 ? [] : [dim(`and ${more} older: --limit ${listed.value.length}`)]),
    ]);
  },
});

/** What a sweep is called: its tag, or else its id. */
export function sweepName({ sweep, tags }: Pick<ListedSweep, 'sweep' | 'tags'>): string {
  return tags[0] ?? sweep;
}

/** The state of a sweep, as a word that its colour only repeats. */
export function sweepState(state: ListedSweep['state']): Line {
  return { live: accent('live'), stopped: warned('stopped'), done: good('done') }[state];
}

/** How many trials have ended, of how many: `12/24`. */
export function trialsText({ trials: { planned, unfinished, ...ended } }: ListedSweep): string {
  const count = ended.done + ended.infeasible + ended.halted + ended.failed;
  return planned === null ? String(count) : `${count}/${planned}`;
}

/** How long ago a time was, in one unit. */
function age(time: string): string {
  const minutes = Math.max(0, (Date.now() - Date.parse(time)) / 60_000);
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function counted(count: number, style: (text: string) => Line): Line {
  return count === 0 ? dim('0') : style(String(count));
}

function columnsOf(sweeps: readonly ListedSweep[]): readonly Column[] {
  const cells = (text: (sweep: ListedSweep) => Line): Line[] => sweeps.map(text);
  const goal = ({ objectives: [first, ...others] }: ListedSweep): string =>
    first === undefined
      ? ''
      : `${first.goal === 'maximize' ? '↑' : '↓'} ${first.metric.slice(first.metric.lastIndexOf('.') + 1)}${others.length === 0 ? '' : ` +${others.length}`}`;
  return [
    { title: 'sweep', cells: cells(sweepName) },
    { title: 'state', cells: cells(({ state }) => sweepState(state)) },
    { title: 'pipeline', cells: cells(({ pipeline }) => pipeline), weight: 2 },
    { title: 'strategy', cells: cells(({ strategy }) => strategy), weight: 3 },
    { title: 'trials', isRight: true, cells: cells(trialsText) },
    { title: 'infeasible', short: 'infeas.', isRight: true, weight: 5, cells: cells(({ trials }) => counted(trials.infeasible, warned)) },
    { title: 'failed', isRight: true, weight: 6, cells: cells(({ trials }) => counted(trials.failed, bad)) },
    { title: 'objective', cells: cells(goal), weight: 7 },
    { title: 'best', isRight: true, cells: cells(({ best }) => (best === null ? '' : good(figure(best.value)))) },
    { title: 'of trial', isRight: true, weight: 1, cells: cells(({ best }) => (best === null ? '' : String(best.trial))) },
    { title: 'age', isRight: true, weight: 4, cells: cells(({ started }) => (started === null ? '' : age(started))) },
  ];
}
