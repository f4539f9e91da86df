import type { JsonObject } from '../model/json.ts';
import type { SweepResult, SweepSpec, VariantParams } from '../model/sweep.ts';
import { outlineOf } from '../model/sweep-journal.ts';
import { readJournal } from './journal.ts';
import { strategies } from './strategies.ts';
import { resultOf } from './trials.ts';

/** A sweep as its journal tells it. */
export interface RecordedSweep {
  readonly pipeline: string;
  /** The pipeline file as the command named it. */
  readonly file: string;
  /** The `--set` options that held for all variants. */
  readonly set: readonly string[];
  readonly result: SweepResult;
  /** How many trials there were to be, where that is known. */
  readonly planned: number | undefined;
}

/** What a journal says that its sweep was asked; former Stillrooms left `base` out. */
interface Asked {
  readonly pipeline: string;
  readonly file: string;
  readonly set: readonly string[];
  readonly spec: SweepSpec;
  readonly base?: VariantParams;
}

function isAsked(asked: JsonObject): asked is JsonObject & Asked {
  const { pipeline, file, set, spec } = asked;
  return typeof pipeline === 'string' && typeof file === 'string' && Array.isArray(set) && spec !== null && typeof spec === 'object';
}

/** A sweep from the lines of its journal; undefined where they are none of this format. */
export function recordedSweep(id: string, lines: readonly unknown[]): RecordedSweep | undefined {
  const journal = readJournal(lines);
  const outline = outlineOf(lines);
  if (journal === undefined || outline === undefined || !isAsked(journal.asked)) return undefined;
  const { pipeline, file, set, spec, base = {} } = journal.asked;
  const { started, window } = journal;
  const planned = strategies[spec.strategy]?.count({ spec, base, window, started });
  return { pipeline, file, set, planned, result: resultOf(id, started, spec, outline.isOver ? 'done' : 'stopped') };
}
