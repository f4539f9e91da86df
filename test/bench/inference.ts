// How fast a shipped model is, from file to label: MobileNetV3-small at 224 px with its batch norms folded, over made photographs.
//
//   npm run bench -- inference [--rows 256,1024,forms] [--runtime openvino] [--precision bfloat16] [--threads 2] [--rounds 5] [--count 1000]
//     [--folder FOLDER]
//
// A row is a folder of textured JPEGs of that short side (256: 1,000 of 15 to 25 KB; 1024: a tenth as many), made once by
// `inference/photographs.ts` and kept in the folder, by default artifacts/bench. Each row is measured in a process of its own, by what the
// stage `benchmark` measures with, over the files as the stage reads them. A target is met when a figure reaches it: 500 images a second
// with decoding overlapped and 250 MiB at 256 px. The row `forms` measures instead what folding batch norms and lower precisions bring in each
// runtime, of the model alone.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureRow } from './inference/file-to-label.ts';
import { measureForms } from './inference/forms.ts';
import { writeShippedModel } from './inference/model.ts';
import { makeTestSet } from './inference/test-set.ts';
import { env } from './measuring/processes.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '256,1024' },
    runtime: { type: 'string', default: 'onnxruntime' },
    precision: { type: 'string', default: 'float32' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '1000' },
    folder: { type: 'string', default: 'artifacts/bench' },
    row: { type: 'string' },
  },
});

const folder = resolve(values.folder);
const model = join(folder, 'mobilenet-v3-small');

if (values.row === undefined) {
  mkdirSync(folder, { recursive: true });
  writeShippedModel(model);
  const rows = values.rows.split(',');
  if (rows.includes('forms')) {
    const measuring = { folder: join(folder, 'forms'), threads: Number(values.threads), rounds: Number(values.rounds), images: 100 };
    for (const line of await measureForms(measuring)) console.log(line);
  }
  for (const row of rows.filter((name) => name !== 'forms').map(Number)) {
    const count = row > 512 ? Math.ceil(Number(values.count) / 10) : Number(values.count);
    await makeTestSet(join(folder, `photographs-${row}-${count}`), { shortSide: row, count });
    const given = ['runtime', 'precision', 'threads', 'rounds', 'folder'].flatMap((name) => [
      `--${name}`,
      String(values[name as 'runtime']),
    ]);
    const { status } = spawnSync(process.execPath, [process.argv[1] ?? '', '--row', `photographs-${row}-${count}`, ...given], {
      stdio: 'inherit',
      env,
    });
    if (status !== 0) process.exitCode = 1;
  }
} else {
  const { runtime, precision, threads, rounds } = values;
  const lines = await measureRow({
    model,
    data: join(folder, values.row),
    runtime,
    precision,
    threads: Number(threads),
    rounds: Number(rounds),
    warmup: 100,
  });
  for (const line of lines) console.log(line);
}
