import { executorKinds, settingsOf } from '../../src/executors/kinds.ts';
import { sentence } from '../../src/load/editor.ts';
import { joinedPlotSchema, outputPlotSchema } from '../../src/load/pipeline/plot-schema.ts';
import { pipelineSchema } from '../../src/load/pipeline/schema.ts';
import { projectSchema } from '../../src/load/project/schema.ts';
import { sweepSchema } from '../../src/load/sweep/schema.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { remoteKinds, remoteSettingsOf } from '../../src/stores/remotes/kinds.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { defaultOf, inner, type Schemas, table, valuesOf } from './words.ts';

/** A table of the keys of a mapping. */
function keys(schema: JsonObject): string[] {
  const required = (schema['required'] ?? []) as readonly string[];
  const rows = Object.entries(inner(schema, 'properties') as Schemas).map(([name, own]) => [
    `\`${name}\``,
    `${valuesOf(own)}${required.includes(name) ? ' (required)' : ''}`,
    sentence(String(own['description'])),
  ]);
  return table(['key', 'value', 'what it says'], rows);
}

/** The kind of value that is a mapping, where a schema allows several. */
function asMapping(schema: JsonObject): JsonObject {
  const found = (schema['anyOf'] as readonly JsonObject[]).find(({ properties }) => properties !== undefined);
  if (found === undefined) throw new Error('no kind of value is a mapping with keys');
  return found;
}

const node = inner(pipelineSchema, 'properties', 'stages', 'additionalProperties');
const property = (...path: readonly string[]): JsonObject => inner(node, 'properties', ...path);

/** The value of a variable. */
const variable = asMapping(
  inner(
    (property('env')['anyOf'] as readonly JsonObject[]).find((one) => one['additionalProperties'] !== undefined) ?? {},
    'additionalProperties',
  ),
);

/** Sections of the page: a title, what stands below it, and the keys of which mapping. */
const SECTIONS: readonly (readonly [title: string, text: string, schema: JsonObject | undefined])[] = [
  ['## The file', '', pipelineSchema],
  ['### Params', '`params: { size: 32 }`: values by name; one name is no param.', inner(pipelineSchema, 'properties', 'params')],
  [
    '### A source',
    'A path, or a mapping: `images: { path: ./images, keep: false, obtain: npm run data }`.',
    asMapping(inner(pipelineSchema, 'properties', 'sources', 'additionalProperties')),
  ],
  ['## A node', 'A node is a stage (`uses`) or a command (`run`); it has one of the two.', node],
  [
    '### An input',
    `\`in: { port: … }\` takes the output of another node (\`node.port\`), a source (\`$sources.name\`), a path (\`./file\`), or a mapping:

\`\`\`yaml
in:
  code: { from: ./src, at: src }                           # the command finds it at src
  model: { from: teacher.model, where: { fold: 0 } }       # one instance
  models: { from: teacher.model, all: true }               # all instances, as one folder
\`\`\``,
    asMapping(property('in', 'additionalProperties')),
  ],
  [
    '### An output of a command',
    '`out: { model: model/, report: { path: report.json, measured: true } }`: a path, or a mapping. The outputs of a stage are declared by it.',
    asMapping(property('out', 'additionalProperties')),
  ],
  [
    '### How an output is drawn',
    `What commands write as tables is drawn in reports: \`out: { curve: { path: roc.csv, plot: { x: fpr, y: tpr } } }\`. Nothing of it counts.`,
    outputPlotSchema,
  ],
  [
    '### A matrix',
    '`matrix: { fold: [0, 1, 2], size: $sizes }`: one instance for each combination; two names are no variables.',
    property('matrix'),
  ],
  [
    '### Tools',
    '`tools: [head, { run: python3 --version }]`: a program in `PATH`, whose file counts, or a mapping.',
    asMapping(property('tools', 'items')),
  ],
  [
    '### Metrics of a command',
    `\`metrics: scores.json\` names a file of numbers that the command writes; a command may also tell them while it runs
([Python](python.md)). Mappings give names with dots: \`{"test": {"accuracy": 0.9}}\` is the metric \`test.accuracy\`, written
\`node.test.accuracy\` in \`show\`, in a sweep's objective, and in \`stillroom runs --columns\`. A mapping says more of them. The metrics of a
stage are declared by it.

\`\`\`yaml
metrics: { path: scores.json, goals: { test.accuracy: maximize }, tolerance: { test.accuracy: 0.001 } }
\`\`\``,
    asMapping(property('metrics')),
  ],
  [
    '### The environment of commands',
    '`environment: { python: requirements.txt }` or `{ venv: .venv }`, of the file or of a command: see [Python](python.md#packages).',
    property('environment'),
  ],
  [
    '### Conditions',
    '`when: { size: { above: 32 }, kind: [a, b] }`: a value, a list of values, or bounds.',
    asMapping(property('when', 'additionalProperties')),
  ],
  ['### Resources', '`resources: { cpu: 2, memory: 4GiB }`', property('resources')],
  [
    '### Variables of the environment',
    `\`env: [LEVEL]\` passes variables on, \`env: { LEVEL: high }\` sets them; both count for the result.
\`env: { TOKEN: { secret: true } }\` passes one on that neither counts nor is stored, and blots it out of logs. All others are cleared, but
for those of the second table.`,
    variable,
  ],
  [
    '## A plot of several tables',
    '`plots: { ROC: { x: fpr, y: { train.plots/roc.csv: tpr, test.plots/roc.csv: tpr } } }`: a name, and a mapping.',
    joinedPlotSchema,
  ],
  ['## A sweep', '', sweepSchema],
  [
    '### The values of a param',
    '`over: { student.lr: log:1e-4..1e-2, size: [32, 96] }`: a list, a range, or a mapping.',
    asMapping(inner(sweepSchema, 'properties', 'over', 'additionalProperties')),
  ],
  ['### The objective', '`objective: { maximize: benchmark.accuracy }`', inner(sweepSchema, 'properties', 'objective')],
  [
    '### A constraint',
    '`constraints: { benchmark.fps: { min: 30 } }`',
    inner(sweepSchema, 'properties', 'constraints', 'additionalProperties'),
  ],
];

/** What a node's process finds in its environment beside what the node declares. */
const VARIABLES: readonly (readonly [name: string, about: string])[] = [
  ['`PATH`', 'That of whoever started the run.'],
  ['`HOME`, `TMPDIR`', 'Empty folders of the attempt.'],
  ['`LANG`, `TZ`', '`C.UTF-8` and `UTC`.'],
  ['`STILLROOM_CPU`', 'The threads that the node was given (`resources.cpu`); commands find it in `OMP_NUM_THREADS` too.'],
  ['`CUDA_VISIBLE_DEVICES`', 'The devices that the node was given; empty for none.'],
  ['a port, a param', 'For commands: `$counts` is the path of the input or output `counts`, `$rows` the value of the param `rows`.'],
];

const EXAMPLE = `\`\`\`yaml title="example.yaml"
name: example
params: { rows: 3 }
sources: { words: ./words.txt }
stages:
  count:
    about: How often each word comes
    run: |
      sort "$words" | uniq -c | sort -rn > counted.txt
      head -n "$rows" counted.txt > counts.txt
      printf '{"all": {"words": %d}}' "$(wc -l < counted.txt)" > scores.json
    in: { words: $sources.words }
    with: { rows: $rows }
    out: { counts: counts.txt }
    tools: [sort, uniq, head, wc, { run: sort --version }]
    metrics: scores.json
    resources: { cpu: 1, memory: 64MiB }
    timeout: 10m
  speed:
    run: python3 tools/speed.py > speed.txt
    in: { code: { from: ./tools, at: tools }, counts: count.counts }
    out: { speed: { path: speed.txt, measured: true } }
    tools: [python3]
    measures: machine
    retries: 1
show: [count.counts, count.all.words]
sweep:
  over: { rows: [2, 3] }
  objective: { maximize: count.all.words }
\`\`\`

\`\`\`sh title="words.txt"
rose
rue
rose
\`\`\`

\`\`\`python title="tools/speed.py"
import time
print(time.process_time())
\`\`\`

\`\`\`console
$ npx stillroom run example.yaml
…
  count.all.words  2
…
\`\`\``;

/** The reference of pipeline files, sweeps and project files, made from their schemas. */
export async function pipelineFile(): Promise<string> {
  const kinds = await Promise.all(executorKinds().map(async (kind) => [kind, (await settingsOf(kind)) as Schemas] as const));
  const lines = [
    '# The pipeline file',
    '',
    'All keys of pipelines, sweeps and `stillroom.yaml`. [Pipelines](pipelines.md) says how they work together, [Stages](stages.md) what the',
    'stages that come with Stillroom take. This page is made from the schema that checks the files: `npm run docs`.',
    '',
    'A file that uses most of it:',
    '',
    ...EXAMPLE.split('\n'),
    '',
    '`$name` is a whole value (a param or a matrix variable), `${name}` stands inside text, `$$` is a dollar sign.',
  ];
  for (const [title, text, schema] of SECTIONS) {
    lines.push('', title, ...(text === '' ? [] : ['', ...text.split('\n')]));
    if (schema !== undefined) lines.push('', ...keys(schema));
    if (title === '### Variables of the environment') lines.push('', ...table(['variable', 'what it holds'], VARIABLES));
  }
  lines.push('', '### Strategies', '', '`strategy: tpe`, or with settings: `strategy: { name: tpe, startup: 20 }`.', '');
  lines.push(
    ...table(
      ['strategy', 'setting', 'value', 'default', 'what it says'],
      Object.entries(strategies).flatMap(([name, { about, settings }]) => [
        [`\`${name}\``, '', '', '', sentence(about)],
        ...Object.entries(settings as Schemas).map(([setting, own]) => [
          '',
          `\`${setting}\``,
          valuesOf(own),
          defaultOf(own),
          sentence(String(own['description'])),
        ]),
      ]),
    ),
  );
  lines.push(
    '',
    '## `stillroom.yaml`',
    '',
    "The project file lies in the project's folder; there need not be one.",
    '',
    ...keys(projectSchema),
  );
  lines.push('', '### An executor', '', '`executors: { night: { kind: detached, cpu: 4 } }`; see [Executors](executors.md).', '');
  const executor = inner(projectSchema, 'properties', 'executors', 'additionalProperties', 'properties', 'kind');
  const named = kinds.map(([kind]) => `\`${kind}\``).join(', ');
  lines.push(
    ...table(
      ['key', 'value', 'what it says'],
      [['`kind`', `${named} (required)`, sentence(String(executor['description']))], ...settingsOfKinds(kinds)],
    ),
  );
  lines.push('', '### A remote', '', '`remotes: { team: { kind: s3, bucket: results, write: ci/ } }`; see [Remotes](remotes.md).', '');
  const { kind: remote, ...shared } = inner(projectSchema, 'properties', 'remotes', 'additionalProperties', 'properties') as Schemas;
  const remotes = await Promise.all(remoteKinds().map(async (kind) => [kind, (await remoteSettingsOf(kind)).settings as Schemas] as const));
  const names = remotes.map(([kind]) => `\`${kind}\``).join(', ');
  lines.push(
    ...table(
      ['key', 'value', 'what it says'],
      [
        ['`kind`', `${names} (required)`, sentence(String(remote?.['description']))],
        ...Object.entries(shared).map(([name, own]) => [`\`${name}\``, valuesOf(own), sentence(String(own['description']))]),
        ...settingsOfKinds(remotes),
      ],
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** A row for each setting; one that not all kinds have, or of which they say something else, says whose it is. */
function settingsOfKinds(kinds: readonly (readonly [kind: string, settings: Schemas])[]): string[][] {
  const names = [...new Set(kinds.flatMap(([, settings]) => Object.keys(settings)))];
  return names.flatMap((name) => {
    const rows = new Map<string, { readonly row: string[]; readonly whose: string[] }>();
    for (const [kind, { [name]: own }] of kinds) {
      if (own === undefined) continue;
      const row = [`\`${name}\``, valuesOf(own), sentence(String(own['description']))];
      const alike = rows.get(row.join()) ?? { row, whose: [] };
      alike.whose.push(`\`${kind}\``);
      rows.set(row.join(), alike);
    }
    return [...rows.values()].map(({ row: [key = '', values = '', said = ''], whose }) => [
      key,
      values,
      whose.length === kinds.length ? said : `${said} Of the kind ${whose.join(', ')}.`,
    ]);
  });
}
