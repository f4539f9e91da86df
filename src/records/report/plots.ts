import type { JoinedPlot, OutputPlot, Plot, PlotSeries } from '../../model/plot.ts';
import type { Confusion } from '../../model/report.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import type { Artifacts } from '../../model/store.ts';
import { guessedLooks, type Plotted, plotted } from './plotted.ts';
import { LARGEST_TABLE, readRows, type Rows, TABLES } from './rows.ts';
import { vegaLite } from './vega-lite.ts';

/** Tables that are looked into: of a folder, and of all outputs of a run. */
const MOST = { ofFolder: 50, ofRun: 200 };

/** Plots of a run. */
const MOST_PLOTS = 60;

/** A file among the outputs that may be drawn. */
interface TableFile {
  readonly node: string;
  readonly instance: string;
  /** `node.port`, with the path of a file in a folder. */
  readonly of: string;
  /** The same with the instance. */
  readonly from: string;
  readonly digest: string;
  readonly size: number;
  readonly suffix: string;
  readonly look: OutputPlot | undefined;
}

/** What is drawn of the tables of a run; and what is declared to be drawn and is not, with why. */
export interface DrawnPlots {
  readonly plots: readonly Plot[];
  /** By the node whose output it is, which is the first for a plot of several. */
  readonly confusions: readonly { readonly node: string; readonly confusion: Confusion }[];
  readonly undrawn: readonly string[];
  /** The files of which something is drawn: `node.port` of an instance, with the path of a file in a folder. */
  readonly drawn: ReadonlySet<string>;
}

const suffixOf = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? '';

/** The files among a node's outputs that are, or are declared to be, tables. */
function filesOf(artifacts: Artifacts, name: string, { outputs = {}, recipe }: RunNode): TableFile[] {
  const node = recipe?.node ?? name;
  const about = { node: name, instance: name === node ? '' : instancePoint(name, node) };
  return Object.entries(outputs).flatMap(([port, artifact]): TableFile[] => {
    const look = recipe?.outputs[port]?.plot;
    const file = (path: string, { digest, size }: { readonly digest: string; readonly size: number }, suffix: string): TableFile => {
      const [of, from] = [`${node}.${port}${path}`, `${name}.${port}${path}`];
      return { ...about, of, from, digest, size, suffix: suffix.toLowerCase(), look };
    };
    if (artifact.kind === 'file') return [file('', artifact, artifact.suffix)];
    // What a stage keeps as JSON in a folder is for other stages.
    const kinds = recipe?.work.kind === 'stage' ? TABLES.filter((suffix) => suffix !== '.json') : TABLES;
    const files = (artifacts.manifest(artifact.digest)?.files ?? []).filter(({ path }) => kinds.includes(suffixOf(path)));
    return files.slice(0, MOST.ofFolder).map((entry) => file(`/${entry.path}`, entry, suffixOf(entry.path)));
  });
}

/** The point of an instance: `fold=0` of `teacher[fold=0]`. */
function instancePoint(name: string, node: string): string {
  return name.startsWith(`${node}[`) ? name.slice(node.length + 1, -1) : name;
}

/** Reads the tables of a run, of each once, and says why one cannot be read. */
class Reader {
  private readonly artifacts: Artifacts;
  private readonly read = new Map<string, Rows | string>();

  constructor(artifacts: Artifacts) {
    this.artifacts = artifacts;
  }

  bytes({ digest, size }: TableFile): Uint8Array | string {
    if (size > LARGEST_TABLE) return `it is too large to be drawn (${(size / 1e6).toFixed(1)} MB)`;
    return this.artifacts.read(digest) ?? 'it is missing';
  }

  rows(file: TableFile): Rows | string {
    const known = this.read.get(file.digest);
    if (known !== undefined) return known;
    const bytes = this.bytes(file);
    const suffix = TABLES.includes(file.suffix) ? file.suffix : '.csv';
    const found = typeof bytes === 'string' ? bytes : (readRows(bytes, file.of, suffix) ?? 'it is no table that can be read');
    this.read.set(file.digest, found);
    return found;
  }
}

/** Where a plot belongs, and what it is called. */
interface Place {
  readonly node: string;
  readonly from: string;
  readonly instance: string;
  readonly of: string;
  readonly title: string;
}

/** Gathers what is drawn. */
class Gathered {
  readonly plots: Plot[] = [];
  readonly confusions: { node: string; confusion: Confusion }[] = [];
  readonly undrawn: string[] = [];
  readonly drawn = new Set<string>();

  /** Adds what a table came to under a title. */
  add(found: Plotted, { node, from, instance, of, title }: Place): void {
    const named = (name: string): string => (instance === '' ? name : `${name} [${instance}]`);
    if (found.as === 'none') {
      this.undrawn.push(`${named(of)}: ${found.why}`);
      return;
    }
    this.drawn.add(from);
    if (found.as === 'confusion') {
      const { classes, counts } = found;
      this.confusions.push({ node, confusion: { from: named(title), classes, counts } });
      return;
    }
    const { x, y, ...drawn } = found;
    this.plots.push({ of, instance, title, xLabel: x, yLabel: y, ...drawn });
  }
}

/** What is drawn of one file: as it is declared, as a specification that it holds says, or as the names of its columns say. */
function drawFile(file: TableFile, reader: Reader, gathered: Gathered): void {
  const { node, from, instance, of, look } = file;
  if (look === undefined && !TABLES.includes(file.suffix)) return;
  const at = { node, from, instance, of };
  if (look === undefined && file.suffix === '.json') {
    const bytes = reader.bytes(file);
    const found = typeof bytes === 'string' ? undefined : vegaLite(bytes, of);
    if (found !== undefined) {
      for (const why of found.undrawn) gathered.undrawn.push(`${of}: ${why}`);
      if (found.plots.length > 0) gathered.drawn.add(from);
      gathered.plots.push(...found.plots.map((plot, index) => ({ ...plot, instance, of: index === 0 ? of : `${of}: ${index + 1}` })));
      return;
    }
  }
  const rows = reader.rows(file);
  if (typeof rows === 'string') {
    if (look !== undefined) gathered.undrawn.push(`${of}: ${rows}`);
    return;
  }
  if (look !== undefined) {
    gathered.add(plotted(rows, look), { ...at, title: look.title ?? of });
    return;
  }
  const looks = guessedLooks(rows);
  for (const own of looks) {
    const key = own.title === undefined ? of : `${of}: ${own.title}`;
    gathered.add(plotted(rows, own), { ...at, of: key, title: key });
  }
}

/** What tells files apart that are drawn together: without the folders in which all lie, and without an ending that all have. */
function labelsOf(files: readonly string[]): readonly string[] {
  const parts = files.map((file) => file.split('/'));
  const isShared = (at: number): boolean => parts.every((one) => one.length > at + 1 && one[at] === parts[0]?.[at]);
  let shared = 0;
  while (isShared(shared)) shared += 1;
  const rest = parts.map((one) => one.slice(shared).join('/'));
  const [ending = '', ...others] = new Set(rest.map(suffixOf));
  return others.length > 0 || ending === '' || shared === 0 ? rest : rest.map((one) => one.slice(0, -ending.length));
}

/** What one of the tables of a plot of several came to. */
interface Part {
  readonly file: TableFile;
  readonly found: Plotted;
  /** Its file and its instance, as far as they tell it from the others. */
  readonly label: string;
}

/** What the tables of a plot come to, of all instances. */
function partsOf({ y, ...look }: JoinedPlot, files: readonly TableFile[], reader: Reader): Part[] {
  const labels = labelsOf(y.map(([file]) => file));
  return y.flatMap(([name, columns], index) =>
    files
      .filter(({ of }) => of === name)
      .map((file) => {
        const rows = reader.rows(file);
        const found: Plotted = typeof rows === 'string' ? { as: 'none', why: rows } : plotted(rows, { ...look, y: columns });
        return { file, found, label: joinedName(', ', y.length > 1 ? labels[index] : '', file.instance) };
      }),
  );
}

const joinedName = (sign: string, ...parts: readonly (string | undefined)[]): string => parts.filter((part) => part).join(sign);

/** A plot of several tables: a series for each column of each file. */
function drawJoined(plot: JoinedPlot, files: readonly TableFile[], reader: Reader, gathered: Gathered): void {
  const { name: title, x, xLabel, yLabel, y } = plot;
  const parts = partsOf(plot, files, reader);
  for (const [name] of y) if (!parts.some(({ file }) => file.of === name)) gathered.undrawn.push(`${title}: no node gave ${name}`);
  const named = <X>(label: string, all: readonly PlotSeries<X>[]): PlotSeries<X>[] =>
    all.map((one) => ({ ...one, name: joinedName(': ', label, one.name) }));
  const curves = parts.flatMap(({ found, label }) => (found.as === 'lines' || found.as === 'points' ? named(label, found.series) : []));
  const bars = parts.flatMap(({ found, label }) => (found.as === 'bars' ? named(label, found.series) : []));
  for (const { file, found, label } of parts) {
    if (found.as === 'none') gathered.undrawn.push(`${title}: ${file.of}: ${found.why}`);
    if (found.as === 'confusion') gathered.add(found, { node: file.node, from: file.from, instance: label, of: title, title });
    else if (found.as !== 'none') gathered.drawn.add(file.from);
  }
  const columns = [...new Set(y.flatMap(([, own]) => own))];
  const across = parts.flatMap(({ found }) => ('x' in found ? [found.x] : []))[0] ?? '';
  const upward = columns.length === 1 ? (columns[0] ?? '') : '';
  const about = { of: title, instance: '', title, xLabel: xLabel ?? x ?? across, yLabel: yLabel ?? upward };
  if (curves.length > 0) gathered.plots.push({ ...about, as: plot.as === 'points' ? 'points' : 'lines', series: curves });
  const lying = parts.find(({ found }) => found.as === 'bars')?.found;
  const labels = lying?.as === 'bars' ? { xLabel: lying.x, yLabel: lying.y } : {};
  if (bars.length > 0) gathered.plots.push({ ...about, ...labels, as: 'bars', series: bars });
}

const hasPoints = (plot: Plot): boolean =>
  plot.as === 'grid' ? plot.values.flat().some((value) => value !== null) : plot.series.some(({ points }) => points.length > 0);

/** What is drawn of the tables among the outputs of a run. */
export function plotsOf(artifacts: Artifacts, { nodes, plots = [] }: Pick<RunRecord, 'nodes' | 'plots'>): DrawnPlots {
  const files = Object.entries(nodes).flatMap(([name, node]) => filesOf(artifacts, name, node));
  const [reader, gathered] = [new Reader(artifacts), new Gathered()];
  const joined = new Set(plots.flatMap(({ y }) => y.map(([file]) => file)));
  for (const plot of plots) drawJoined(plot, files, reader, gathered);
  // What is drawn together with others is not drawn alone, unless it is declared.
  const alone = files.filter(({ of, look }) => look !== undefined || !joined.has(of));
  for (const file of alone.slice(0, MOST.ofRun)) drawFile(file, reader, gathered);
  const shown = gathered.plots.filter(hasPoints);
  const empty = gathered.plots.filter((plot) => !hasPoints(plot)).map(({ title }) => `${title}: no row has numbers for it`);
  const left = shown.length - MOST_PLOTS;
  const more = left > 0 ? [`${left} more plots of tables`] : [];
  return {
    plots: shown.slice(0, MOST_PLOTS),
    confusions: gathered.confusions,
    undrawn: [...gathered.undrawn, ...empty, ...more],
    drawn: gathered.drawn,
  };
}
