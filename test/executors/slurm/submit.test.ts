import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { readSettings } from '../../../src/executors/slurm/slurm-settings.ts';
import { Squeue } from '../../../src/executors/slurm/squeue.ts';
import { submit } from '../../../src/executors/slurm/submit.ts';
import type { Problem } from '../../../src/model/problem.ts';
import { emptyFolder, write } from '../../folders.ts';

const POLL = 1;
const settings = { ...readSettings({}), poll: POLL };

interface Submitted {
  readonly id: string | undefined;
  readonly problem: Problem | undefined;
  /** What was told of waiting. */
  readonly told: readonly string[];
  /** The commands of sbatch, a line each. */
  readonly commands: readonly string[];
}

/** Submits to an sbatch that says something so many times before it takes the job. */
async function submitted(said: string, { times = 2, excluded = [] as readonly string[], more = 'exit 1' } = {}): Promise<Submitted> {
  const folder = emptyFolder();
  write(folder, {
    said: `${said}\n`,
    sbatch: `#!/bin/sh
echo "$*" >> ${folder}/commands
test $(wc -l < ${folder}/commands) -gt ${times} && { echo 7; exit; }
cat ${folder}/said >&2
${more}
`,
    squeue: '#!/bin/sh\n',
  });
  for (const name of ['sbatch', 'squeue']) chmodSync(join(folder, name), 0o755);
  const environment = { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  const command = ['sbatch', ...(excluded.length > 0 ? [`--exclude=${excluded.join(',')}`] : [])];
  const told: string[] = [];
  const outcome = await submit(
    { name: 'still', node: 'works', command, script: '', handed: {} },
    {
      settings,
      environment,
      squeue: new Squeue(environment, POLL),
      onWait: (message) => told.push(message),
      signal: new AbortController().signal,
    },
  );
  const file = join(folder, 'commands');
  const commands = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return { id: outcome.ok ? outcome.value : undefined, problem: outcome.ok ? undefined : outcome.problems[0], told, commands };
}

const FAILED = 'sbatch: error: Batch job submission failed: ';

test.each([
  'Unable to contact slurm controller (connect failure)',
  'Transport endpoint is not connected',
  'Connection reset by peer',
  'Unexpected missing socket error',
  'Zero Bytes were transmitted or received',
  'Socket timed out on send/recv operation',
  'Slurm backup controller in standby mode',
  'Message receive failure',
  'Protocol authentication error',
  'Unable to create job record, try again',
  'Resource temporarily unavailable',
  'Required partition not available (inactive or drain)',
  'Required node not available (down, drained or reserved)',
  'Requested operation is presently disabled',
])('waits where that passes: %s', async (said) => {
  const { id, told, commands } = await submitted(FAILED + said, { times: 5 });
  expect(id).toBe('7');
  expect(commands).toHaveLength(6);
  expect(told).toEqual([`works waits for Slurm, which takes no job now: ${said}`]);
});

test('does not wait for an sbatch that waits by itself and says nothing', async () => {
  const said = 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying';
  const { id, told } = await submitted(said, { more: 'exec sleep 600' });
  expect(id).toBe('7');
  expect(told).toHaveLength(1);
});

test.each([
  ['Invalid account or account/partition combination specified', 'partition:'],
  ['Invalid qos specification', 'qos:'],
  ['Requested time limit is invalid (missing or exceeds some limit)', 'time:'],
  ['Invalid generic resource (gres) specification', 'gres:'],
  ['Requested node configuration is not available', 'ask for less'],
  ['Access denied to requested reservation', '--reservation'],
])('is refused at once: %s', async (said, hint) => {
  const { problem, commands } = await submitted(FAILED + said);
  expect(problem).toMatchObject({
    code: 'cluster-refused',
    message: `works was refused by Slurm: ${said}`,
    hint: expect.stringContaining(hint),
  });
  expect(commands).toHaveLength(1);
});

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

test('waits where a user has as many jobs as he may have, but not where one job is too large', async () => {
  expect(await submitted(`sbatch: error: AssocMaxSubmitJobLimit\n${FAILED}${POLICY}`)).toMatchObject({ id: '7' });
  expect(await submitted(`sbatch: error: QOSMaxSubmitJobPerUserLimit\n${FAILED}${POLICY}`)).toMatchObject({ id: '7' });
  const { problem, commands } = await submitted(`sbatch: error: QOSMaxCpuPerJobLimit\n${FAILED}${POLICY}`);
  expect(problem?.message).toContain('QOSMaxCpuPerJobLimit');
  expect(problem?.hint).toContain('ask for less');
  expect(commands).toHaveLength(1);
});

test('asks a few times more where it is said in no known words', async () => {
  expect(await submitted('sbatch: error: the stars are not right')).toMatchObject({ id: '7' });
  const { problem, commands } = await submitted('sbatch: error: the stars are not right', { times: 100 });
  expect(problem?.message).toContain('the stars are not right');
  expect(commands).toHaveLength(4);
});

test('takes a machine that failed where there is no other', async () => {
  const said = `${FAILED}Requested node configuration is not available`;
  const { id, commands } = await submitted(said, { times: 1, excluded: ['n1', 'n2'] });
  expect(id).toBe('7');
  expect(commands).toEqual([expect.stringContaining('--exclude=n1,n2'), expect.not.stringContaining('--exclude')]);
});

test('says where there is no sbatch', async () => {
  const environment = { PATH: emptyFolder() };
  const outcome = await submit(
    { name: 'still', node: 'works', command: ['sbatch'], script: '', handed: {} },
    { settings, environment, squeue: new Squeue(environment, POLL), onWait: () => undefined, signal: new AbortController().signal },
  );
  expect(outcome.ok ? undefined : outcome.problems[0]?.message).toContain('there is no sbatch in PATH');
});
