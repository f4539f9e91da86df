import type { JsonObject } from './json.ts';

/** What is known of an engine where it is set up, beside what else its results depend on. */
export interface EngineFacts extends JsonObject {
  readonly version: string;
  /** The kind of device that it can compute on. */
  readonly device: 'cpu' | 'gpu';
}

/** An engine as one node uses it. All of it is in the node's fingerprint, and the node's process is given these variables. */
export interface EngineUse extends JsonObject {
  /** The kind of device that it computes on: of one that is not the CPU the node has at least one. */
  readonly device: 'cpu' | 'gpu';
  readonly environment: Readonly<Record<string, string>>;
}

/** What computes below a stage: a library that the stage's code reaches through an npm package. */
export interface Engine {
  readonly name: string;
  /** The npm package by which code reaches it. A stage whose bundle imports it depends on the engine. */
  readonly package: string;
  /** What is known of it on this machine; undefined where it is not set up. */
  facts(): EngineFacts | undefined;
  /** How a node with so many threads uses it, where these are its facts. */
  use(threads: number, facts: JsonObject): EngineUse;
  /** A program for Node that loads it, executed in the installation's folder: it fails on a machine that cannot, for its processor or system. */
  readonly trial: string;
  /** What to do where it is not set up and a node wants it; `executor`: which has a set-up of its own, elsewhere. */
  remedy(node: string, executor?: string): string;
}
