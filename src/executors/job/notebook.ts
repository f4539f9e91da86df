import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import type { JobSpecification } from '../../model/job.ts';
import { notebookOf } from '../../model/notebook.ts';

/** How our module ends a notebook's log when a cell fails. */
const CELL = /^(cell \d+ of \d+|the cell of its params) failed: (.*)$/;

/** How it says that an environment cannot execute notebooks. */
const NEEDED = /^notebooks need (.+), which (.+) does not have$/;

/** The notebook that a job executes; undefined where it executes none. */
export function notebookOfJob({ program }: JobSpecification): string | undefined {
  return program.kind === 'command' ? notebookOf(program.run) : undefined;
}

/** Where a notebook that failed is kept as far as it was executed: beside the node's log. */
function keptAt({ log }: JobSpecification): string {
  return `${log.replace(/\.log$/, '')}.ipynb`;
}

/** Keeps a notebook that failed as far as it was executed, without secrets. */
export function keepNotebook(job: JobSpecification, clean: (text: string) => string): void {
  const written = job.outputs['notebook']?.path;
  if (notebookOfJob(job) === undefined || written === undefined) return;
  const path = join(job.folder, 'work', written);
  if (!existsSync(path)) return;
  ifPossible(() => {
    mkdirSync(dirname(job.log), { recursive: true });
    writeFileSync(keptAt(job), clean(readFileSync(path, 'utf8')));
  });
}

/** Which cell of a notebook failed and why, as its last line says; undefined where it says nothing of a cell. */
export function failedCell(lines: readonly string[]): { readonly cell: string; readonly why: string } | undefined {
  const [, cell, why] = CELL.exec(lines.at(-1) ?? '') ?? [];
  return cell === undefined || why === undefined ? undefined : { cell, why };
}

/** What to do about a cell that failed. */
export function lookedAt(job: JobSpecification): string {
  return `look at it as far as it was executed: ${keptAt(job)}`;
}

/** What an environment lacks to execute notebooks; undefined where that is not what failed. */
export function missingForNotebooks(lines: readonly string[]): { readonly message: string; readonly hint: string } | undefined {
  const [, names, python] = lines.map((line) => NEEDED.exec(line)).find((match) => match !== null) ?? [];
  if (names === undefined || python === undefined) return undefined;
  const packages = names.split(', ');
  return {
    message: `${python} has no ${names}`,
    hint: `add ${packages.length === 1 ? 'it' : 'them'} to what the environment is built from, or install: ${python} -m pip install ${packages.join(' ')}`,
  };
}
