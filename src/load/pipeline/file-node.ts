import type { Json, JsonObject } from '../../model/json.ts';
import type { FilePlot } from './plots.ts';

/** What a command says of its metrics. */
export interface FileMetrics {
  readonly path?: string;
  readonly goals?: Readonly<Record<string, 'maximize' | 'minimize'>>;
  readonly tolerance?: Readonly<Record<string, number>>;
}

/** The environment of commands. */
export type FileEnvironment =
  | { readonly venv: string }
  | { readonly python: string; readonly version?: string; readonly extras?: readonly string[]; readonly groups?: readonly string[] };

/** A node as the file has it, once it fits the schema. */
export interface FileNode {
  readonly uses?: string;
  readonly run?: string | readonly (string | number)[];
  readonly python?: string | readonly (string | number)[];
  readonly notebook?: string;
  readonly code?: readonly string[];
  /** Variables and their values, or the param that lists them; under `include` and `exclude` lists of points. */
  readonly matrix?: Readonly<Record<string, readonly Json[] | string>>;
  readonly when?: JsonObject;
  readonly in?: Readonly<Record<string, Json>>;
  readonly with?: JsonObject;
  readonly out?: Readonly<Record<string, string | { readonly path: string; readonly measured?: boolean; readonly plot?: FilePlot }>>;
  readonly tools?: readonly (string | { readonly run: string })[];
  readonly metrics?: string | FileMetrics;
  readonly budget?: string;
  readonly confine?: 'project' | 'none';
  readonly environment?: FileEnvironment | 'none';
  readonly measures?: 'machine';
  readonly resources?: { readonly cpu?: number; readonly gpu?: number; readonly memory?: string };
  readonly env?: readonly string[] | Readonly<Record<string, string | { readonly secret: true }>>;
  readonly executor?: string;
  readonly timeout?: string;
  readonly retries?: number;
}
