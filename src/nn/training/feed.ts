import type { MessagePort } from 'node:worker_threads';
import type { Mixing } from '../mixing/parts/mixing.ts';
import { openDataset } from '../data/dataset.ts';
import type { Sampler } from '../samplers/parts/sampler.ts';
import type { BatchArrays, BatchSource } from './batches.ts';
import { batchMaker, emptyArrays } from './batches.ts';

/** A batch source as plain data: the images by the folder they lie in, the code left to the stage's params `sampling` and `mixing`. */
type BatchPlan = Omit<BatchSource, 'images' | 'sampler' | 'mixing'> & { readonly folder: string };

/** Starts a function in a thread of its own: `thread` of a stage's context. */
export type StartThread = <Data>(
  run: (data: Data, context: { readonly modules: Readonly<Record<string, unknown>>; readonly port: MessagePort }) => void,
  data: Data,
) => { readonly port: MessagePort; close(): Promise<void> };

/** Gives a training its batches. */
export interface Feed {
  /** The batch of a step. The arrays stay as they are until the next call. Steps are best asked for one after the other. */
  next(step: number): Promise<BatchArrays>;
  /** Ends the thread, if there is one. */
  close(): Promise<void>;
}

/** What goes between the feed and its thread, with the buffers handed over: room for the batch of a step, and that batch. */
interface Message {
  readonly step: number;
  readonly arrays: BatchArrays;
}

/** Batches that wait for their step while another one is computed with. */
const AHEAD = 2;

/**
 * Opens the feed of a training. With `start` and images on disk, batches are made ahead in a thread, which must be allowed to run
 * `makeBatches`; else each is made when it is asked for. Both give the same batches.
 */
export function openFeed(source: BatchSource, start?: StartThread): Feed {
  const { images, sampler, mixing, ...plain } = source;
  if (start !== undefined && images.folder !== undefined)
    return feedFromThread(source, start(makeBatches, { ...plain, folder: images.folder }));
  const make = batchMaker(source);
  return { next: async (step) => make(step), close: async () => undefined };
}

/** What the feed's thread does: for each step that it is asked for, in that order, it makes the batch in the arrays that come along. */
export function makeBatches(
  { folder, ...plain }: BatchPlan,
  { modules, port }: { readonly modules: Readonly<Record<string, unknown>>; readonly port: MessagePort },
): void {
  const code = { sampler: modules['sampling'] as Sampler, mixing: modules['mixing'] as Mixing };
  const make = batchMaker({ ...plain, ...code, images: openDataset(folder) });
  port.on('message', ({ step, arrays }: Message) => send(port, { step, arrays: make(step, arrays) }));
}

function send(port: MessagePort, { step, arrays }: Message): void {
  const { images, labels, teacher } = arrays;
  const buffers = [images, labels, ...(teacher === undefined ? [] : [teacher])].map(({ buffer }) => buffer as ArrayBuffer);
  port.postMessage({ step, arrays }, buffers);
}

function feedFromThread(source: BatchSource, thread: ReturnType<StartThread>): Feed {
  const { receive, stop } = receiver(thread.port);
  const spare = Array.from({ length: AHEAD + 1 }, () => emptyArrays(source));
  let given: BatchArrays | undefined;
  let [expected, asked] = [-1, -1];
  return {
    async next(step) {
      if (step !== expected) asked = step;
      expected = step + 1;
      if (given !== undefined) spare.push(given);
      given = undefined;
      for (;;) {
        for (let arrays = spare.pop(); arrays !== undefined; arrays = spare.pop()) send(thread.port, { step: asked++, arrays });
        const made = await receive();
        if (made.step === step) {
          given = made.arrays;
          return given;
        }
        // It was asked for before the training went on elsewhere.
        spare.push(made.arrays);
      }
    },
    async close() {
      stop();
      await thread.close();
    },
  };
}

/** Gives the messages of a port one by one, and rejects once it is stopped. Who started the thread learns of it if the thread fails. */
function receiver(port: MessagePort): { receive(): Promise<Message>; stop(): void } {
  const arrived: Message[] = [];
  let isStopped = false;
  let wake = (): void => undefined;
  port.on('message', (message: Message) => {
    arrived.push(message);
    wake();
  });
  return {
    async receive() {
      for (;;) {
        if (isStopped) throw new Error('The feed of batches is closed.');
        const message = arrived.shift();
        if (message !== undefined) return message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop() {
      isStopped = true;
      wake();
    },
  };
}
