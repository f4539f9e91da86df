import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { openDataset, preprocessingDifferences, readExported, readModel } from 'stillroom/nn';
import type stage from './stage.ts';

/** What is read of the benchmark's results. */
interface Results {
  readonly count: number;
  readonly classes: readonly string[];
  readonly accuracy: number;
  readonly macro_f1?: number;
  readonly balanced_accuracy?: number;
  readonly by_class: readonly (number | null)[];
}

type Params = WorkContext<typeof stage>['params'];
type Exported = ReturnType<typeof readExported>;

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const escaped = (text: string): string => text.replaceAll(/[\\`*_{}[\]<>|#~&]/g, '\\$&').replaceAll(/\s+/g, ' ');

function table(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`);
  return [lines[0], `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)].join('\n');
}

/** The SHA-256 of a file, in hexadecimal. */
async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** What the hub reads of a card: YAML before its text. */
function frontMatter({ licence }: Params, { formats }: Exported, results: Results | undefined): string {
  const library = formats.includes('timm') ? 'timm' : formats.includes('transformers_js') ? 'transformers.js' : 'onnx';
  const lines = [
    ...(licence === '' ? [] : [`license: ${JSON.stringify(licence)}`]),
    `library_name: ${library}`,
    'pipeline_tag: image-classification',
    'tags: [image-classification, stillroom]',
    ...(results === undefined ? [] : ['metrics: [accuracy, f1]']),
  ];
  return `---\n${lines.join('\n')}\n---\n`;
}

/** How well it does, class by class; a card without results says so. */
function performance(results: Results | undefined, counts: readonly number[], classes: readonly string[]): string {
  const rows = classes.map((name, index) => {
    const own = results?.by_class[index];
    return [name, String(counts[index]), own === undefined ? 'not measured' : own === null ? 'no test image' : percent(own)];
  });
  const all = table([['class', 'training images', 'accuracy on its test images'], ...rows]);
  if (results === undefined) return `Not measured on a test set.\n\n${all}`;
  const more = [
    ...(results.macro_f1 === undefined ? [] : [`macro-F1 ${results.macro_f1.toFixed(3)}`]),
    ...(results.balanced_accuracy === undefined ? [] : [`balanced accuracy ${percent(results.balanced_accuracy)}`]),
  ];
  return `Accuracy ${percent(results.accuracy)} on ${results.count} test images${more.map((text) => `, ${text}`).join('')}.\n\n${all}`;
}

/** How a picture becomes what the model takes, and which packages do otherwise by themselves. */
function preprocessing({ input, preparation, formats }: Exported): string {
  const differences = Object.entries(preprocessingDifferences(input, preparation)).flatMap(([format, differs]) =>
    differs !== undefined && formats.some((name) => name === format) ? [`- \`${format}\`: ${differs}.`] : [],
  );
  const { size, fit, background } = preparation;
  const steps = `Pictures are resized to ${size} × ${size} (fit ${fit}, background ${background}, Lanczos); of that the middle ${input.size} × ${input.size} is taken, and normalised as (value / 255 − mean) / std with mean ${input.mean.join(', ')} and std ${input.std.join(', ')}.`;
  return [steps, ...(differences.length === 0 ? [] : [`What packages do otherwise by themselves:\n\n${differences.join('\n')}`])].join(
    '\n\n',
  );
}

const orNothing = (text: string, nothing: string): string => (text === '' ? nothing : escaped(text));

export default work<typeof stage>(async ({ params, inputs, outputs, fail }) => {
  const exported = readExported(inputs.model);
  const trained = readModel(inputs.trained);
  const data = openDataset(inputs.data);
  const counts = exported.classes.map((_, label) => data.labels.filter((own) => own === label).length);
  data.close();
  const results = inputs.results === undefined ? undefined : (JSON.parse(await readFile(inputs.results, 'utf8')) as Results);
  for (const [name, classes] of Object.entries({ trained: trained.classes, data: data.info.classes, results: results?.classes })) {
    if (classes !== undefined && classes.join('\n') !== exported.classes.join('\n'))
      fail(`${name} has other classes than the exported model`, `wire ${name} to what the model was made from.`);
  }
  const facts = Object.entries(trained.training).map(([name, value]) => [name, String(value)]);
  const digests = [
    ['images.bin of the training set', await digestOf(join(inputs.data, 'images.bin'))],
    ['labels.bin of the training set', await digestOf(join(inputs.data, 'labels.bin'))],
    ['weights.safetensors of the trained model', await digestOf(join(inputs.trained, 'weights.safetensors'))],
  ];
  const sections = [
    `# ${escaped(params.title)}`,
    `${escaped(exported.architecture)}, ${exported.classes.length} classes. Formats: ${exported.formats.join(', ')}.`,
    `**Licence:** ${orNothing(params.licence, 'none is given.')}`,
    `## Use\n\n${orNothing(params.use, 'Nothing is said of what it is for.')}`,
    `**Not for:** ${orNothing(params.not_for, 'nothing is said of it; a model that was tried on one test set is not proven for anything else.')}`,
    `## How well it does\n\n${performance(results, counts, exported.classes)}`,
    `## Data\n\n${data.info.count} training images. ${orNothing(params.data_source, 'Nothing is said of where they come from.')}`,
    `## Pictures\n\n${preprocessing(exported)}`,
    `## Training\n\n${table([['what the model says of its training', ''], ...facts])}`,
    `## Digests\n\n${table([['SHA-256 of', ''], ...digests])}`,
  ];
  await writeFile(outputs.card, `${frontMatter(params, exported, results)}\n${sections.join('\n\n')}\n`);
});
