import { type OpenRemote, type Remote, type RemoteOpening, RemoteRefusal, TooLarge, type Wanted } from '../../../model/remote.ts';

/** Answers that would be the same if they were asked for again. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'correct the url',
  401: 'name the environment variable that holds a token: token',
  403: 'ask for the right to read there, or name the variable that holds a token: token',
  405: 'correct the url',
};

/** Bytes are wanted as they lie there: what is compressed on the way has another length. */
const IDENTITY = { 'Accept-Encoding': 'identity' };

/** A remote that is read over HTTP or HTTPS, as a folder or bucket that a web server shows. */
class HttpRemote implements Remote {
  readonly name: string;
  readonly trust: readonly string[];
  readonly write = undefined;
  private readonly url: string;
  private readonly token: string | undefined;

  constructor({ name, trust, settings, environment }: RemoteOpening) {
    this.name = name;
    this.trust = trust;
    this.url = String(settings['url']).replace(/\/*$/, '/');
    const { token } = settings;
    this.token = typeof token === 'string' ? environment[token] : undefined;
  }

  async get(key: string, { most, range }: Wanted, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const response = await this.ask(key, signal, range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` });
    if (response === undefined) return undefined;
    // It ends before what is wanted of it begins.
    if (response.status === 416) return new Uint8Array();
    // A server need not know ranges: then all of the object comes.
    const [skip, end] = response.status === 206 || range === undefined ? [0, most] : range;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (response.status === 200 && range !== undefined && size >= end) {
        pieces.push(piece);
        break;
      }
      if (size > Math.max(most, end)) throw new TooLarge(key, most);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).subarray(skip, end);
  }

  async size(key: string, signal: AbortSignal): Promise<number | undefined> {
    const response = await this.ask(key, signal, {}, 'HEAD');
    return response === undefined ? undefined : Number(response.headers.get('content-length') ?? 0);
  }

  put(): Promise<boolean> {
    return Promise.reject(new RemoteRefusal('it is only read', 'a remote of the kind s3 or folder can be written to'));
  }

  delete(): Promise<void> {
    return Promise.reject(new RemoteRefusal('it is only read', 'remove things where they are kept'));
  }

  private async ask(
    key: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>>,
    method = 'GET',
  ): Promise<Response | undefined> {
    const path = key.split('/').map(encodeURIComponent).join('/');
    const authorization = this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.url}${path}`, { method, signal, headers: { ...IDENTITY, ...headers, ...authorization } }).catch(
      reason,
    );
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 416) return response;
    if (response.status === 404 || response.status === 410) return undefined;
    const said = `the server answers ${response.status} ${response.statusText}`.trimEnd();
    const hint = REFUSALS[response.status];
    throw hint === undefined ? new Error(said) : new RemoteRefusal(said, hint);
  }
}

/** `fetch` says only that it failed; why stands in the cause. */
function reason(error: unknown): never {
  const { cause } = error as Error;
  throw cause instanceof Error && cause.message !== '' ? new Error(cause.message) : error;
}

/** Opens an address as a remote. */
export const openRemote: OpenRemote = (opening) => new HttpRemote(opening);
