import { relative } from 'node:path';
import type { Imported } from '../project/import.ts';
import { counted } from '../text/amounts.ts';
import { dim, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { answer, EXIT, refusal } from './answer.ts';
import { nextLines } from './next-lines.ts';
import { columnsOf } from './terminal.ts';
import { flag, type Invocation, text, verb } from './verb.ts';

/** Notes and reasons that are shown; all are in `--json`. */
const MOST = 40;

/** `stillroom import`: writes a pipeline file that does what a `dvc.yaml` does, and takes over what DVC has computed. */
export default verb({
  name: 'import',
  arguments: ['[file]'],
  about: 'write a pipeline that does what a dvc.yaml does, and take over what is computed',
  example: 'stillroom import dvc.yaml',
  examples: ['stillroom import dvc.yaml --output forest.yaml'],
  detail:
    'Writes `pipelines/NAME.yaml`, named as the folder, and changes nothing of DVC’s. What it cannot keep is told by its line. Where `dvc.lock` says that nothing has changed, the outputs are taken over from the folder or from DVC’s cache, and the first run reuses them. It ends with 3 if a stage could not be converted.',
  options: {
    output: text('--output <file>', 'write this file instead'),
    force: flag('--force', 'write over a file that is there'),
    fresh: flag('--fresh', 'take no outputs over: the first run executes all'),
  },
  async run({ file = 'dvc.yaml', output, force, fresh }, invocation) {
    const project = await invocation.open();
    const imported = await project.importDvc(file, { output, force, fresh });
    if (!imported.ok) return refusal(imported.problems);
    const { stages, converted, notes, problems } = imported.value;
    const shown = relative(invocation.folder, imported.value.file);
    const data = {
      ...imported.value,
      file: shown,
      run: imported.value.run ?? null,
      problems: problems.map(({ code, message }) => ({ code, message })),
    };
    const lines = [
      ...told(imported.value, shown),
      ...noteLines(notes),
      ...leftLines(imported.value),
      ...missingLines(imported.value),
      ...next(shown, invocation),
    ];
    const isWhole = converted === stages && problems.length === 0;
    return answer(
      data,
      lines.flatMap((line) => wrapBelow(line, columnsOf(invocation.stdout), 4)),
      {
        exit: isWhole ? EXIT.done : EXIT.pipeline,
        problems,
      },
    );
  },
});

function told({ stages, converted, taken }: Imported, shown: string): readonly Line[] {
  const all = converted === stages ? counted(stages, 'stage') : `${converted} of ${counted(stages, 'stage')}`;
  return [[strong('wrote'), ` ${shown}: ${all} of DVC`], ...(taken.length === 0 ? [] : [`taken over from dvc.lock: ${taken.join(', ')}`])];
}

function noteLines(notes: Imported['notes']): readonly Line[] {
  if (notes.length === 0) return [];
  const rest = notes.length - MOST;
  return [
    strong('to know:'),
    ...notes
      .slice(0, MOST)
      .map(
        ({ file, line, message, isLost }): Line => [
          '  ',
          dim(`${file}:${line}`),
          isLost === true ? ' ' : ` ${message}`,
          isLost === true ? warned(`not converted: ${message}`) : '',
        ],
      ),
    ...(rest > 0 ? [dim(`  and ${rest} more (--json has all)`)] : []),
  ];
}

/** The stages that will run, and why, where others are taken over. */
function leftLines({ left }: Imported): readonly Line[] {
  if (left.length === 0) return [];
  const rest = left.length - MOST;
  return [
    strong('not taken over, and run first:'),
    ...left.slice(0, MOST).map(({ stage, why }): Line => `  ${stage}: ${why}`),
    ...(rest > 0 ? [dim(`  and ${rest} more (--json has all)`)] : []),
  ];
}

function missingLines({ missing }: Imported): readonly Line[] {
  if (missing.length === 0) return [];
  return [strong('not there yet:'), ...missing.map(({ path, obtain }): Line => ['  ', path, dim(`   ${obtain}`)])];
}

function next(shown: string, invocation: Invocation): readonly Line[] {
  return nextLines(invocation, [
    ['plan', shown],
    ['run', shown],
  ]);
}
