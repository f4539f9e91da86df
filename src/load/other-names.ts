/** What other runners call the keys of a file, by what they are called here. */
const OF_FILE: Readonly<Record<string, string>> = {
  stages: 'nodes node jobs job steps step tasks task rules rule pipeline graph dag workflow processes',
  params: 'parameters variables vars var config settings args arguments hyperparameters defaults',
  sources: 'data dataset datasets inputs input source_data artifacts',
  name: 'title id pipeline_name',
  about: 'description desc summary help doc',
  show: 'metrics outputs output print results report summary',
  plots: 'plot charts chart figures graphs',
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

/** The same for bounds of conditions and constraints, and for ranges of a sweep. */
const OF_BOUNDS: Readonly<Record<string, string>> = {
  above: 'gt greater more over larger',
  below: 'lt less under smaller',
  min: 'gte ge least minimum at_least lower',
  max: 'lte le most maximum at_most upper',
  not: 'ne neq unequal is_not',
};
const OF_RANGE: Readonly<Record<string, string>> = {
  from: 'min minimum low lower start begin',
  to: 'max maximum high upper end stop',
  steps: 'step num count n points',
  values: 'choices choice options list value',
  log: 'logarithmic scale log_scale',
};

/** The same for the environment of a command. */
const OF_ENVIRONMENT: Readonly<Record<string, string>> = {
  python: 'requirements requirements_txt pip packages dependencies lock uv file from',
  venv: 'virtualenv virtual_env env folder path dir',
  version: 'python_version interpreter',
};

function inverted(names: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(names).flatMap(([own, others]) => others.split(' ').map((other) => [other, own] as const)));
}

const tables = {
  file: inverted(OF_FILE),
  node: inverted(OF_NODE),
  bounds: inverted(OF_BOUNDS),
  range: inverted(OF_RANGE),
  environment: inverted(OF_ENVIRONMENT),
};

/** Mappings whose keys have other names elsewhere. */
export type Level = keyof typeof tables;

/** What is called by another name here, among the keys of a mapping. */
export function ownName(other: string, of: Level): string | undefined {
  return tables[of].get(other.toLowerCase().replaceAll('-', '_'));
}
