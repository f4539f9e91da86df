import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isObject, parseJson } from '../../files/json.ts';
import type { ExecutorOpening } from '../../model/executor.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { amount } from '../../text/amounts.ts';

type Environment = ExecutorOpening['environment'];

/** What `stillroom.yaml` and the environment say of an executor, with what they leave out. */
export interface RaySettings {
  /** Without a slash at its end. */
  readonly address: string;
  /** What each request carries beside its own: secrets stand here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly setup: readonly string[];
  readonly jobs: number;
  /** Milliseconds between two questions about a job. */
  readonly poll: number;
  /** Milliseconds that a node has to end when it is asked to; undefined: as usual. */
  readonly grace: number | undefined;
}

/** Where Ray's dashboard is on the machine that it was started on. */
const USUAL_ADDRESS = 'http://127.0.0.1:8265';

/** Variables that say where Ray is, in the order in which its own command looks at them. */
const ADDRESSES = ['RAY_API_SERVER_ADDRESS', 'RAY_ADDRESS'] as const;

/** The variable that holds further headers, as Ray's own command reads it. */
const HEADERS = 'RAY_JOB_HEADERS';

/** Reads settings that were checked against their schema, and what the environment says beside them. */
export function readSettings({ name, settings, environment }: ExecutorOpening): Outcome<RaySettings> {
  const address = addressOf(name, settings['address'], environment);
  if (!address.ok) return address;
  const headers = headersOf(environment);
  if (!headers.ok) return headers;
  const given = settings as Partial<Pick<RaySettings, 'cpus' | 'gpus' | 'resources' | 'setup' | 'jobs'>>;
  const measured = (key: string): number | undefined => {
    const value = settings[key];
    return typeof value === 'string' ? amount(value) : undefined;
  };
  const grace = measured('grace');
  return done({
    address: address.value.replace(/\/+$/, ''),
    headers: headers.value,
    cpus: given.cpus ?? 1,
    gpus: given.gpus ?? 0,
    memory: measured('memory') ?? 0,
    resources: given.resources ?? {},
    setup: given.setup ?? [],
    jobs: given.jobs ?? 100,
    poll: (measured('poll') ?? 10) * 1000,
    grace: grace === undefined ? undefined : grace * 1000,
  });
}

/** Ray's own address (`auto`, `ray://…`, `host:6379`), which its variables may hold as well, leads to no jobs. */
function addressOf(name: string, declared: unknown, environment: Environment): Outcome<string> {
  if (typeof declared === 'string') return done(declared);
  const variable = ADDRESSES.find((one) => (environment[one] ?? '') !== '');
  const value = variable === undefined ? USUAL_ADDRESS : (environment[variable] ?? '');
  if (/^https?:\/\/[^@\s]+$/.test(value)) return done(value);
  return failed({
    kind: 'usage',
    code: 'cluster-refused',
    message: `${name} (kind: ray) is given no address of jobs: the variable ${variable} is "${value}"`,
    hint: 'jobs are taken where the dashboard of Ray is: set address: http://HOST:8265 of the executor in stillroom.yaml',
  });
}

/** Headers of every request: those of the variable, and the token by which a Ray that asks for one knows its users. */
function headersOf(environment: Environment): Outcome<Readonly<Record<string, string>>> {
  const text = environment[HEADERS] ?? '';
  const isHeaders = (value: unknown): value is Record<string, string> =>
    isObject(value) && Object.values(value).every((one) => typeof one === 'string');
  const own = text === '' ? {} : parseJson(text, isHeaders);
  if (own === undefined)
    return failed({
      kind: 'usage',
      code: 'cluster-refused',
      message: `the variable ${HEADERS} is no JSON object of texts`,
      hint: `write it as Ray's own command takes it: ${HEADERS}='{"X-Name": "value"}'`,
    });
  const token = tokenOf(environment);
  const isGiven = Object.keys(own).some((name) => name.toLowerCase() === 'authorization');
  return done(token === undefined || isGiven ? own : { ...own, Authorization: `Bearer ${token}` });
}

/** Ray's token, from where Ray looks for it. */
function tokenOf(environment: Environment): string | undefined {
  const given = environment['RAY_AUTH_TOKEN'];
  if (given !== undefined && given !== '') return given.trim();
  if (environment['RAY_AUTH_MODE'] === 'disabled') return undefined;
  const file = environment['RAY_AUTH_TOKEN_PATH'] || join(environment['HOME'] || homedir(), '.ray', 'auth_token');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}
