import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Group, Mutant } from './rooms.ts';

/** Milliseconds beyond what its tests took at first after which a mutant has hung. */
const PATIENCE = 5000;

/** The part of Stryker's report that is read. Lines and columns count from 1. */
interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface ReportedMutant {
  readonly location: { readonly start: Place; readonly end: Place };
  readonly replacement?: string;
  readonly status: string;
}

/** Mutates a group's files in a copy of the checkout; returns all mutants. Throws where the tests fail without any. */
export function mutate(copy: string, { changed, tests }: Group): Mutant[] {
  const report = join(copy, 'mutation.json');
  rmSync(report, { force: true });
  const vitest = { include: tests, globalSetup: [] };
  writeFileSync(
    join(copy, 'mutation.vitest.config.ts'),
    `import base from './test/vitest.config.ts';\nexport default { ...base, test: { ...base.test, ...${JSON.stringify(vitest)} } };\n`,
  );
  const config = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'mutation.vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    mutate: changed,
    ignorePatterns: ['artifacts', 'docs', 'pipelines'],
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: 'mutation.json' },
    concurrency: Math.min(2, availableParallelism()),
    timeoutMS: PATIENCE,
    // Our compiler offers nothing that Stryker could rewrite its settings with.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    allowConsoleColors: false,
  };
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config));
  const { status } = spawnSync('npx', ['stryker', 'run'], { cwd: copy, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`Stryker ended with ${status}`);
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  return Object.entries(files).flatMap(([file, { source, mutants }]) => mutants.flatMap((mutant) => mutantOf(file, source, mutant)));
}

/** A mutant as it is told; none where it stands for no program at all. */
function mutantOf(file: string, source: string, { location: { start, end }, replacement = '', status }: ReportedMutant): Mutant[] {
  if (status === 'CompileError' || status === 'Ignored') return [];
  const lines = source.split('\n');
  const offset = ({ line, column }: Place): number =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
  const original = source.slice(offset(start), offset(end));
  return [{ file, at: `${start.line}:${start.column}`, line: lines[start.line - 1] ?? '', original, replacement, status }];
}
