import type { JsonObject } from './json.ts';
import type { OutputPlot } from './plot.ts';
import type { InputKind, Metric, Resources } from './stage.ts';

/** A param as planning sees it. */
export interface ParamDeclaration {
  readonly schema: JsonObject;
  readonly optional: boolean;
  /** The folder that it chooses from: its value is `{ name, …params of that choice }`. */
  readonly modules?: string;
  /** Of a group: its members. Of a choice: what every choice is told. */
  readonly params?: ParamDeclarations;
  readonly budget?: true;
}

/** Params by name, as planning sees them. */
export type ParamDeclarations = Readonly<Record<string, ParamDeclaration>>;

/** What a declaration says of the network: only what it allows. */
export function networkOf({ network }: { readonly network?: true }): { readonly network?: true } {
  return network === true ? { network } : {};
}

/** What an output port holds: files keep their suffix, measured outputs are never hashed. */
export interface OutputDeclaration {
  readonly kind: 'dir' | 'file';
  /** With its dot, or empty. */
  readonly suffix: string;
  readonly measured: boolean;
  /** How it is drawn, where the pipeline says so. Never hashed. */
  readonly plot?: OutputPlot;
}

/** `stage.ts` as JSON: what the parent process knows of a stage without loading its work. */
export interface Declaration {
  readonly about: string;
  readonly params: ParamDeclarations;
  /** Names that params had before, each with the dotted name that it has now. */
  readonly former?: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, InputKind>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
  /** What ports are about, as far as the stage says it: nothing of it is hashed. */
  readonly portsAbout?: { readonly inputs: Readonly<Record<string, string>>; readonly outputs: Readonly<Record<string, string>> };
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly resources: Resources;
  readonly measures?: 'machine';
  readonly network?: true;
  /** The file of the work, as `stage.ts` names it: `./run.ts`. */
  readonly run: string;
}
