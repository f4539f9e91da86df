import type { Json, JsonObject } from '../model/json.ts';
import type { DvcStage, Note } from './stage.ts';

/** An input as the pipeline file will have it. */
export interface InputDraft {
  readonly port: string;
  /** `node.port`, `$sources.name` or a path relative to the pipeline file. */
  readonly from: string;
  readonly where?: JsonObject;
  /** Where the command sees it; undefined: it is only looked at. */
  readonly at?: string;
  readonly comment?: string;
}

/** An output as the pipeline file will have it. */
export interface OutputDraft {
  readonly port: string;
  /** A folder ends in a slash. */
  readonly path: string;
  readonly plot?: JsonObject;
  readonly comment?: string;
}

/** A node as the pipeline file will have it. */
export interface NodeDraft {
  readonly name: string;
  readonly comments: readonly string[];
  readonly about?: string;
  readonly matrix?: JsonObject;
  readonly run: string;
  readonly inputs: readonly InputDraft[];
  readonly params: readonly (readonly [name: string, value: Json])[];
  readonly outputs: readonly OutputDraft[];
  readonly metrics?: string;
  readonly env: readonly string[];
  readonly tools: readonly Json[];
}

/** A source as the pipeline file will have it. */
export interface SourceDraft {
  readonly path: string;
  readonly obtain?: string;
  readonly links?: 'follow';
}

/** A pipeline file that is still to be written. */
export interface PipelineDraft {
  readonly name: string;
  readonly comments: readonly string[];
  readonly paramFiles: readonly string[];
  readonly params: JsonObject;
  readonly sources: ReadonlyMap<string, SourceDraft>;
  readonly nodes: readonly NodeDraft[];
  readonly plots: JsonObject;
}

/** A port of a node, and what DVC knows of it. */
export interface MadeOutput {
  readonly stage: DvcStage;
  readonly node: string;
  readonly port: string;
  /** The point of the node's matrix at which the stage makes it. */
  readonly point: JsonObject | undefined;
  readonly isFolder: boolean;
  /** Relative to the folder of `dvc.yaml`. */
  readonly path: string;
}

/** Collects what is to be known of what was taken over. */
export class Notes {
  readonly all: Note[] = [];
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Adds one, unless it says what an earlier one of the same line does. */
  add(line: number, message: string, file = this.file): void {
    if (!this.all.some((one) => one.line === line && one.message === message)) this.all.push({ file, line, message });
  }
}

/** Gives names of the letters that are allowed, each only once. */
export class FreshNames {
  private readonly taken = new Set<string>();
  private readonly joint: string;

  /** `joint`: what stands between words. */
  constructor(joint: '_' | '-', taken: Iterable<string> = []) {
    this.joint = joint;
    for (const one of taken) this.taken.add(one);
  }

  /** A name like this one. */
  make(like: string): string {
    const plain = like
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, this.joint)
      .replaceAll(/[-_]+/g, (found) => (this.joint === '_' || found.includes('-') ? this.joint : found))
      .replaceAll(/^[-_0-9]+|[-_]+$/g, '');
    const base = plain === '' ? 'it' : plain.slice(0, 100);
    let name = base;
    for (let count = 2; this.taken.has(name); count += 1) name = `${base}${this.joint}${count}`;
    this.taken.add(name);
    return name;
  }
}
