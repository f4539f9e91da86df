import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reportPage } from '../reporters/report/page.ts';
import { reportCsv, reportMarkdown } from '../reporters/report/tables.ts';
import type { ReportRun } from '../model/report.ts';
import { findRun } from '../records/find.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';
import { reportRun } from '../records/report/data.ts';

export interface ReportOptions extends CommonOptions {
  readonly md?: boolean;
  readonly csv?: boolean;
  readonly output?: string;
}

/** `stillroom report`: runs as one page that needs no network, or as Markdown, CSV or JSON. */
export function reportCommand(words: readonly string[], options: ReportOptions): number {
  const json = options.json === true;
  const isPage = !json && options.md !== true && options.csv !== true;
  const usage = (message: string, hint: string): number => fail([{ kind: 'usage', code: 'bad-option', message, hint }], json);
  if ([options.md, options.csv, options.json].filter((one) => one === true).length > 1)
    return usage('choose one of --md, --csv and --json', 'without them it is HTML');
  if (isPage && options.output === undefined && process.stdout.isTTY)
    return usage('a page is not written to a terminal', `stillroom report ${words.join(' ')} --output report.html`);
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, json);
  const runs: ReportRun[] = [];
  for (const word of words) {
    const found = findRun(store.value, word);
    if (!found.ok) return fail(found.problems, json);
    if (!runs.some(({ run }) => run === found.value.id)) runs.push(reportRun(store.value, found.value));
  }
  store.value.flush();
  if (json) {
    printJson({ runs: runs.map(({ samples: _samples, ...run }) => run) });
    return EXIT.done;
  }
  const text = options.md === true ? reportMarkdown(runs) : options.csv === true ? reportCsv(runs) : reportPage(runs);
  if (options.output === undefined) process.stdout.write(text);
  else writeFileSync(resolve(options.output), text);
  return EXIT.done;
}
