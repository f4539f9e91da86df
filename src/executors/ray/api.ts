import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isObject, parseJson } from '../../files/json.ts';
import type { JsonObject } from '../../model/json.ts';
import type { RaySettings } from './ray-settings.ts';

/** What a server answered; a status of 0: nothing, and `text` says why. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What Ray says of a job: a hint, never the truth. */
export interface Word {
  /** As Ray names it: PENDING, RUNNING, STOPPED, SUCCEEDED, FAILED. */
  readonly state: string;
  /** Why, in Ray's words; a traceback at times. */
  readonly message: string;
  /** What kind of failure it was, as Ray names it; empty: none, or an older Ray. */
  readonly failure: string;
  /** How its program ended, where Ray knows. */
  readonly code: number | undefined;
}

/** Milliseconds after which a server that does not answer is given up. */
const PATIENCE = 30_000;

/** Characters of an answer that are read: none that is of use has more. */
const MOST = 16 * 1024 * 1024;

function reasonOf({ name, message, code }: NodeJS.ErrnoException): string {
  if (name === 'TimeoutError') return `it gave no answer within ${PATIENCE / 1000} s`;
  return message || (code ?? 'it gave no answer');
}

/** States in which nothing of a job runs any more. */
const OVER: ReadonlySet<string> = new Set(['STOPPED', 'SUCCEEDED', 'FAILED']);

/** Whether a job has ended, as Ray sees it. */
export function isOver(word: Word | undefined): word is Word {
  return word !== undefined && OVER.has(word.state);
}

function wordOf(text: string): Word | undefined {
  const job = parseJson(text, isObject);
  if (job === undefined || typeof job['status'] !== 'string') return undefined;
  const { status, message, error_type: failure, driver_exit_code: code } = job;
  return {
    state: status,
    message: typeof message === 'string' ? message : '',
    failure: typeof failure === 'string' ? failure : '',
    code: typeof code === 'number' ? code : undefined,
  };
}

/**
 * Ray's interface for jobs. It is spoken to by plain requests of Node: what `fetch` sends makes Ray take it for a browser, and refuse it.
 * Nothing here throws.
 */
export class RayApi {
  readonly address: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor({ address, headers }: Pick<RaySettings, 'address' | 'headers'>) {
    this.address = address;
    this.headers = headers;
  }

  /** What it says of its version. */
  version(): Promise<Answer> {
    return this.ask('GET', '/api/version');
  }

  submit(job: JsonObject): Promise<Answer> {
    return this.ask('POST', '/api/jobs/', job);
  }

  /** What it says of a job; `unknown`: it knows none of that name. A status: it did not answer as Ray does. */
  async job(id: string): Promise<Word | 'unknown' | Answer> {
    const answer = await this.ask('GET', `/api/jobs/${id}`);
    if (answer.status === 404 && answer.text.includes('does not exist')) return 'unknown';
    const word = answer.status === 200 ? wordOf(answer.text) : undefined;
    return word ?? answer;
  }

  stop(id: string): Promise<Answer> {
    return this.ask('POST', `/api/jobs/${id}/stop`);
  }

  /** Has it forget a job that has ended. */
  forget(id: string): Promise<Answer> {
    return this.ask('DELETE', `/api/jobs/${id}`);
  }

  /** What a job printed, as far as Ray still has it; empty: it has not. */
  async log(id: string): Promise<string> {
    const { status, text } = await this.ask('GET', `/api/jobs/${id}/logs`);
    const answer = status === 200 ? parseJson(text, isObject) : undefined;
    return typeof answer?.['logs'] === 'string' ? answer['logs'] : '';
  }

  /** What each of its machines has, by Ray's names (`CPU`, `GPU`, `memory`, …); undefined: it does not say. */
  async machines(): Promise<readonly Readonly<Record<string, number>>[] | undefined> {
    const { status, text } = await this.ask('GET', '/api/v0/nodes?limit=10000');
    const answer = status === 200 ? parseJson(text, isObject) : undefined;
    const data = isObject(answer?.['data']) ? answer['data']['result'] : undefined;
    const nodes: unknown = isObject(data) ? data['result'] : undefined;
    if (!Array.isArray(nodes)) return undefined;
    const alive = nodes.filter(isObject).filter(({ state }) => state === 'ALIVE');
    return alive.map(({ resources_total: total }) => (isObject(total) ? (total as Readonly<Record<string, number>>) : {}));
  }

  private ask(method: string, path: string, body?: JsonObject): Promise<Answer> {
    const request = this.address.startsWith('https:') ? requestSecure : requestPlain;
    const sent = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      // Older ones fail where a request does not say whose it is.
      'User-Agent': 'stillroom',
      ...this.headers,
      Accept: 'application/json',
      'Content-Length': Buffer.byteLength(sent),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    };
    return new Promise((resolve) => {
      const refuse = (error: NodeJS.ErrnoException): void => resolve({ status: 0, text: reasonOf(error) });
      try {
        const asked = request(`${this.address}${path}`, { method, headers, signal: AbortSignal.timeout(PATIENCE) }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part;
            if (text.length > MOST) response.destroy(new Error('its answer is too long'));
          });
          response.once('error', refuse);
          response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        asked.once('error', refuse);
        asked.end(sent);
      } catch (error) {
        refuse(error as Error);
      }
    });
  }
}
