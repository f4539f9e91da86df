import { answer, EXIT, refusal } from './answer.ts';
import { verb } from './verb.ts';

/** `stillroom verify`: hashes everything in the store; what is damaged goes to quarantine and its node reruns. */
export default verb({
  name: 'verify',
  arguments: [],
  about: 'hash everything in the store',
  example: 'stillroom verify',
  options: {},
  async run(_, { open }) {
    const verified = await (await open()).verify();
    if (!verified.ok) return refusal(verified.problems);
    const { checked, damaged } = verified.value;
    return answer(
      { checked, damaged },
      [
        ...damaged.map(({ digest, node }) => `damaged or missing: ${digest}${node === '' ? '' : ` of ${node}`}`),
        `${checked} checked, ${damaged.length} damaged${damaged.length > 0 ? ': the next run makes them again' : ''}`,
      ],
      { exit: damaged.length > 0 ? EXIT.storeDamaged : EXIT.done },
    );
  },
});
