import { spawnSync } from 'node:child_process';

// All that is tested against a real Slurm, with what takes it minutes: limits of time, machines that die, controllers that are killed.
//
//   npm run soak -- slurm [options of vitest, e.g. -t 'time is up']
//
// It takes root, and: apt-get install slurm-wlm slurm-wlm-basic-plugins munge

const command = ['vitest', 'run', '--config', 'test/vitest.config.ts', 'test/executors/slurm', ...process.argv.slice(2)];
const { status } = spawnSync('npx', command, { stdio: 'inherit', env: { ...process.env, STILLROOM_SOAK: 'slurm' } });
process.exitCode = status ?? 1;
