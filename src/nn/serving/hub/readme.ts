import type { ExportedModel } from '../exported.ts';

/** The packages that load a model folder, as hubs call them. */
export type Library = 'timm' | 'transformers' | 'transformers.js';

/** How each is told to load a folder, in its own language. */
const loading: Readonly<Record<Library, readonly [language: string, code: string]>> = {
  timm: ['python', "import timm\n\nmodel = timm.create_model('local-dir:FOLDER', pretrained=True).eval()"],
  transformers: [
    'python',
    "from transformers import pipeline  # timm must be installed beside it\n\nlabel = pipeline('image-classification', model='FOLDER')",
  ],
  'transformers.js': [
    'javascript',
    "import { pipeline } from '@huggingface/transformers';\n\nconst label = await pipeline('image-classification', 'FOLDER', { dtype: 'fp32' });",
  ],
};

/**
 * The README of a model folder, with the front matter that hubs read. It says what the folder is and how it is loaded, and nothing of what
 * the model was trained on or how well it does: that is for a model card.
 * @param differs what the package does otherwise with a picture than the model's images were prepared, if anything
 */
export function hubReadme(
  library: Library,
  { architecture, classes, input }: Pick<ExportedModel, 'architecture' | 'classes' | 'input'>,
  differs?: string,
): string {
  const [language, code] = loading[library];
  const colours = input.channels === 3 ? 'colour' : 'grey';
  const front = [`library_name: ${library}`, 'pipeline_tag: image-classification', 'tags: [image-classification, stillroom]'];
  const text = [
    `# ${architecture}, ${classes.length} classes`,
    `Takes ${colours} pictures of ${input.size} × ${input.size} pixels and gives the logits of: ${classes.join(', ')}.`,
    `\`\`\`${language}\n${code}\n\`\`\``,
    ...(differs === undefined ? [] : [differs]),
    'What it was trained on and how well it does is not said here: the stage `card` of Stillroom writes a model card to put in this place.',
  ];
  return `---\n${front.join('\n')}\n---\n\n${text.join('\n\n')}\n`;
}
