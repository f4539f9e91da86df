import { writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { safeFileName } from '../files/file-name.ts';
import { withPath } from '../files/with-path.ts';
import type { ReportRun } from '../model/report.ts';
import { answer, rawAnswer, refusal } from './answer.ts';
import { flag, text, verb } from './verb.ts';
import { makeFolders } from '../files/folder.ts';

/** `stillroom report`: runs as one page that needs no network, or as Markdown, CSV or JSON. */
export default verb({
  name: 'report',
  arguments: ['<runs...>'],
  about: 'show runs as one HTML page, or as a table',
  example: 'stillroom report @latest --output report.html',
  options: {
    output: text('--output <file>', 'write to a file instead of standard output'),
    md: flag('--md', 'Markdown'),
    csv: flag('--csv', 'one line per run'),
    pictures: text('--pictures <folder>', 'write the learning curves of each node as SVG there, and nothing else'),
  },
  async run({ runs: words, output, md, csv, pictures }, { json, folder, stdout, open }) {
    const usage = (message: string, hint: string) => refusal([{ kind: 'usage', code: 'bad-option', message, hint }]);
    if ([md, csv, json].filter((one) => one).length > 1) return usage('choose one of --md, --csv and --json', 'without them it is HTML');
    if (!md && !csv && !json && pictures === undefined && output === undefined && stdout.isTTY === true)
      return usage('a page is not written to a terminal', `stillroom report ${words.join(' ')} --output report.html`);
    const reported = await (await open()).records.report(words);
    if (!reported.ok) return refusal(reported.problems);
    const runs = reported.value;
    const data = { runs: runs.map(({ samples: _samples, ...run }) => run) };
    if (pictures !== undefined) {
      const files = await writePictures(runs, resolve(folder, pictures));
      return answer(
        { pictures: files },
        files.map((file) => `wrote ${relative(folder, file)}`),
      );
    }
    if (json) return rawAnswer(data, '');
    const written = await textOf(runs, md ? 'md' : csv ? 'csv' : 'html');
    if (output !== undefined) writeFile(resolve(folder, output), written);
    return rawAnswer(data, output === undefined ? written : '');
  },
});

async function textOf(runs: readonly ReportRun[], format: 'md' | 'csv' | 'html'): Promise<string> {
  if (format === 'html') return (await import('../reporters/report/page.ts')).reportPage(runs);
  const { reportCsv, reportMarkdown } = await import('../reporters/report/tables.ts');
  return format === 'md' ? reportMarkdown(runs) : reportCsv(runs);
}

function writeFile(path: string, text: string): void {
  withPath(path, () => writeFileSync(path, text));
}

/** Writes the learning curves of runs; those of several runs into a folder each. Returns the files. */
async function writePictures(runs: readonly ReportRun[], folder: string): Promise<string[]> {
  const { learningCurves } = await import('../reporters/report/pictures.ts');
  return runs.flatMap((run) =>
    learningCurves(run).map(({ node, svg }) => {
      const file = join(folder, ...(runs.length > 1 ? [run.run] : []), `${safeFileName(node)}.svg`);
      makeFolders(dirname(file));
      writeFile(file, svg);
      return file;
    }),
  );
}
