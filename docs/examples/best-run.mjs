// Runs a pipeline with three values of a param, then finds the best run and says what differs from the first.
//
//   node best-run.mjs pipeline.yaml size words.count
import { openProject } from 'stillroom/project';

const [file = 'pipeline.yaml', param = 'size', metric = 'words.count'] = process.argv.slice(2);
const project = openProject();

/**
 * The value of an outcome; problems end the script.
 * @template Value
 * @param {import('stillroom/project').Outcome<Value>} outcome
 * @returns {Value}
 */
function value(outcome) {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.problems.map(({ message, hint }) => `${message} (${hint ?? 'no hint'})`).join('\n'));
}

// A plan says what a run would do, and why.
const plan = value(await project.plan(file, { set: [`${param}=1`] }));
for (const { node, action, cause } of plan.nodes) console.log(`plan: ${node} ${action}: ${cause}`);

// A run is a promise of its result; it can be looped over for its events meanwhile.
const runs = [];
for (const number of [1, 2, 3]) {
  const running = project.run(file, { set: [`${param}=${number}`] });
  for await (const event of running) {
    if (event.type === 'node-ended') console.log(`${param}=${number}: ${event.node} ${event.outcome.state}`);
  }
  const { record } = value(await running);
  if (record.state !== 'done') throw new Error(`the run ${record.id} is ${record.state}`);
  runs.push(record.id);
}

// What has run can be asked: by id, hash, tag, @latest or @best:<metric>.
const best = value(await project.records.find(`@best:${metric}`));
const [row] = value(await project.records.list({ sort: `-${metric}`, limit: 1 }));
console.log(`best: ${metric} = ${row?.metrics[metric]} with ${param} = ${best.params[param]}`);
const { runs: compared } = value(await project.records.compare([runs[0] ?? '@latest', best.id]));
for (const { difference } of compared)
  for (const { node, metric: name, from, to } of difference.metrics) console.log(`${node}.${name}: ${from} → ${to}`);
project.close();
