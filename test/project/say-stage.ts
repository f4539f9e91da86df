/** The declaration of a stage that says a text in a voice, a choice of its own. */
export const SAY_STAGE: string = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Says a text.',
  inputs: { text: 'file' },
  params: { voice: param.module({ folder: './voices' }) },
  outputs: { said: 'file.txt' },
  metrics: { length: {} },
  run: () => import('./run.ts'),
});
`;

/** Its work. */
export const SAY_RUN: string = `import { readFileSync, writeFileSync } from 'node:fs';
export default ({ inputs, outputs, modules, metric }) => {
  const said = modules.voice(readFileSync(inputs.text, 'utf8'));
  writeFileSync(outputs.said, said);
  metric('length', said.length);
};
`;
