import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { suggestion } from '../text/suggestion.ts';
import type { RunRecord } from '../model/run.ts';
import { findRun } from '../records/find.ts';
import { EXIT, fail, printJson } from './problems.ts';
import { pipelineFile } from '../project/context.ts';
import { openProject } from '../project/project.ts';
import { type CommonOptions, openStore, type PlanOptions, projectRoot } from './project.ts';

/** `stillroom why`: names the ingredient that makes a node run, or made it run. */
export async function whyCommand(target: string, node: string | undefined, options: PlanOptions): Promise<number> {
  if (/\.ya?ml$/.test(target) || existsSync(pipelineFile(target, process.cwd()))) return whyPlanned(target, node, options);
  const root = projectRoot(process.cwd());
  const store = openStore(root, options);
  if (!store.ok) return fail(store.problems, options.json === true);
  const [newest] = store.value.runs.all();
  if (node === undefined) {
    if (newest === undefined)
      return fail(
        [{ kind: 'usage', code: 'no-runs', message: 'nothing has run here yet', hint: 'stillroom run pipelines/quickstart.yaml' }],
        options.json === true,
      );
    return whyPlanned(join(root, newest.file), target, options);
  }
  const run = findRun(store.value, target);
  return run.ok ? whyRan(run.value, node, options) : fail(run.problems, options.json === true);
}

async function whyPlanned(file: string, node: string | undefined, options: PlanOptions): Promise<number> {
  const json = options.json === true;
  const planned = await openProject({ ...options, file }).plan(file, options);
  if (!planned.ok) return fail(planned.problems, json);
  const { pipeline, nodes: plan } = planned.value;
  const names = node === undefined ? plan.map((one) => one.node) : instancesNamed(pipeline.instances, node);
  if (names.length === 0)
    return fail(
      [
        {
          kind: 'usage',
          code: 'unknown-node',
          message: `no node is named "${node}"`,
          hint: suggestion(
            node ?? '',
            plan.map((one) => one.node),
          ),
        },
      ],
      json,
    );
  const nodes = plan
    .filter((one) => names.includes(one.node))
    .map(({ node: name, action, cause, changes }) => ({ node: name, action, cause, changes }));
  if (json) printJson({ nodes });
  else {
    for (const { node: name, action, cause, changes } of nodes) {
      process.stdout.write(`${name}: ${action}: ${cause}\n`);
      for (const { what, from, to } of changes) process.stdout.write(`  ${what}: ${from} → ${to}\n`);
    }
  }
  return EXIT.done;
}

function whyRan(record: RunRecord, node: string, options: CommonOptions): number {
  const names = Object.keys(record.nodes).filter((name) => name === node || name.startsWith(`${node}[`));
  if (names.length === 0)
    return fail(
      [
        {
          kind: 'usage',
          code: 'unknown-node',
          message: `the run ${record.id} has no node "${node}"`,
          hint: suggestion(node, Object.keys(record.nodes)),
        },
      ],
      options.json === true,
    );
  const nodes = names.map((name) => ({ node: name, action: record.nodes[name]?.state, cause: record.nodes[name]?.cause, changes: [] }));
  if (options.json === true) printJson({ nodes });
  else for (const one of nodes) process.stdout.write(`${one.node}: ${one.action}: ${one.cause}\n`);
  return EXIT.done;
}
