import type { Confusion, ReportRun, Samples } from '../../model/report.ts';
import { counted } from '../../text/amounts.ts';
import { html, type Markup } from '../../text/markup.ts';
import type { Section } from './frame.ts';
import { confusionChange, confusionTable, sampleGrid } from './images.ts';
import { folded } from './parts.ts';
import { nameOf, sharedName } from './shown-values.ts';

/** Bytes of all pictures of answers: a page is to stay below 5 MB. */
const MOST_BYTES = 1_000_000;

/** Runs whose answers are drawn. */
const MOST_RUNS = 12;

/** The answers of one run, or the same ones of several; a name only where there are several runs. */
interface Told<Item> {
  readonly item: Item;
  readonly name: string | undefined;
}

/** What runs have, in their order; what several have alike is told once, with the names of all. */
function distinct<Item extends { readonly from: string }>(
  runs: readonly ReportRun[],
  itemsOf: (run: ReportRun) => readonly Item[],
  content: (item: Item) => unknown,
): readonly Told<Item>[] {
  const found = new Map<string, { readonly item: Item; readonly names: string[] }>();
  for (const run of runs) {
    for (const item of itemsOf(run)) {
      const key = JSON.stringify([item.from, content(item)]);
      const known = found.get(key);
      if (known === undefined) found.set(key, { item, names: [nameOf(run)] });
      else known.names.push(nameOf(run));
    }
  }
  return [...found.values()].map(({ item, names }) => ({ item, name: runs.length > 1 ? sharedName(names) : undefined }));
}

type Kind = 'final' | 'earlier';

const isOf =
  (kind: Kind) =>
  ({ earlier }: { readonly earlier?: true }): boolean =>
    (earlier === true) === (kind === 'earlier');

function confusionsOf(runs: readonly ReportRun[], kind: Kind): readonly Told<Confusion>[] {
  return distinct(
    runs,
    ({ confusions }) => confusions.filter(isOf(kind)),
    ({ classes, counts }) => [classes, counts],
  );
}

function samplesOf(runs: readonly ReportRun[], kind: Kind): readonly Told<Samples>[] {
  return distinct(
    runs,
    ({ samples }) => samples.filter(isOf(kind)),
    ({ items }) => items.map(({ name, predicted, probability }) => [name, predicted, probability]),
  );
}

/** The pictures for which there is room, the first ones first, and how many there is none for. */
function fitting(told: readonly Told<Samples>[], room: { left: number }): readonly (Told<Samples> & { readonly without: number })[] {
  return told.map(({ item, name }) => {
    const items = item.items.filter(({ image }) => {
      room.left -= image.length;
      return room.left >= 0;
    });
    return { item: { ...item, items }, name, without: item.items.length - items.length };
  });
}

/** Where two runs answered otherwise, what the second did more and less often. */
function changes(told: readonly Told<Confusion>[]): Markup[] {
  return [...new Set(told.map(({ item }) => item.from))].flatMap((from) => {
    const [before, after, ...more] = told.filter(({ item }) => item.from === from);
    if (before === undefined || after === undefined || more.length > 0) return [];
    const change = confusionChange(before.item, after.item, `${from}: ${after.name} less ${before.name}`);
    return change === undefined ? [] : [change];
  });
}

/** What models answered: those that were made last, and folded those from which they were made. */
export function answers(all: readonly ReportRun[]): Section[] {
  const runs = all.slice(0, MOST_RUNS);
  const room = { left: MOST_BYTES };
  const draw = (kind: Kind) => ({
    confusions: confusionsOf(runs, kind).map(({ item, name }) => confusionTable(item, name)),
    samples: fitting(samplesOf(runs, kind), room).map(({ item, name, without }) => {
      const more = without === 0 ? '' : html`<p class="soft">${counted(without, 'more picture')} for which a page has no room.</p>`;
      return { drawn: html`${sampleGrid(item, name)}${more}`, name };
    }),
  });
  const [final, earlier] = [draw('final'), draw('earlier')];
  const before = [...earlier.confusions, ...earlier.samples.map(({ drawn }) => drawn)];
  const folds = before.length === 0 ? '' : folded('Confusion and predictions of earlier models, from which those above were made', before);
  // Of several runs the pictures are mostly the same: those of the first are seen at once.
  const samples = final.samples.map(({ drawn, name }, index) =>
    index === 0 ? drawn : folded(`Predictions of ${name ?? 'another model'}`, drawn),
  );
  const left = all.length > runs.length ? html`<p class="soft">Of the first ${runs.length} of ${all.length} runs.</p>` : '';
  const compared = all.length === 2 ? changes(confusionsOf(runs, 'final')) : [];
  return [
    ...(final.confusions.length === 0 ? [] : [{ id: 'confusion', title: 'Confusion', body: html`${left}${final.confusions}${compared}` }]),
    ...(samples.length === 0 && before.length === 0 ? [] : [{ id: 'predictions', title: 'Predictions', body: html`${samples}${folds}` }]),
  ];
}
