/** What other runners call the keys of a file, by what they are called here. */
const OF_FILE: Readonly<Record<string, string>> = {
  stages: 'nodes node jobs job steps step tasks task rules rule pipeline graph dag workflow processes',
  params: 'parameters variables vars var config settings args arguments hyperparameters defaults',
  sources: 'data dataset datasets inputs input source_data artifacts',
  name: 'title id pipeline_name',
  about: 'description desc summary help doc',
  show: 'metrics plots outputs output print results report summary',
  sweep: 'search tune hyperopt grid experiments experiment',
};

/** The same for the keys of a node. */
const OF_NODE: Readonly<Record<string, string>> = {
  run: 'cmd command commands script shell bash exec execute entrypoint sh code program',
  uses: 'stage use module function func type class plugin step operator',
  in: 'inputs input deps dep dependencies dependency depends depends_on needs need requires from reads after upstream data',
  out: 'outputs output outs artifacts artifact results produces writes saves targets target',
  with: 'params param parameters args arguments vars variables config settings options kwargs set',
  env: 'environment envs env_vars environ secrets',
  matrix: 'foreach for_each for do each strategy grid loop repeat fold folds parameters_matrix',
  when: 'if condition only_if conditional cond enabled skip',
  tools: 'tool binaries programs requirements packages',
  resources: 'cpu cpus threads thread cores core gpu gpus memory mem ram limits requests nproc',
  timeout: 'time time_limit timelimit max_time walltime',
  retries: 'retry attempts max_retries',
  about: 'description desc summary help doc name title',
  metrics: 'metric metrics_file scores',
  executor: 'runner runs_on runs-on host machine queue backend image container',
};

function inverted(names: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(names).flatMap(([own, others]) => others.split(' ').map((other) => [other, own] as const)));
}

const ofFile = inverted(OF_FILE);
const ofNode = inverted(OF_NODE);

/** What is called by another name here: a key of the file, or of a node. */
export function ownName(other: string, of: 'file' | 'node'): string | undefined {
  return (of === 'file' ? ofFile : ofNode).get(other.toLowerCase().replaceAll('-', '_'));
}
