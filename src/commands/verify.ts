import { answer, EXIT, refusal } from './answer.ts';
import { verb } from './verb.ts';

/** `stillroom verify`: looks at every file of the store; what is damaged goes to quarantine, and each loss is told with what it costs. */
export default verb({
  name: 'verify',
  arguments: [],
  about: 'check every file of the store',
  example: 'stillroom verify',
  options: {},
  async run(_, { open }) {
    const verified = await (await open()).verify();
    if (!verified.ok) return refusal(verified.problems);
    const { checked, damaged, stillMissing, unmoved } = verified.value;
    const fate = unmoved === undefined ? '' : `; what is damaged stays where it is: ${unmoved.message}`;
    return answer(
      { checked, damaged, stillMissing, ...(unmoved === undefined ? {} : { unmoved: unmoved.message }) },
      [
        ...damaged.map(({ damage, name, cost }) => `${damage}: ${name}: ${cost}`),
        ...stillMissing.map(({ name, cost }) => `still missing: ${name}: ${cost}`),
        `${checked} checked, ${damaged.length} damaged or missing${stillMissing.length > 0 ? `, ${stillMissing.length} still missing` : ''}${fate}`,
      ],
      { exit: damaged.length > 0 ? EXIT.storeDamaged : EXIT.done },
    );
  },
});
