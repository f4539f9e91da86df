import type { JsonObject } from '../../model/json.ts';
import { PLOT_MARKS } from '../../model/plot.ts';

const text: JsonObject = { type: 'string' };

/** The columns upward of one table. */
const columns = (description: string): JsonObject => ({
  description,
  anyOf: [text, { type: 'array', items: text, minItems: 1 }],
});

const look: JsonObject = {
  x: { ...text, description: 'the column across (default: step or epoch, else the number of the row)' },
  as: {
    enum: [...PLOT_MARKS],
    description: 'how it is drawn: lines (default), points, bars, or confusion, where x is what is so and y what was said',
  },
  x_label: { ...text, description: 'what stands along the lower axis (default: the name of the column)' },
  y_label: { ...text, description: 'what stands along the upright axis (default: the name of the column)' },
};

/** How an output is drawn. */
export const outputPlotSchema: JsonObject = {
  type: 'object',
  description: 'how a report draws the output: a table as CSV, TSV or JSON, or a folder of such; it counts for nothing',
  additionalProperties: false,
  properties: {
    ...look,
    y: columns('the column upward, or several (default: the last one)'),
    title: { ...text, description: 'what stands above it (default: node.port)' },
  },
};

/** What is drawn of several outputs together. */
export const joinedPlotSchema: JsonObject = {
  type: 'object',
  description: 'a plot: its x, and the y of each file; it counts for nothing',
  additionalProperties: false,
  required: ['y'],
  properties: {
    ...look,
    y: {
      type: 'object',
      description: 'of each file, node.port or node.port/path in a folder, the column upward',
      additionalProperties: columns('the column upward, or several'),
      minProperties: 1,
    },
  },
};
