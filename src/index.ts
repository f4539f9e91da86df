import type { InputPort, Metric, OutputPort, Stage, Work } from './model/stage.ts';
import type { Param } from './model/params.ts';

export { param } from './model/params.ts';
export type { Choice, Param } from './model/params.ts';
export type { Json, JsonObject } from './model/json.ts';
export type {
  Checkpoint,
  Element,
  InputKind,
  InputPort,
  Kind,
  Metric,
  OutputPort,
  Resources,
  Stage,
  Thread,
  ThreadContext,
  ThreadWork,
  Work,
  WorkContext,
} from './model/stage.ts';

/** Declares a stage (the default export of `stage.ts`); everything that its work may touch is inferred from it. */
export function defineStage<
  const Params extends Readonly<Record<string, Param<unknown, unknown>>>,
  const Inputs extends Readonly<Record<string, InputPort>>,
  const Outputs extends Readonly<Record<string, OutputPort>>,
  const Metrics extends Readonly<Record<string, Metric>>,
>(stage: Stage<Params, Inputs, Outputs, Metrics>): Stage<Params, Inputs, Outputs, Metrics> {
  return stage;
}

/** Types a stage's work (the default export of `run.ts`): `export default work<typeof stage>(async ({ params }) => …)`. */
export function work<Declaration extends Stage>(run: Work<Declaration>): Work<Declaration> {
  return run;
}
