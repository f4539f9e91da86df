import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why no Slurm can be started here; undefined: it can. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root starts a Slurm of its own';
  const missing = ['slurmctld', 'slurmd', 'munged', 'sbatch'].filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length === 0 ? undefined : `${missing.join(', ')} missing: apt-get install slurm-wlm slurm-wlm-basic-plugins munge`;
}

/** A Slurm of three machines that this one plays, each with two processors and two devices that are made up. */
export interface Cluster {
  /** What commands of Slurm must be given. */
  readonly environment: { readonly SLURM_CONF: string };
  /** Runs a command of Slurm and returns what it prints. */
  ask(...command: readonly string[]): string;
  /** The process of a daemon, `ctld` or one of `n1` to `n3`. */
  pid(daemon: string): number;
  /** Starts a daemon again that was killed. */
  start(daemon: string): void;
  stop(): Promise<void>;
}

const NODES = ['n1', 'n2', 'n3'];

/** Ports that are free, one for each daemon. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

/** Starts a munged of the cluster's own, which no other uses and which ends with it. */
function startMunge(folder: string): void {
  const file = (name: string): string => join(folder, 'munge', name);
  mkdirSync(join(folder, 'munge'));
  // Who asks it need not be who started it.
  for (const path of [folder, join(folder, 'munge')]) chmodSync(path, 0o755);
  writeFileSync(file('key-file'), randomBytes(128), { mode: 0o600 });
  const files = ['key-file', 'log-file', 'seed-file', 'socket'].map((name) => `--${name}=${file(name)}`);
  execFileSync('munged', ['--force', ...files, `--pid-file=${join(folder, 'munge.pid')}`], { stdio: 'ignore' });
}

/** Starts a Slurm below an empty folder of its own, and waits until its machines can be used. */
export async function startCluster(folder: string): Promise<Cluster> {
  const host = hostname().split('.')[0] ?? '';
  const ports = await freePorts(NODES.length + 1);
  for (const name of ['state', 'log', ...NODES.map((node) => `spool-${node}`)]) mkdirSync(join(folder, name));
  const nodes = NODES.map((node, index) => {
    const address = `NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[index + 1]}`;
    return `NodeName=${node} ${address} CPUs=2 RealMemory=4000 Gres=gpu:2 State=UNKNOWN`;
  });
  const lines = [
    'ClusterName=test',
    `SlurmctldHost=${host}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge/socket`,
    `SlurmctldPort=${ports[0]}`,
    `SlurmctldPidFile=${folder}/ctld.pid`,
    `SlurmdPidFile=${folder}/%n.pid`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool-%n`,
    `SlurmctldLogFile=${folder}/log/ctld.log`,
    `SlurmdLogFile=${folder}/log/%n.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'MpiDefault=none',
    'ReturnToService=2',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=1',
    'JobCompType=jobcomp/none',
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherFrequency=1',
    // Machines that are given to all have no cgroups of their own: memory is watched instead.
    'JobAcctGatherParams=OverMemoryKill',
    'SlurmdTimeout=10',
    'KillWait=2',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=CANCEL',
    'SlurmdParameters=config_overrides',
    'GresTypes=gpu',
    ...nodes,
    'PartitionName=main Nodes=ALL Default=YES DefMemPerCPU=500 MaxTime=INFINITE State=UP',
    'PartitionName=low Nodes=n3 PriorityTier=1',
    'PartitionName=high Nodes=n3 PriorityTier=10',
  ];
  writeFileSync(join(folder, 'slurm.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'gres.conf'), 'Name=gpu File=/dev/tty[1-2]\n');
  const environment = { SLURM_CONF: join(folder, 'slurm.conf') };
  const env = { ...process.env, ...environment };
  const start = (daemon: string): void => {
    execFileSync(daemon === 'ctld' ? 'slurmctld' : 'slurmd', daemon === 'ctld' ? [] : ['-N', daemon], { env, stdio: 'ignore' });
  };
  startMunge(folder);
  for (const daemon of ['ctld', ...NODES]) start(daemon);
  const cluster: Cluster = {
    environment,
    ask: (program = '', ...args) => execFileSync(program, args, { env, encoding: 'utf8' }),
    pid: (daemon) => Number(readFileSync(join(folder, `${daemon}.pid`), 'utf8')),
    start,
    async stop() {
      spawnSync('scancel', ['--user=root'], { env });
      await sleep(500);
      const files = readdirSync(folder).filter((name) => name.endsWith('.pid'));
      for (const file of files) kill(Number(readFileSync(join(folder, file), 'utf8')));
      while (files.some((file) => existsSync(join(folder, file)))) await sleep(50);
    },
  };
  while (!/^idle\s*$/.test(spawnSync('sinfo', ['-h', '-p', 'main', '-o', '%T'], { env, encoding: 'utf8' }).stdout)) await sleep(100);
  return cluster;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It is gone.
  }
}
