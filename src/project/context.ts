import { join, resolve } from 'node:path';
import type { Executors } from '../model/executor.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { Remote } from '../model/remote.ts';
import type { Store } from '../model/store.ts';
import { systemProblem, type Whereabouts } from '../model/system-failure.ts';
import { PROJECT_FILE, projectExecutors } from './executors.ts';
import { locatePipeline, realFolder } from './pipeline-files.ts';
import { findRoot, type FoundRoot } from './root.ts';
import type { Lock } from '../model/workplace.ts';
import { enterStore } from '../stores/local/presence.ts';
import { openLocalStore } from '../stores/local/store.ts';

/** Which project is meant. */
export interface ProjectOptions {
  /** Where relative paths begin, and from where the project is looked for, upward; default: the current directory. */
  readonly folder?: string | undefined;
  /** A pipeline whose project is meant, where that may be another than the folder's: its file or name. */
  readonly file?: string | undefined;
  /** A store other than the project's `artifacts`. */
  readonly store?: string | undefined;
  /** The executor of all nodes that name none: one of `stillroom.yaml`; default: `local`. */
  readonly executor?: string | undefined;
  /** Far shelves that runs look for results in, in their order, and share their own with: the names of some that `stillroom.yaml` declares, or others. */
  readonly remotes?: readonly (Remote | string)[] | undefined;
  /** The environment that runs see; default: that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** How someone waits for a store. */
export interface EnterOptions {
  /** Aborted: waits no longer. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is waited for, once that has taken a moment. */
  readonly onWait?: ((message: string) => void) | undefined;
}

/** What all that is asked of a project shares. Its store is opened when it is first needed. */
export class Context {
  /** Where relative paths begin, absolute. */
  readonly folder: string;
  /** The project's folder, absolute, and by what it is known. */
  readonly found: FoundRoot;
  readonly environment: Readonly<Record<string, string | undefined>>;
  private readonly storeFolder: string;
  private readonly remotes: readonly (Remote | string)[];
  /** A store with the remotes, once they are opened. */
  private layered: ((store: Store, remotes?: readonly Remote[]) => Store) | undefined;
  private openedRemotes: Promise<Outcome<readonly Remote[]>> | undefined;
  private opened: Store | undefined;
  private entrance: Lock | undefined;
  /** The name of the executor that was chosen. */
  readonly executor: string | undefined;
  /** Tells what is waited for before anything runs. */
  tell: (message: string) => void = () => undefined;
  /** Stops what is waited for before anything runs. */
  signal: AbortSignal | undefined;
  private declared: Promise<Outcome<Executors>> | undefined;

  constructor({ folder = process.cwd(), file, store, executor, remotes = [], environment = process.env }: ProjectOptions) {
    this.folder = realFolder(resolve(folder));
    this.found = file === undefined ? findRoot(this.folder) : locatePipeline(file, this.folder).found;
    this.environment = environment;
    this.remotes = remotes;
    this.executor = executor;
    this.storeFolder = store === undefined ? join(this.root, 'artifacts') : resolve(this.folder, store);
  }

  /** The project's folder, absolute. */
  get root(): string {
    return this.found.root;
  }

  /** The project's store. */
  store(): Outcome<Store> {
    if (this.opened !== undefined) return done(this.opened);
    const store = openLocalStore(this.storeFolder);
    if (!store.ok) return store;
    // What this machine keeps of earlier looks says nothing of runs that others have begun since.
    store.value.runs.lookAnew();
    store.value.sweeps.lookAnew();
    this.opened = this.layered?.(store.value) ?? store.value;
    this.leaveEntrance();
    return done(this.opened);
  }

  /** Whether results are looked for elsewhere too. */
  get hasRemotes(): boolean {
    return this.remotes.length > 0;
  }

  /** Opens the remotes, before the store; nothing of them is loaded where there are none. */
  async openRemotes(): Promise<Outcome<readonly Remote[]>> {
    if (!this.hasRemotes) return done([]);
    this.openedRemotes ??= import('./remotes.ts').then(({ openRemotes }) => openRemotes(this.remotes, this));
    const opened = await this.openedRemotes;
    if (!opened.ok || this.layered !== undefined) return opened;
    const { withRemotes } = await import('../stores/layered/results.ts');
    this.layered = (store, remotes = opened.value) => withRemotes(store, remotes);
    if (this.opened !== undefined) this.opened = this.layered(this.opened);
    return opened;
  }

  /** Another store whose results are looked for in the remotes as well, and shared with none. */
  async lookingInRemotes(store: Store): Promise<Outcome<Store>> {
    const opened = await this.openRemotes();
    if (!opened.ok) return opened;
    const { withRemotes } = await import('../stores/layered/results.ts');
    return done(withRemotes(store, opened.value.map(onlyRead)));
  }

  /** Waits while someone removes things from the store, and keeps others from it until it is opened. */
  async enter({ signal = new AbortController().signal, onWait }: EnterOptions = {}): Promise<void> {
    if (onWait !== undefined) this.tell = onWait;
    if (this.opened !== undefined || this.entrance !== undefined) return;
    try {
      this.entrance = await enterStore(this.storeFolder, { signal, onWait: ({ message }) => onWait?.(message) });
    } catch (error) {
      // What is wrong with the store is told when it is opened.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  private leaveEntrance(): void {
    this.entrance?.release();
    this.entrance = undefined;
  }

  /** Whether a store is the project's own. */
  isOpen(store: Store): boolean {
    return this.opened === store;
  }

  /** Where the project's nodes can be executed. Its `stillroom.yaml` is read when this is first asked. */
  executors(): Promise<Outcome<Executors>> {
    this.declared ??= this.openExecutors(false);
    return this.declared;
  }

  /** The same, opened anew; `isAskedAnew`: their machines are asked what they have, whatever they told before. */
  openExecutors(isAskedAnew: boolean): Promise<Outcome<Executors>> {
    const tell = (message: string): void => this.tell(message);
    const more = { paths: [join(this.root, PROJECT_FILE), this.storeFolder], isAskedAnew, tell, signal: this.signal };
    return projectExecutors(this.root, this.environment, { chosen: this.executor, ...more });
  }

  /** Where the store and the project lie. */
  get places(): Required<Whereabouts> {
    return { store: this.storeFolder, project: this.root };
  }

  /** Does what is asked of the project. What the system refuses meanwhile, such as a full disk, is the problem; any other throw is a bug and stays one. */
  async guarded<Value>(work: () => Outcome<Value> | Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    try {
      return await work();
    } catch (error) {
      const problem = systemProblem(error, this.places);
      if (problem === undefined) throw error;
      return failed(problem);
    }
  }

  /** Does what is asked of the store, as `guarded` does. */
  async withStore<Value>(work: (store: Store) => Outcome<Value> | Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    return this.guarded(async () => {
      await this.enter();
      const store = this.store();
      return store.ok ? work(store.value) : store;
    });
  }

  /** The same for what is to be written to it. */
  async withWritableStore<Value>(work: (store: Store) => Outcome<Value> | Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    return this.withStore((store) => (store.unwritable === undefined ? work(store) : failed(store.unwritable)));
  }

  /** Keeps what was learned, and lets others have the store alone. */
  close(): void {
    this.opened?.flush();
    this.opened?.maintenance.leave();
    this.leaveEntrance();
    this.opened = undefined;
  }
}

/** A remote that nothing is sent to. */
function onlyRead(remote: Remote): Remote {
  return Object.create(remote, { write: { value: undefined } }) as Remote;
}
