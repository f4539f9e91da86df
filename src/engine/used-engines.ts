import type { Engine, EngineUse } from '../model/engine.ts';
import type { Executor } from '../model/executor.ts';
import type { Ingredients } from '../model/result.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { Instance } from '../model/pipeline.ts';

const NO_ENGINES: Outcome<Ingredients['engines']> = done({});

/** The engines that an instance reaches, as it uses them where it is executed. */
export function usedEngines(
  instance: Instance,
  reached: readonly Engine[],
  { name: executor, facts, setUp }: Executor,
): Outcome<Ingredients['engines']> {
  if (reached.length === 0) return NO_ENGINES;
  const engines: Record<string, EngineUse> = {};
  const isHere = setUp === undefined;
  for (const engine of reached) {
    const { name } = engine;
    const found = facts.engines[name];
    if (found === undefined)
      return failed({
        kind: 'stage',
        code: 'engine-missing',
        message: `${instance.name} needs the engine ${name}, which is not set up${isHere ? '' : `, or does not work, on the machines of ${executor}`}`,
        hint: engine.remedy(instance.name, isHere ? undefined : executor),
      });
    engines[name] = engine.use(instance.resources.cpu, found);
  }
  return done(engines);
}
