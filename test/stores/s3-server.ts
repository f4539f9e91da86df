import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Remote } from '../../src/model/remote.ts';
import { openRemote } from '../../src/stores/remotes/s3/remote.ts';

/** The S3 server of the tests: `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`. */
const SERVER = [...(process.env['PATH'] ?? '').split(delimiter), join(homedir(), 'go', 'bin')]
  .map((folder) => join(folder, 'versitygw'))
  .find((path) => existsSync(path));

/** Why tests with a real S3 server are skipped; undefined where they are not. */
export const noS3 = SERVER === undefined ? 'there is no versitygw on the PATH or in ~/go/bin' : undefined;

/** What the server of the tests lets in. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'tester', AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-tests' };

/** A running S3 server with a bucket `results`. */
export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  /** The folder in which it keeps the bucket's objects, each as a file. */
  readonly folder: string;
  /** Starts it again where it was stopped. */
  start(): Promise<void>;
  /** Kills it. */
  stop(): void;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

/** Starts a server whose buckets are folders of an empty one. */
export async function startS3(folder: string): Promise<S3Server> {
  mkdirSync(join(folder, 'results'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    ROOT_ACCESS_KEY: CREDENTIALS.AWS_ACCESS_KEY_ID,
    ROOT_SECRET_KEY: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  };
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn(SERVER ?? '', ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', folder], { env, stdio: 'ignore' });
    server = started;
    for (let tried = 0; !(await answers(endpoint)); tried += 1) {
      if (tried > 500 || started.exitCode !== null) throw new Error('the S3 server does not start');
      await sleep(20);
    }
  };
  await start();
  return { endpoint, port, folder: join(folder, 'results'), start, stop: () => void server?.kill('SIGKILL') };
}

/** The bucket of a server as a remote. */
export function bucket(endpoint: string, settings: Readonly<Record<string, unknown>> = {}): Remote {
  return openRemote({
    name: 'team',
    trust: ['ci/'],
    write: 'ci/',
    settings: { bucket: 'results', endpoint, ...settings },
    root: '/',
    environment: {},
  });
}
