import { readFileSync, writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';

export default work<typeof stage>(({ params, inputs, outputs, metric }) => {
  const counts = new Map<string, number>();
  for (const [word] of readFileSync(inputs.text, 'utf8')
    .toLowerCase()
    .matchAll(/\p{L}+/gu)) {
    if (word.length >= params.least) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const rows = [...counts].sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1));
  writeFileSync(outputs.counts, rows.map(([word, count]) => `${count}\t${word}\n`).join(''));
  metric('words', rows.length);
});
