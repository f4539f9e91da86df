import type { JobSpecification } from '../../model/job.ts';
import type { Runtime } from './runtime.ts';
import { type StageProgram, touchable } from './touchable.ts';

/** What a confined program may touch: pairs of a kind of access and a path or pattern, as `native/confine.c` takes them. */
type Pairs = readonly (readonly [access: string, what: string])[];

const pairs = (access: string, ...what: readonly string[]): Pairs => what.map((one) => [access, one] as const);

/** What Node and native code read of any system: libraries, fonts, and what they ask of processor and memory. */
const SYSTEM: Pairs = [
  ...pairs('run', '/lib', '/lib32', '/lib64', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'),
  ...pairs('read', '/etc/ld.so.cache', '/etc/localtime', '/etc/fonts', '/var/cache/fontconfig', '/usr/bin/ldd'),
  ...pairs('read', ...['fontconfig', 'fonts', 'icu', 'locale', 'nodejs', 'zoneinfo'].map((name) => `/usr/share/${name}`)),
  ...pairs('read', ...['cpuinfo', 'meminfo', 'stat', 'sys/vm/overcommit_memory'].map((name) => `/proc/${name}`)),
  ...pairs('read', ...['bus/cpu', 'bus/dax', 'bus/node', 'devices/system', 'fs/cgroup', 'kernel/mm'].map((name) => `/sys/${name}`)),
  ...pairs('device', '/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'),
];

/** What a driver of devices needs beside that. */
const DEVICES: Pairs = [
  ...pairs('device', '/dev/nvidia*', '/dev/dri', '/dev/kfd', '/dev/dxg'),
  ...pairs('write', '/dev/shm'),
  ...pairs('read', '/proc', '/sys'),
  ...pairs('run', '/usr', '/opt', '/run/opengl-driver'),
  ...pairs('network', 'local'),
];

/** What finding other machines and trusting them needs. */
const NETWORK: Pairs = [
  ...pairs('network', 'any'),
  ...pairs('read', ...['resolv.conf', 'hosts', 'host.conf', 'nsswitch.conf', 'gai.conf', 'services'].map((name) => `/etc/${name}`)),
  ...pairs('read', '/etc/ssl', '/etc/pki', '/etc/ca-certificates', '/usr/share/ca-certificates', '/usr/local/share/ca-certificates'),
];

/** What a stage's process is confined to, whatever its code does: its own files, and what any program needs of the system. */
export function confinementOf(job: JobSpecification, program: StageProgram, { node, installation, libraries }: Runtime): readonly string[] {
  const { reads, writes } = touchable(job, program, installation);
  const all: Pairs = [
    ...SYSTEM,
    ...pairs('run', node, ...libraries),
    ...pairs('package', ...Object.values(program.packages)),
    ...pairs('read', ...reads.map(({ path }) => path)),
    ...pairs('write', ...writes.map(({ path }) => path)),
    ...(job.devices.length === 0 ? [] : DEVICES),
    ...(program.network === true ? NETWORK : []),
  ];
  return all.flat();
}
