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
  inputs: { model: 'dir', trained: 'dir', data: 'dir', results: 'file?' },
  outputs: { card: 'file.md' },
  resources: { cpu: 1, memory: '512MiB' },
  run: () => import('./run.ts'),
});
