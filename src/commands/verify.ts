import { EXIT, fail, printJson } from './problems.ts';
import { type CommonOptions, openStore, projectRoot } from './project.ts';

/** `stillroom verify`: hashes everything in the store; what is damaged goes to quarantine and its node reruns. */
export async function verifyCommand(options: CommonOptions): Promise<number> {
  const store = openStore(projectRoot(process.cwd()), options);
  if (!store.ok) return fail(store.problems, options.json === true);
  const { checked, damaged } = await store.value.maintenance.verify();
  store.value.flush();
  if (options.json === true) printJson({ checked, damaged });
  else {
    for (const { digest, node } of damaged) process.stdout.write(`damaged or missing: ${digest}${node === '' ? '' : ` of ${node}`}\n`);
    process.stdout.write(`${checked} checked, ${damaged.length} damaged${damaged.length > 0 ? ': the next run makes them again' : ''}\n`);
  }
  return damaged.length > 0 ? EXIT.storeDamaged : EXIT.done;
}
