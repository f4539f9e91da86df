import { isDigest } from '../model/canonical.ts';
import { namedFacts } from '../model/facts.ts';
import { installation } from '../model/installation.ts';
import type { Instance, Pipeline, Source } from '../model/pipeline.ts';
import type { Snapshot } from '../model/store.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { PackageIngredient } from '../model/result.ts';
import type { RunRecord } from '../model/run.ts';
import type { Code } from '../code/stage-code.ts';
import { prepare, type Surroundings } from './fingerprint.ts';
import { History } from './history.ts';
import { ingredientOf, installedIngredient, installedPackage } from '../code/packages.ts';
import type { NodePlan, Plan } from './plan.ts';
import { instanceOf } from './recipe.ts';

/** Something recorded of a run that is otherwise here and now. */
export interface FactDifference {
  /** For example `machine cpu`, `package sharp of data`. */
  readonly what: string;
  readonly recorded: string;
  readonly now: string;
}

/** A source of a recorded run, found again by its content. */
export interface FoundSource {
  readonly source: Source;
  readonly snapshot: Snapshot;
}

/** A plan that executes a recorded run again, and what is otherwise than it was then. */
export interface ReproductionPlan {
  readonly plan: Plan;
  readonly differences: readonly FactDifference[];
}

/** The nodes of a recorded run as instances, producers before consumers. */
export function recordedInstances(record: RunRecord): Outcome<readonly Instance[]> {
  const instances: Instance[] = [];
  for (const [name, node] of Object.entries(record.nodes)) {
    if (node.recipe === undefined)
      return failed({
        kind: 'usage',
        code: 'record-too-old',
        message: `the run ${record.id} does not say how ${name} was done`,
        hint: 'an earlier Stillroom wrote it: run its pipeline again',
      });
    instances.push(instanceOf(name, node, node.recipe));
  }
  return done(instances);
}

/**
 * Plans to do a recorded run again in an empty store that already holds its code and kept sources. Code, params and wiring come from the
 * record; packages with native code from the project, then from Stillroom's installation. Fails with what is missing.
 */
export async function planReproduction(
  record: RunRecord,
  instances: readonly Instance[],
  found: ReadonlyMap<string, FoundSource>,
  surroundings: Surroundings,
): Promise<Outcome<ReproductionPlan>> {
  const executor = await surroundings.executors.get();
  if (!executor.ok) return executor;
  const problems: Problem[] = [];
  const differences: FactDifference[] = [];
  const codeOf = (instance: Instance): Outcome<Code> => recordedCode(instance, record, surroundings.root, differences);
  const nodes = new Map<string, NodePlan>();
  for (const instance of instances) {
    const prepared = await prepare(instance, { ...surroundings, codeOf });
    if (!prepared.ok) {
      problems.push(...prepared.problems);
      continue;
    }
    const { recipe } = record.nodes[instance.name] ?? {};
    const { work } = prepared.value.own;
    if (recipe?.work.kind === 'command' && work.kind === 'command') {
      differences.push(...memberDifferences('tool', recipe.work.toolDigests, work.tools));
      const [before, now] = [recipe.work.environmentHeld, work.environment];
      if (before !== undefined && now !== undefined)
        differences.push(
          ...memberDifferences('', { Python: before.python }, { Python: now.python }),
          ...memberDifferences('package', before.packages, now.packages),
        );
    }
    nodes.set(instance.name, {
      prepared: prepared.value,
      action: 'run',
      cause: 'it is done again from its record',
      differences: [],
      settled: undefined,
    });
  }
  if (problems.length > 0) return failed(...problems);
  const pipeline: Pipeline = {
    name: record.pipeline,
    file: record.file,
    root: surroundings.root,
    params: record.params,
    sources: Object.fromEntries([...found].map(([name, { source }]) => [name, source])),
    instances,
    show: record.show ?? [],
    ...(record.plots === undefined ? {} : { plots: record.plots }),
  };
  const { facts } = executor.value;
  const now = { platform: facts.platform, machine: facts.machine, engines: facts.engines };
  differences.push(...memberDifferences('', namedFacts(record.facts), namedFacts(now)));
  return done({
    plan: {
      request: { pipeline, surroundings, forced: new Set(), only: undefined },
      executor: executor.value,
      nodes,
      snapshots: new Map([...found].map(([name, { snapshot }]) => [name, snapshot])),
      history: new History(surroundings.store, record.pipeline),
    },
    differences: differences.filter(
      (one, index) => differences.findIndex(({ what, now: other }) => what === one.what && other === one.now) === index,
    ),
  });
}

/** A stage's code as it was recorded, with its packages as they are installed now. */
function recordedCode(instance: Instance, record: RunRecord, root: string, differences: FactDifference[]): Outcome<Code> {
  const { code = '', recipe } = record.nodes[instance.name] ?? {};
  const recorded = recipe?.work.kind === 'stage' ? recipe.work.packages : {};
  const packages: Record<string, PackageIngredient> = {};
  const packageFolders: Record<string, string> = {};
  for (const [name, { version, integrity }] of Object.entries(recorded)) {
    const folder = installedPackage(name, root) ?? installedPackage(name, installation);
    if (folder === undefined)
      return failed({
        kind: 'stage',
        code: 'missing-package',
        message: `${instance.name} needs the package ${name} ${version}, which is installed neither here nor with Stillroom`,
        hint: `npm install ${name}@${version}`,
      });
    const installed = installedIngredient(folder);
    if (!installed.ok) return installed;
    const now = ingredientOf(installed.value);
    if (now.version !== version) differences.push({ what: `package ${name}`, recorded: version, now: now.version });
    else if (now.integrity !== integrity)
      differences.push({
        what: `package ${name} ${version}, or what it depends on`,
        recorded: integrity.slice(0, 12),
        now: now.integrity.slice(0, 12),
      });
    packages[name] = now;
    packageFolders[name] = folder;
  }
  return done({ digest: code, packages, packageFolders });
}

function memberDifferences(
  what: string,
  recorded: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): FactDifference[] {
  const brief = (text = 'none'): string => (isDigest(text) ? text.slice(0, 12) : text);
  return [...new Set([...Object.keys(recorded), ...Object.keys(now)])]
    .filter((name) => recorded[name] !== now[name])
    .map((name) => ({ what: `${what} ${name}`.trim(), recorded: brief(recorded[name]), now: brief(now[name]) }));
}
