import type { ReportMetric, ReportNode, ReportRun } from '../../src/model/report.ts';

/** A run in which nothing is reported, but for what is given. */
export function reportedRun(given: Partial<ReportRun> = {}): ReportRun {
  return {
    run: 'r',
    hash: null,
    tags: [],
    pipeline: 'p',
    state: 'done',
    started: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    set: [],
    params: {},
    metrics: [],
    nodes: [],
    curves: [],
    confusions: [],
    samples: [],
    plots: [],
    shown: [],
    drawn: [],
    undrawn: [],
    facts: {},
    ...given,
  };
}

/** A metric by its name, which may be one of an instance. */
export function metricOf(name: string, value: number, given: Partial<ReportMetric> = {}): ReportMetric {
  return { name, of: name.replace(/\[.*\]/s, ''), value, measured: false, goal: 'maximize', ...given };
}

/** A node that was executed in a second, but for what is given. */
export function nodeOf(name: string, given: Partial<ReportNode> = {}): ReportNode {
  const node = name.replace(/\[.*$/s, '');
  return { name, node, stage: node, state: 'executed', cause: 'it has not run before', seconds: 1, cpu: 1, after: [], ...given };
}
