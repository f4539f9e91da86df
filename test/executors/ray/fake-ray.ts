import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What a machine has, by Ray's names. */
type Machine = Readonly<Record<string, number>>;

const MACHINES: readonly Machine[] = [{ CPU: 4, GPU: 2, memory: 8e9 }];

/** The members of a submission. */
interface Submission {
  readonly entrypoint: string;
  readonly submission_id: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly entrypoint_num_cpus?: number;
  readonly entrypoint_num_gpus?: number;
  readonly entrypoint_memory?: number;
  readonly entrypoint_resources?: Readonly<Record<string, number>>;
}

const MEMBERS: ReadonlySet<string> = new Set([
  'entrypoint',
  'submission_id',
  'metadata',
  'entrypoint_num_cpus',
  'entrypoint_num_gpus',
  'entrypoint_memory',
  'entrypoint_resources',
]);

/** A job, as it is shown. */
interface FakeJob {
  readonly submission: Submission;
  status: string;
  message: string;
  error_type: string | null;
  driver_exit_code: number | null;
  readonly log: string;
  child?: ChildProcess;
}

/** How it answers, where it does not as it should. */
type Fault = (request: IncomingMessage, response: ServerResponse, act: () => void) => void;

const OVER = /^(?:STOPPED|SUCCEEDED|FAILED)$/;

/** What Ray prints of an error that it met. */
function traceback(error: string): string {
  return `Traceback (most recent call last):
  File "ray/dashboard/modules/job/job_head.py", line 419, in submit_job
    resp = await job_agent_client.submit_job_internal(submit_request)
RuntimeError: Request failed with status code 400: Traceback (most recent call last):
  File "ray/dashboard/modules/job/job_manager.py", line 553, in submit_job
    raise ValueError(
${error}
.
`;
}

/** All processes below one, itself included. */
function treeOf(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    try {
      const [, parent = ''] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'latin1')) ?? [];
      return /^\d+$/.test(name) ? [[Number(name), Number(parent)] as const] : [];
    } catch {
      return [];
    }
  });
  const below = (one: number): number[] => [one, ...parents.flatMap(([child, parent]) => (parent === one ? below(child) : []))];
  return below(pid);
}

function kill(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone.
    }
}

/**
 * A server that takes jobs as Ray's does, in its words, and executes them on this machine: for tests of what speaks with Ray, also where there
 * is none. `test/executors/ray` runs against a real one too (`real-ray.ts`), which holds this one to the truth.
 */
export class FakeRay {
  /** What its machines have. */
  machines: readonly Machine[] = MACHINES;
  /** How many of the next answers to `method path` come out otherwise. */
  readonly faults: { readonly on: RegExp; left: number; readonly fault: Fault }[] = [];
  /** The token without which nobody is let in. */
  token: string | undefined;
  version: unknown = { version: '4', ray_version: '2.60.0' };
  /** Requests as they came: `METHOD path`. */
  readonly asked: string[] = [];
  readonly jobs = new Map<string, FakeJob>();
  private readonly folder: string;
  private server: Server | undefined;
  private port = 0;

  /** Logs lie below a folder. */
  constructor(folder: string) {
    this.folder = folder;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.answer(request, response));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Forgets what a test has made of it. */
  reset(): void {
    this.jobs.clear();
    this.asked.length = 0;
    this.faults.length = 0;
    this.machines = MACHINES;
  }

  /** The head goes away, with all that it knew; `jobs: 'end'`: and its jobs with it. */
  async end(jobs: 'end' | 'go on' = 'end'): Promise<void> {
    for (const { child } of this.jobs.values())
      if (jobs === 'end' && child?.pid !== undefined) kill(child.exitCode === null ? treeOf(child.pid) : [], 'SIGKILL');
    this.jobs.clear();
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** All that it shows of its jobs to anyone. */
  shown(): Promise<string> {
    return Promise.resolve(JSON.stringify([...this.jobs.values()].map((job) => [this.detailsOf(job), readFileSync(job.log, 'utf8')])));
  }

  /** Jobs that have not ended. */
  living(): Promise<readonly string[]> {
    return Promise.resolve([...this.jobs.entries()].filter(([, { status }]) => !OVER.test(status)).map(([id]) => id));
  }

  stopJob(id: string): Promise<void> {
    const job = this.jobs.get(id);
    if (job?.child?.pid !== undefined && !OVER.test(job.status)) {
      const tree = treeOf(job.child.pid);
      job.status = 'STOPPED';
      job.message = 'Job was intentionally stopped.';
      kill(tree, 'SIGTERM');
      setTimeout(() => kill(tree, 'SIGKILL'), 3000).unref();
    }
    return Promise.resolve();
  }

  /** A job is killed below its supervisor, for a reason of Ray's. */
  kill(id: string, reason: string): void {
    const job = this.jobs.get(id);
    if (job?.child?.pid === undefined) throw new Error(`${id} has not begun`);
    const message = `Job supervisor actor died: The actor died unexpectedly before finishing this task.\n${reason}`;
    Object.assign(job, { status: 'FAILED', error_type: 'JOB_SUPERVISOR_ACTOR_DIED', message });
    kill(treeOf(job.child.pid), 'SIGKILL');
  }

  /** Gives up what found no machine, as Ray does after a quarter of an hour. */
  giveUp(id: string): void {
    Object.assign(this.jobs.get(id) ?? {}, {
      status: 'FAILED',
      error_type: 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT',
      message: 'Job supervisor actor failed to start within 900.0 seconds. This may be because the resources aren’t available.',
    });
  }

  /** Begins what there is room for. */
  begin(): void {
    for (const job of this.jobs.values()) if (job.status === 'PENDING' && this.hasRoom(job)) this.execute(job);
  }

  private hasRoom({ submission }: FakeJob): boolean {
    const of = ({
      submission: { entrypoint_num_cpus: CPU = 0, entrypoint_num_gpus: GPU = 0, ...more },
    }: Pick<FakeJob, 'submission'>): Machine => ({
      ...more.entrypoint_resources,
      CPU,
      GPU,
      memory: more.entrypoint_memory ?? 0,
    });
    const running = [...this.jobs.values()].filter(({ status }) => status === 'RUNNING').map(of);
    const total = (name: string): number => this.machines.reduce((sum, machine) => sum + (machine[name] ?? 0), 0);
    const used = (name: string): number => running.reduce((sum, one) => sum + (one[name] ?? 0), 0);
    return Object.entries(of({ submission })).every(([name, count]) => count <= total(name) - used(name));
  }

  private execute(job: FakeJob): void {
    const { entrypoint, entrypoint_num_gpus: gpus = 0 } = job.submission;
    job.status = 'RUNNING';
    job.message = 'Job is currently running.';
    const log = openSync(job.log, 'a');
    const CUDA_VISIBLE_DEVICES = Array.from({ length: Math.ceil(gpus) }, (_, index) => String(index)).join(',');
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], RAY_ADDRESS: '127.0.0.1:6379', CUDA_VISIBLE_DEVICES };
    const child = spawn('/bin/sh', ['-c', entrypoint], { detached: true, stdio: ['ignore', log, log], env, cwd: '/' });
    closeSync(log);
    job.child = child;
    child.once('exit', (code, signal) => {
      if (job.status !== 'RUNNING') return;
      job.driver_exit_code = code ?? (signal === 'SIGKILL' ? -9 : -15);
      job.status = job.driver_exit_code === 0 ? 'SUCCEEDED' : 'FAILED';
      if (job.status === 'SUCCEEDED') job.message = 'Job finished successfully.';
      else {
        job.error_type = 'JOB_ENTRYPOINT_COMMAND_ERROR';
        job.message = `Job entrypoint command failed with exit code ${job.driver_exit_code}, last available logs (truncated to 20,000 chars):\n${readFileSync(job.log, 'utf8')}`;
      }
      this.begin();
    });
  }

  private detailsOf({ submission, status, message, error_type, driver_exit_code }: FakeJob): object {
    return { type: 'SUBMISSION', job_id: null, ...submission, status, message, error_type, driver_exit_code };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    const [asked, send] = [`${request.method} ${request.url}`, (status: number, text: string) => response.writeHead(status).end(text)];
    this.asked.push(asked);
    const act = (): void => {
      const [status, answer] = this.act(asked, body);
      send(status, typeof answer === 'string' ? answer : JSON.stringify(answer));
    };
    const isBrowser =
      Object.keys(request.headers).some((name) => name.startsWith('sec-fetch')) || /Mozilla/.test(request.headers['user-agent'] ?? '');
    if (isBrowser && request.method !== 'GET') return void send(405, `'${request.method}' method not allowed for browser traffic.`);
    // Ray 2.9 does.
    if (request.headers['user-agent'] === undefined) return void send(500, '500 Internal Server Error\n\nServer got itself in trouble');
    if (this.token !== undefined && request.headers.authorization === undefined)
      return void send(401, 'Unauthorized: Missing authentication token');
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return void send(403, 'Forbidden: Invalid authentication token');
    const faulty = this.faults.find(({ on, left }) => left > 0 && on.test(asked));
    if (faulty === undefined) return act();
    faulty.left -= 1;
    faulty.fault(request, response, act);
  }

  private act(asked: string, body: string): readonly [status: number, answer: unknown] {
    if (asked === 'GET /api/version') return [200, this.version];
    if (asked === 'POST /api/jobs/') return this.submit(JSON.parse(body) as Submission);
    if (asked.startsWith('GET /api/v0/nodes'))
      return [200, { data: { result: { result: this.machines.map((machine) => ({ state: 'ALIVE', resources_total: machine })) } } }];
    const [, method, id = '', what = ''] = /^(\w+) \/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(asked) ?? [];
    if (method === undefined) return [404, '404: Not Found'];
    const job = this.jobs.get(id);
    if (job === undefined) return [404, `Job ${id} does not exist`];
    if (what === 'logs') return [200, { logs: readFileSync(job.log, 'utf8') }];
    if (what === 'stop') void this.stopJob(id);
    if (what === 'stop') return [200, { stopped: true }];
    if (method === 'GET') return [200, this.detailsOf(job)];
    if (!OVER.test(job.status))
      return [500, traceback(`RuntimeError: Attempted to delete job '${id}', but it is in a non-terminal state.`)];
    this.jobs.delete(id);
    return [200, { deleted: true }];
  }

  private submit(submission: Submission): readonly [status: number, answer: unknown] {
    const { submission_id: id } = submission;
    const unknown = Object.keys(submission).find((name) => !MEMBERS.has(name));
    if (unknown !== undefined)
      return [400, `Traceback\nTypeError: JobSubmitRequest.__init__() got an unexpected keyword argument '${unknown}'\n`];
    if (this.jobs.has(id))
      return [500, traceback(`ValueError: Job with submission_id ${id} already exists. Please use a different submission_id.`)];
    const log = join(this.folder, `${id}.log`);
    closeSync(openSync(log, 'w'));
    const message = 'Job has not started yet. It may be waiting for resources (CPUs, GPUs, memory, custom resources) to become available.';
    this.jobs.set(id, { submission, status: 'PENDING', message, error_type: null, driver_exit_code: null, log });
    this.begin();
    return [200, { job_id: id, submission_id: id }];
  }
}

/** The request is done, and its answer lost. */
export const lost: Fault = (request, response, act) => {
  response.writeHead = () => response;
  response.end = () => response;
  act();
  request.socket.destroy();
};

/** It answers with an error of its own. */
export function fails(status: number, text: string): Fault {
  return (_, response) => void response.writeHead(status).end(text);
}
