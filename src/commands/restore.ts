import { type Answer, refusal } from './answer.ts';
import { restored, restoredSources } from './restored.ts';
import { flag, text, texts, verb } from './verb.ts';

/** `stillroom restore`: brings the outputs of a run back from the store, or sources as the run read them; executes nothing. */
export default verb({
  name: 'restore',
  arguments: ['[run]'],
  about: 'bring back outputs of a run, or sources as it read them; execute nothing',
  example: 'stillroom restore @latest --source images --to old-images',
  examples: ['stillroom restore @latest --to outputs'],
  detail: 'Outputs come back to where a run puts them or into `--to FOLDER`, a source as that run read it. Nothing is executed.',
  options: {
    source: texts('--source <name>', 'this source as the run read it, in place of outputs; repeatable'),
    only: texts('--only <node>', 'the outputs of this node; repeatable'),
    to: text('--to <folder>', 'put what is brought back there; of outputs, default: where a run puts them'),
    force: flag('--force', 'the folder may hold other things: they stay, files of the same name are replaced'),
    from: text('--from <file>', 'a packed run instead of one in the store'),
  },
  async run({ run, source, only, to, force, from }, invocation) {
    if (source === undefined) return restored(run, { from, only, to, force }, invocation);
    const example = `stillroom restore ${run ?? '@latest'} --source ${source[0]} --to FOLDER`;
    if (only !== undefined) return wrong('--only is for outputs, and --source brings back sources', example);
    if (to === undefined) return wrong('say where the sources are to be put: --to FOLDER', example);
    return restoredSources(run, { source, to, force, from }, invocation);
  },
});

function wrong(message: string, hint: string): Answer {
  return refusal([{ kind: 'usage', code: 'bad-option', message, hint }]);
}
