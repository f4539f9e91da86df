import { readFileSync, writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';

export default work<typeof stage>(({ params, inputs, outputs, metric }) => {
  const totals = inputs.totals.map(({ path }) => Number(readFileSync(path, 'utf8')));
  const long = readFileSync(inputs.words, 'utf8')
    .split('\n')
    .filter((word) => word.length >= params.least);
  const sum = totals.reduce((before, total) => before + total, long.length);
  const value = params.weight * (params.mode === 'sum' ? sum : sum / (totals.length + 1));
  writeFileSync(outputs.result, `${value}\n`);
  metric('value', value);
});
