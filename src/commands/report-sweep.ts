import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeFolders } from '../files/folder.ts';
import { safeFileName } from '../files/file-name.ts';
import { withPath } from '../files/with-path.ts';
import { writeOutput, writeOutputs } from '../project/output-file.ts';
import type { Project, SweepReport } from '../project/project.ts';
import { sweepCsv, sweepJson, sweepMarkdown } from '../reporters/sweep/table.ts';
import { type Answer, answer, jsonLine, rawAnswer, refusal } from './answer.ts';
import type { Invocation } from './verb.ts';

/** In which form a sweep is reported. */
export interface SweepForm {
  readonly md: boolean;
  readonly csv: boolean;
  readonly output: string | undefined;
  readonly pictures: string | undefined;
}

/** Reports a sweep: as one page with its table, its plots and all of its best trial; or as a table. */
export async function reportSweep(project: Project, sweep: string, form: SweepForm, { json, folder }: Invocation): Promise<Answer> {
  const reported = await project.sweeps.report(sweep);
  if (!reported.ok) return refusal(reported.problems);
  const found = reported.value;
  const data = sweepJson(found.result, found.files);
  if (form.pictures !== undefined) {
    const target = resolve(folder, form.pictures);
    const wrote = await writeOutputs(target, async () => writePlots(found, target));
    if (!wrote.ok) return refusal(wrote.problems);
    return answer(
      { pictures: wrote.value },
      wrote.value.map((file) => `wrote ${relative(folder, file)}`),
    );
  }
  if (json && form.output === undefined) return rawAnswer(data, '');
  const made = json ? jsonLine(data) : await textOf(found, form);
  const unwritten = form.output === undefined ? undefined : writeOutput(resolve(folder, form.output), made);
  if (unwritten !== undefined) return refusal([unwritten]);
  return rawAnswer(form.output === undefined ? data : { output: form.output }, form.output === undefined ? made : '');
}

async function textOf(found: SweepReport, { md, csv }: SweepForm): Promise<string> {
  if (md) return sweepMarkdown(found.result);
  if (csv) return sweepCsv(found.result);
  return (await import('../reporters/report/sweep-page.ts')).sweepPage(found);
}

function writePlots({ plots }: SweepReport, folder: string): string[] {
  makeFolders(folder);
  return plots.map(({ title, svg }) => {
    const file = join(folder, `${safeFileName(title.replaceAll(' ', '-'))}.svg`);
    withPath(file, () => writeFileSync(file, svg));
    return file;
  });
}
