import { defineStage, param } from 'stillroom';

// The declaration: all that planning needs. The work is in run.ts and is loaded only when it runs.
export default defineStage({
  about: 'Counts the words of a text, the commonest first.',
  params: { least: param.int({ min: 1, default: 1, about: 'The letters of the shortest word that is counted.' }) },
  inputs: { text: { kind: 'file', about: 'A plain text.' } },
  outputs: { counts: { kind: 'file.tsv', about: 'A line for each word: how often it comes, and the word.' } },
  metrics: { words: { about: 'How many different words were counted.' } },
  run: () => import('./run.ts'),
});
