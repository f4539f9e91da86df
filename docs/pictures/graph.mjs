import { join } from 'node:path';
import { openProject } from '../../dist/project/project.js';
import { graphSvg } from '../../dist/reporters/report/graph.js';

const STYLE = `
.box rect { fill: #eef3fb; stroke: #5b7fb4; }
.box text { text-anchor: middle; font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.name { font-size: 12px; fill: #1d2733; }
.detail { font-size: 11px; fill: #55606e; }
.edge { fill: none; stroke: #7f8a99; }
.tip { fill: #7f8a99; }`;

/** The graph of the quickstart as a picture (SVG), from its pipeline file. */
export async function graphPicture() {
  const project = openProject({ folder: join(import.meta.dirname, '../..') });
  const loaded = await project.plan('pipelines/quickstart.yaml');
  project.close();
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  const { instances } = loaded.value.pipeline;
  const nodes = instances.map(({ name, node, work, inputs, resources: { cpu } }) => ({
    name,
    node,
    stage: work.kind === 'stage' ? work.stage : 'command',
    state: /** @type {const} */ ('waiting'),
    cause: '',
    seconds: null,
    cpu,
    after: [
      ...new Set(inputs.flatMap(({ elements }) => elements.flatMap(({ origin }) => (origin.kind === 'output' ? [origin.instance] : [])))),
    ],
  }));
  const text = String(graphSvg(nodes).text)
    // Below its name, a box says which stage it is.
    .replaceAll(/(<title>[^<]* \(([\w-]+)\))[^<]*(<\/title>.*?class="detail">)waiting/g, '$1$3$2')
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('<defs>', `<style>${STYLE}</style><rect width="100%" height="100%" rx="8" fill="#ffffff"/><defs>`);
  return `${text.replaceAll('><g', '>\n<g')}\n`;
}
