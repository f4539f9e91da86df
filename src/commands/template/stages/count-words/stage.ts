import { defineStage, param } from 'stillroom';

// The declaration: all that planning needs. The work is in run.ts and is loaded only when it runs.
export default defineStage({
  about: 'Counts the words of a text, the commonest first.',
  params: { least: param.int({ min: 1, default: 1, about: 'leaves out shorter words' }) },
  inputs: { text: 'file' },
  outputs: { counts: 'file.tsv' },
  metrics: { words: { about: 'how many different words were counted' } },
  run: () => import('./run.ts'),
});
