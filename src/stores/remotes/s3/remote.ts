import { createHash } from 'node:crypto';
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import {
  type FarPage,
  type OpenRemote,
  type Remote,
  RemoteRefusal,
  type RemoteOpening,
  TooLarge,
  type Wanted,
} from '../../../model/remote.ts';

/** What a server says to who may not, or asks for what is not there, with what to do about it. Asking again would change nothing. */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: 'the credentials need s3:GetObject and s3:ListBucket, to send s3:PutObject, and to remove s3:DeleteObject',
  AuthorizationHeaderMalformed: 'give the region of the bucket: region',
  CredentialsProviderError: 'log in as for the aws command, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ExpiredToken: 'log in again',
  InvalidAccessKeyId: 'the credentials are not those of this server',
  InvalidBucketName: 'correct the bucket',
  NoSuchBucket: 'make the bucket, or correct its name',
  PermanentRedirect: 'give the region of the bucket: region',
  SignatureDoesNotMatch: 'the credentials are not those of this server',
};

/** Milliseconds without a byte after which a try is given up. */
const IDLE = 20_000;

/** A remote in a bucket of S3 or of a server that speaks its language. Credentials are found by the AWS client alone. */
class S3Remote implements Remote {
  readonly name: string;
  readonly trust: readonly string[];
  readonly write: string | undefined;
  private readonly settings: Readonly<Record<string, unknown>>;
  private readonly bucket: string;
  private readonly prefix: string;
  private opened: Promise<Bucket> | undefined;
  private tried: Promise<string | undefined> | undefined;

  constructor({ name, trust, write, settings }: RemoteOpening) {
    this.name = name;
    this.trust = trust;
    this.write = write;
    this.settings = settings;
    this.bucket = String(settings['bucket']);
    const prefix = String(settings['prefix'] ?? '');
    this.prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  }

  /** The client is large: it is loaded when something is first asked. */
  private open(): Promise<Bucket> {
    this.opened ??= import('@aws-sdk/client-s3').then((sdk) => {
      const { endpoint, region, profile, path_style: pathStyle = endpoint !== undefined } = this.settings;
      const client = quietly(
        () =>
          new sdk.S3Client({
            ...(typeof endpoint === 'string' ? { endpoint } : {}),
            ...(typeof region === 'string' ? { region } : endpoint === undefined ? {} : { region: 'us-east-1' }),
            ...(typeof profile === 'string' ? { profile } : {}),
            forcePathStyle: pathStyle === true,
            // Whoever asks tries again.
            maxAttempts: 1,
            requestHandler: { connectionTimeout: IDLE, socketTimeout: IDLE },
            requestChecksumCalculation: 'WHEN_REQUIRED',
            responseChecksumValidation: 'WHEN_REQUIRED',
          }),
      );
      return { client, sdk };
    });
    return this.opened;
  }

  async get(key: string, { most, range }: Wanted, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { client, sdk } = await this.open();
    return unlessMissing(async () => {
      const asked = range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` };
      const command = new sdk.GetObjectCommand({ ...this.place(key), ...asked });
      const answer = await client.send(command, { abortSignal: signal }).catch(nothingBehind);
      if (answer === undefined) return new Uint8Array();
      const { Body: body, ContentLength: length = 0 } = answer;
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
        size += piece.length;
        if (size > most) throw new TooLarge(key, most);
        pieces.push(piece);
      }
      if (size !== length) throw new Error(`${key} broke off after ${size} of ${length} bytes`);
      return Buffer.concat(pieces);
    });
  }

  async size(key: string, signal: AbortSignal): Promise<number | undefined> {
    const { client, sdk } = await this.open();
    return unlessMissing(async () => {
      const { ContentLength: length } = await client.send(new sdk.HeadObjectCommand(this.place(key)), { abortSignal: signal });
      return length;
    });
  }

  async put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const mayOverwrite = (await this.flaw(signal)) !== undefined;
    if (mayOverwrite && (await this.size(key, signal)) !== undefined) return false;
    return this.putOnce(key, bytes, { signal, isAsked: !mayOverwrite });
  }

  private async putOnce(
    key: string,
    bytes: Uint8Array,
    { signal, isAsked }: { readonly signal: AbortSignal; readonly isAsked: boolean },
  ): Promise<boolean> {
    const { client, sdk } = await this.open();
    const command = new sdk.PutObjectCommand({
      ...this.place(key),
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
      ...(isAsked ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await client.send(command, { abortSignal: signal });
      return true;
    } catch (error) {
      if (statusOf(error) === 412) return false;
      throw told(error);
    }
  }

  async list(prefix: string, from: string | undefined, signal: AbortSignal): Promise<FarPage> {
    const { client, sdk } = await this.open();
    const after = from === undefined ? {} : { StartAfter: `${this.prefix}${from}` };
    const command = new sdk.ListObjectsV2Command({ Bucket: this.bucket, Prefix: `${this.prefix}${prefix}`, ...after });
    const page = await client.send(command, { abortSignal: signal }).catch(rethrown);
    const objects = (page.Contents ?? []).map(({ Key: key = '', Size: size = 0, LastModified: time }) => ({
      key: key.slice(this.prefix.length),
      size,
      modified: time?.getTime() ?? 0,
    }));
    const ours = objects.filter(({ key }) => key !== this.probeKey);
    return { objects: ours, next: page.IsTruncated === true ? objects.at(-1)?.key : undefined };
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const { client, sdk } = await this.open();
    const objects = keys.map((key) => ({ Key: `${this.prefix}${key}` }));
    const command = new sdk.DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects: objects, Quiet: true } });
    const { Errors: [first] = [] } = await client.send(command, { abortSignal: signal }).catch(rethrown);
    if (first !== undefined) throw told(Object.assign(new Error(first.Message), { name: first.Code }));
  }

  /** Whether the server keeps to `If-None-Match: *` is found out by a probe, once. */
  flaw(signal: AbortSignal): Promise<string | undefined> {
    this.tried ??= this.probe(signal).catch((error: unknown) => {
      this.tried = undefined;
      throw error;
    });
    return this.tried;
  }

  /** It stands in no list. */
  private get probeKey(): string {
    return `${this.write ?? ''}probe`;
  }

  private async probe(signal: AbortSignal): Promise<string | undefined> {
    const put = (): Promise<boolean> => this.putOnce(this.probeKey, Buffer.from('whether it is overwritten'), { signal, isAsked: true });
    try {
      // It stays: the next one is refused at once.
      return (await put()) && (await put()) ? OVERWRITES : undefined;
    } catch (error) {
      if (statusOf((error as Error).cause) === 501) return OVERWRITES;
      throw error;
    }
  }

  private place(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: `${this.prefix}${key}` };
  }
}

/** The client, and the module that it is from. */
interface Bucket {
  readonly client: S3Client;
  readonly sdk: typeof import('@aws-sdk/client-s3');
}

const OVERWRITES = 'does not keep to If-None-Match: of two who send the same result at the same moment one may overwrite the other';

/** The variable by which the client leaves out what it says of versions of Node, which is for us to know. */
const SILENCE = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

function quietly<Value>(make: () => Value): Value {
  const before = process.env[SILENCE];
  process.env[SILENCE] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[SILENCE];
    else process.env[SILENCE] = before;
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as Partial<S3ServiceException> | undefined)?.$metadata?.httpStatusCode;
}

/** What a question gives; undefined where there is no such object. */
async function unlessMissing<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { name } = error as Error;
    if (error instanceof TooLarge) throw error;
    if (name === 'NoSuchKey' || (statusOf(error) === 404 && name !== 'NoSuchBucket')) return undefined;
    throw told(error);
  }
}

/** An object ends before what is wanted of it begins. */
function nothingBehind(error: unknown): undefined {
  if (statusOf(error) !== 416) throw error;
}

function rethrown(error: unknown): never {
  throw told(error);
}

/** What says nothing: the name of every error, and what the client calls an answer without a sentence. */
const NOTHING_SAID: ReadonlySet<string> = new Set(['', 'Error', 'Unknown', 'UnknownError']);

/** What went wrong, in words that hold no credentials: the name and the sentence, nothing else that the server answered. */
function told(error: unknown): Error {
  const { name, message } = error as Error;
  const code = statusOf(error) === 403 && REFUSALS[name] === undefined ? 'AccessDenied' : name;
  const hint = /region is missing/i.test(message) ? 'give the region of the bucket: region' : REFUSALS[code];
  const said = [code, message].filter((part, index, all) => !NOTHING_SAID.has(part) && all.indexOf(part) === index).join(': ');
  return hint === undefined ? new Error(said, { cause: error }) : new RemoteRefusal(said, hint);
}

/** Opens a bucket as a remote. */
export const openRemote: OpenRemote = (opening) => new S3Remote(opening);
