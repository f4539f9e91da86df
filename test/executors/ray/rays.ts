import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeRay } from './fake-ray.ts';

/** A Ray under test. */
export interface Ray {
  readonly address: string;
  /** All that it shows of its jobs to anyone. */
  shown(): Promise<string>;
  /** Jobs that have not ended. */
  living(): Promise<readonly string[]>;
  /** Somebody stops a job. */
  stopJob(id: string): Promise<void>;
  end(): Promise<void>;
}

/** The program `ray` of a real one; without, the tests speak with one that they play themselves. */
export const realRay: string | undefined = process.env['STILLROOM_RAY'];

/** Starts a Ray of this machine, which keeps its files below a folder. */
export function startRay(folder: string, program: string | undefined = realRay): Promise<Ray> {
  return program === undefined ? new FakeRay(folder).start() : startReal(program, folder);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function ask(address: string, path: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(`${address}${path}`, { method }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(text));
    });
    asked.once('error', reject);
  });
}

interface Shown {
  readonly submission_id: string;
  readonly status: string;
}

async function startReal(program: string, folder: string): Promise<Ray> {
  const [port, dashboard, agent] = [await freePort(), await freePort(), await freePort()];
  const options = ['--num-cpus=4', '--num-gpus=2', `--port=${port}`, `--dashboard-port=${dashboard}`];
  const more = [`--dashboard-agent-listen-port=${agent}`, `--temp-dir=${folder}`, '--disable-usage-stats', '--block'];
  const head = spawn(program, ['start', '--head', '--include-dashboard=true', ...options, ...more], { stdio: 'ignore' });
  const ended = new Promise((resolve) => head.once('exit', resolve));
  const address = `http://127.0.0.1:${dashboard}`;
  while (!(await ask(address, '/api/version').catch(() => '')).includes('ray_version')) {
    if (head.exitCode !== null) throw new Error(`${program} did not start`);
    await sleep(200);
  }
  const jobs = async (): Promise<readonly Shown[]> => JSON.parse(await ask(address, '/api/jobs/')) as readonly Shown[];
  return {
    address,
    async shown() {
      const logs = (await jobs()).map(({ submission_id: id }) => ask(address, `/api/jobs/${id}/logs`));
      return (await ask(address, '/api/jobs/')) + (await Promise.all(logs)).join('\n');
    },
    async living() {
      return (await jobs()).filter(({ status }) => /PENDING|RUNNING/.test(status)).map(({ submission_id: id }) => id);
    },
    async stopJob(id) {
      await ask(address, `/api/jobs/${id}/stop`, 'POST');
    },
    async end() {
      head.kill('SIGTERM');
      await ended;
    },
  };
}
