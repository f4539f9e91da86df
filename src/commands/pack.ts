import { counted } from '../text/amounts.ts';
import { EXIT, rawAnswer, refusal } from './answer.ts';
import { flag, text, texts, verb } from './verb.ts';

/** `stillroom pack`: writes a run with its code and sources as one file, from which it can be run again anywhere. */
export default verb({
  name: 'pack',
  arguments: ['<run>'],
  about: 'write a run with its code and sources as one file',
  example: 'stillroom pack @latest > run.still',
  examples: ['stillroom pack @latest --outputs --output run.still'],
  options: {
    output: text('--output <file>', 'write to a file instead of standard output'),
    outputs: flag('--outputs', 'include the outputs, so that --restore works from it'),
    source: texts('--source <name=path>', 'where a source is that the store does not keep; repeatable'),
  },
  async run({ run, output, outputs, source }, { json, stdout, open }) {
    if (output === undefined && (json || stdout.isTTY === true)) {
      const message = json ? 'with --json the pack needs a file of its own' : 'a pack is not written to a terminal';
      return refusal([{ kind: 'usage', code: 'bad-option', message, hint: `stillroom pack ${run} --output run.still` }]);
    }
    const packed = await (await open()).pack(run, output ?? stdout, { outputs, source });
    if (!packed.ok) return refusal(packed.problems);
    const { record, file, bytes, blobs } = packed.value;
    const note = `packed ${record.id}: ${counted(blobs, 'blob')}${bytes === undefined ? '' : `, ${counted(bytes, 'byte')}`}`;
    return { ...rawAnswer({ run: record.id, hash: record.hash ?? null, file, bytes, blobs }, '', EXIT.done), notes: [note] };
  },
});
