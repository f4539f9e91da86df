import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Write a model card: what an exported model is, what it was trained on, how well it does, what it must not be used for.',
  params: {
    title: param.string({ default: 'An image classifier', about: 'The heading.' }),
    licence: param.string({
      default: '',
      about: 'Of the model, as the hub names it (mit, apache-2.0 …); empty: the card says that none is given.',
    }),
    data_source: param.string({ default: '', about: 'Where the images come from, and under which terms.' }),
    use: param.string({ default: '', about: 'What the model is for.' }),
    not_for: param.string({ default: '', about: 'What it must not be used for.' }),
  },
  inputs: {
    model: { kind: 'dir', about: 'The exported model: `model` of export.' },
    trained: { kind: 'dir', about: 'The model that was exported: `model` of fuse, or of a training.' },
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    results: {
      kind: 'file?',
      about: 'What the model reaches: `results` of benchmark; without it the card says that nothing was measured.',
    },
  },
  outputs: {
    card: { kind: 'file.md', about: 'The model card, in Markdown.' },
  },
  resources: { cpu: 1, memory: '512MiB' },
  run: () => import('./run.ts'),
});
