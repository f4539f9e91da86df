import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../src/project/project.ts';
import { canHide } from '../../src/executors/job/supervisor.ts';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

/** Runs the pipeline of a project and returns what its node `work` told, and how it ended. */
async function told(folder: string, set: readonly string[] = []) {
  const project = openProject({ folder });
  const events: Record<string, unknown>[] = [];
  const ended = await project.run('pipeline.yaml', { set, onEvent: (event) => events.push(event as unknown as Record<string, unknown>) });
  project.close();
  if (!ended.ok) throw new Error(ended.problems[0]?.message);
  const { record, problems } = ended.value;
  const of = (type: string) => events.filter((event) => event['type'] === type);
  return { node: record.nodes['work'], problem: problems[0], of };
}

/** A project with a command that runs a program of a language on the same values. */
function languageProject(run: string, file: string, program: string, node = ''): string {
  const folder = emptyFolder();
  write(folder, {
    [file]: program,
    'poem.txt': 'one\ntwo\n',
    'pipeline.yaml': `name: p
stages:
  work:
    run: ${run} "$code"
    in: { code: ./${file}, poem: ./poem.txt }
    with: { epochs: 3, rate: 1e-2, layers: [8, 16], names: { first: "a \\"b\\" ä\\n😀" }, is_on: true, nothing: null }
    out: { out: out.txt }
${node}`,
  });
  return folder;
}

/** What every language tells in these tests. */
function expectTold({ node, of }: Awaited<ReturnType<typeof told>>): void {
  expect(node?.state).toBe('executed');
  expect(node?.metrics).toEqual({ loss: { value: 1 / 3, measured: false }, 'a "b"': { value: 0.25, measured: false } });
  expect(of('node-metric').filter(({ name }) => name === 'loss')).toMatchObject([1, 2, 3].map((step) => ({ step, value: 1 / step })));
  expect(of('node-progress').at(-1)).toMatchObject({ done: 3, total: 3, note: 'epoch "3"' });
  expect(of('node-log').map(({ line }) => line)).toEqual(['a line\twith a tab', 'warning: look here']);
}

const NODE = `
import { readFileSync, writeFileSync } from 'node:fs';
import { inputs, log, metric, outputs, params, progress, warn } from 'stillroom/events';
for (let epoch = 1; epoch <= params.epochs; epoch += 1) {
  metric('loss', 1 / epoch, { step: epoch });
  progress(epoch, params.epochs, \`epoch "\${epoch}"\`);
}
metric('a "b"', 0.25);
log('a line\\twith a tab');
warn('look here');
writeFileSync(outputs.out, JSON.stringify([params, readFileSync(inputs.poem, 'utf8')]));
`;

describe('a Node program of a command', () => {
  test('imports what it is given and how it tells what it does, without anything installed', async () => {
    const folder = languageProject('node', 'work.mjs', NODE);
    const all = await told(folder);
    expectTold(all);
    const [params, poem] = JSON.parse(readFileSync(join(folder, 'artifacts/latest/p/work/out.txt'), 'utf8')) as [object, string];
    expect(params).toEqual({ epochs: 3, rate: 0.01, layers: [8, 16], names: { first: 'a "b" ä\n😀' }, is_on: true, nothing: null });
    expect(poem).toBe('one\ntwo\n');
  });

  test('is told which names there are, and that a metric which is no number is an error', async () => {
    const missing = await told(languageProject('node', 'work.mjs', "import { params } from 'stillroom/events';\nparams.epoch;\n"));
    expect(missing.problem?.hint).toContain('params has no "epoch" (there are: epochs, is_on, layers, names, nothing, rate)');
    const text = await told(languageProject('node', 'work.mjs', "import { metric } from 'stillroom/events';\nmetric('loss', '3');\n"));
    expect(text.problem?.hint).toContain('the metric "loss" is no number: "3"');
  });

  test('goes on from the newest checkpoint that was whole', async () => {
    const program = `
import { readFileSync, writeFileSync } from 'node:fs';
import { checkpoint, log, outputs, params } from 'stillroom/events';
const start = checkpoint.folder === undefined ? 0 : Number(readFileSync(checkpoint.folder + '/epoch', 'utf8'));
log('from ' + start);
for (let epoch = start + 1; epoch <= params.epochs; epoch += 1)
  await checkpoint.save((folder) => writeFileSync(folder + '/epoch', String(epoch)));
await checkpoint.save((folder) => { writeFileSync(folder + '/epoch', '99'); throw new Error('never whole'); }).catch(() => undefined);
writeFileSync(outputs.out, 'done');
`;
    const folder = languageProject('node', 'work.mjs', program, '    budget: epochs\n');
    expect((await told(folder)).of('node-log')).toMatchObject([{ line: 'from 0' }]);
    expect((await told(folder, ['work.epochs=5'])).of('node-log')).toMatchObject([{ line: 'from 3' }]);
  });

  test('learns that it is to end, in the midst of its work', () => {
    const program = `
import { stopping } from '${join(checkout, 'dist/events.js')}';
let rounds = 0;
if (await stopping()) process.exit(9);
process.kill(process.pid, 'SIGTERM');
while (!(await stopping())) { if (++rounds > 100) process.exit(1); }
console.log('saved');
`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, 'saved\n']);
  });

  test('run by hand it writes nothing, and reads its own values', () => {
    const folder = emptyFolder();
    const program = `
import { checkpoint, inputs, metric, params, progress } from '${join(checkout, 'dist/events.js')}';
metric('loss', NaN, { step: 1 });
progress(1, 2);
let seen;
await checkpoint.save((folder) => { seen = folder; });
console.log(JSON.stringify([params.epochs ?? 3, inputs.poem ?? 'poem.txt', checkpoint.folder ?? null, seen]));
`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' });
    const [epochs, poem, from, seen] = JSON.parse(out) as [number, string, null, string];
    expect([epochs, poem, from, existsSync(seen)]).toEqual([3, 'poem.txt', null, false]);
  });
});

const hasR = spawnSync('Rscript', ['--version']).status === 0;

describe.skipIf(!hasR)('an R program of a command (skipped where there is no Rscript)', () => {
  test('sources what it is given and how it tells what it does', async () => {
    const program = `
source(Sys.getenv("STILLROOM_R"))
for (epoch in seq_len(params$epochs)) {
  metric("loss", 1 / epoch, step = epoch)
  progress(epoch, params$epochs, paste0("epoch \\"", epoch, "\\""))
}
metric("a \\"b\\"", 0.25)
log_line("a line\\twith a tab")
warn("look here")
stopifnot(identical(params$layers, c(8, 16)), identical(params$names$first, "a \\"b\\" \\u00e4\\n\\U1F600"), params$is_on, is.null(params$nothing))
stopifnot(identical(params$rate, 0.01), "nothing" %in% names(params), is.null(checkpoint))
writeLines(readLines(inputs$poem), outputs$out)
`;
    const folder = languageProject('Rscript', 'work.R', program);
    expectTold(await told(folder));
    expect(readFileSync(join(folder, 'artifacts/latest/p/work/out.txt'), 'utf8')).toBe('one\ntwo\n');
  });

  test('goes on from its newest checkpoint, and names what is no number', async () => {
    const program = `
source(Sys.getenv("STILLROOM_R"))
start <- if (is.null(checkpoint)) 0 else readRDS(file.path(checkpoint, "epoch.rds"))
log_line(paste("from", start))
save_checkpoint(function(folder) saveRDS(params$epochs, file.path(folder, "epoch.rds")))
writeLines("done", outputs$out)
`;
    const folder = languageProject('Rscript', 'work.R', program, '    budget: epochs\n');
    expect((await told(folder)).of('node-log')).toMatchObject([{ line: 'from 0' }]);
    expect((await told(folder, ['work.epochs=5'])).of('node-log')).toMatchObject([{ line: 'from 3' }]);
    edit(folder, 'work.R', 'writeLines("done"', 'metric("loss", "x"); writeLines("done"');
    expect((await told(folder)).problem?.hint).toContain('the metric loss is no number: "x"');
  });

  test('run by hand it writes nothing', () => {
    const folder = emptyFolder();
    const program = `source("${join(checkout, 'src/r/stillroom.R')}"); metric("loss", 1, step = 1); save_checkpoint(function(folder) cat(basename(folder) != "")); cat(length(params))`;
    expect(execFileSync('Rscript', ['-e', program], { cwd: folder, encoding: 'utf8' })).toBe('TRUE0');
  });
});

test('the package that commands import is found below any store, and gc and verify leave it alone', async () => {
  const folder = languageProject('node', 'work.mjs', NODE);
  const store = emptyFolder();
  const { code } = await called(folder, ['run', 'pipeline.yaml', '--store', store]);
  expect(code).toBe(0);
  for (const verb of ['gc', 'verify']) expect((await called(folder, [verb, '--store', store])).code).toBe(0);
  expect(existsSync(join(store, 'node_modules/stillroom/package.json'))).toBe(true);
});

test.skipIf(!canHide())('a command that the project is hidden from imports it all the same', async () => {
  const all = await told(languageProject('node', 'work.mjs', NODE, '    confine: project\n'));
  expectTold(all);
});
