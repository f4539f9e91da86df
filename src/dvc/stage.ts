import type { Json, JsonObject } from '../model/json.ts';
import type { Piece } from './template.ts';

/** A path as DVC has it, relative to the folder of `dvc.yaml`, and its line. */
export interface DvcPath {
  readonly path: string;
  readonly pieces: readonly Piece[];
  readonly line: number;
}

/** What a stage writes. */
export interface DvcOutput extends DvcPath {
  readonly kind: 'out' | 'metrics' | 'plot';
  /** What DVC is told of it: `cache`, `persist`, `remote`, `x`, `y`, … */
  readonly settings: JsonObject;
}

/** Params that a stage reads from a file; without keys the whole file. */
export interface DvcParams {
  /** Relative to the folder of `dvc.yaml`. */
  readonly file: string;
  readonly keys: readonly string[] | undefined;
  readonly line: number;
}

/** The values that a stage of a `foreach` or `matrix` was made with, by the names by which it refers to them. */
export interface DvcPoint {
  readonly kind: 'foreach' | 'matrix';
  readonly key: string;
  readonly values: JsonObject;
}

/** A stage as DVC runs it, all references filled in. */
export interface DvcStage {
  /** As DVC names it: `train`, or `train@us`. */
  readonly name: string;
  /** As `dvc.yaml` names it. */
  readonly group: string;
  readonly point?: DvcPoint;
  readonly line: number;
  readonly commands: readonly (readonly Piece[])[];
  /** Whether its command is a list. */
  readonly isList: boolean;
  /** Relative to the folder of `dvc.yaml`. */
  readonly folder: string;
  readonly deps: readonly DvcPath[];
  readonly outs: readonly DvcOutput[];
  readonly params: readonly DvcParams[];
  readonly isFrozen: boolean;
  readonly isAlwaysChanged: boolean;
  readonly about: string | undefined;
  /** References that only this stage knows, beside those of the whole file. */
  readonly own: readonly string[];
}

/** Something to know of what was taken over, and where it stands in DVC's file. */
export interface Note {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** The stage could not be converted. */
  readonly isLost?: true;
}

/** A `dvc.yaml` with all stages that it makes. */
export interface DvcPipeline {
  readonly stages: readonly DvcStage[];
  /** Metrics and plots that stand beside the stages. */
  readonly metrics: readonly DvcPath[];
  readonly plots: readonly { readonly name: string; readonly settings: Json; readonly line: number }[];
  /** Files whose values texts may refer to, relative to the folder of `dvc.yaml`. */
  readonly valueFiles: readonly string[];
  /** Values that `dvc.yaml` itself gives. */
  readonly values: JsonObject;
  /** All of them together. */
  readonly all: JsonObject;
  readonly notes: readonly Note[];
}
