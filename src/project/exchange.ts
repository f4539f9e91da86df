import { setMaxListeners } from 'node:events';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Remote } from '../model/remote.ts';
import type { RunNode } from '../model/run.ts';
import type { Errand, Payload } from '../model/store.ts';
import type { Context } from './context.ts';
import { howToDeclare, openAllRemotes } from './remotes.ts';

/** How something is exchanged with remotes, and watched. */
export interface ExchangeOptions {
  /** Told what went wrong on the way, which need not be in the end. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Told how many bytes have travelled. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Aborted: nothing more is sent or fetched. */
  readonly signal?: AbortSignal | undefined;
}

/** What is asked of remotes with such options. */
export function errandOf({ onNotice, signal = new AbortController().signal }: ExchangeOptions): Errand {
  setMaxListeners(0, signal);
  return { signal, notice: (message) => onNotice?.(message) };
}

/** Counts the bytes of a payload as they are read. */
export function metered({ size, bytes }: Payload, onBytes: (bytes: number) => void): Payload {
  return {
    size,
    async *bytes() {
      for await (const piece of bytes()) {
        onBytes(piece.length);
        yield piece;
      }
    },
  };
}

/** Something that did not come out in a remote. */
export function notThere(message: string, hint: string): Problem {
  return { kind: 'store', code: 'remote-failed', message, hint };
}

/** The remotes that were named, or else all that are declared. */
export async function remotesMeant(context: Context): Promise<Outcome<readonly Remote[]>> {
  if (context.hasRemotes) return context.openRemotes();
  const opened = await openAllRemotes(context);
  if (!opened.ok || opened.value.length > 0) return opened;
  const message = 'no remote is declared';
  return failed({ kind: 'usage', code: 'unknown-remote', message, hint: howToDeclare('team') });
}

/** Those of them that may be written to: one where none was named. */
export async function writableRemotes(context: Context): Promise<Outcome<readonly Remote[]>> {
  const meant = await remotesMeant(context);
  if (!meant.ok) return meant;
  const writable = meant.value.filter(({ write }) => write !== undefined);
  const only = meant.value.find(({ write }) => write === undefined);
  const refuse = (message: string, hint: string): Outcome<never> => failed({ kind: 'usage', code: 'bad-option', message, hint });
  if (only !== undefined && (context.hasRemotes || writable.length === 0))
    return refuse(`the remote ${only.name} is only read`, 'say in stillroom.yaml where results are sent to, such as write: ci/');
  if (writable.length > 1 && !context.hasRemotes)
    return refuse('say which remote', `name one of ${writable.map(({ name }) => name).join(', ')}: --remote ${writable[0]?.name}`);
  return done(writable);
}

/** Whether the result of a node holds on other machines too. */
export function travels({ fingerprint, outputs = {}, metrics = {}, recipe, disturbed }: RunNode): boolean {
  if (fingerprint === undefined || recipe === undefined || recipe.measures || disturbed !== undefined) return false;
  return ![...Object.values(outputs), ...Object.values(metrics)].some(({ measured }) => measured);
}
