/** What the files of a sweep hold, and their names. */
export const SWEEP_FILES = {
  csv: 'table.csv',
  markdown: 'table.md',
  'pareto front': 'pareto.svg',
  'parallel coordinates': 'parallel-coordinates.svg',
  importance: 'importance.svg',
  best: 'best.yaml',
  json: 'table.json',
} as const;
