import type { JsonObject } from './json.ts';
import type { InputPort, Metric, Resources } from './stage.ts';

/** A param as planning sees it. */
export interface ParamDeclaration {
  readonly schema: JsonObject;
  readonly optional: boolean;
  readonly modules?: string;
  readonly budget?: true;
}

/** What an output port holds: files keep their suffix, measured outputs are never hashed. */
export interface OutputDeclaration {
  readonly kind: 'dir' | 'file';
  /** With its dot, or empty. */
  readonly suffix: string;
  readonly measured: boolean;
}

/** `stage.ts` as JSON: what the parent process knows of a stage without loading its work. */
export interface Declaration {
  readonly about: string;
  readonly params: Readonly<Record<string, ParamDeclaration>>;
  readonly inputs: Readonly<Record<string, InputPort>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly resources: Resources;
  readonly measures?: 'machine';
  /** The file of the work, as `stage.ts` names it: `./run.ts`. */
  readonly run: string;
}
