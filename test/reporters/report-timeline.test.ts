import { describe, expect, test } from 'vitest';
import { threadsInUse, timeline } from '../../src/reporters/report/timeline.ts';
import { nodeOf, reportedRun } from './reported.ts';

describe('threads in use', () => {
  test('change where a node begins or ends, each by its threads', () => {
    const bars = [
      { node: nodeOf('a', { cpu: 2 }), from: 0, to: 4 },
      { node: nodeOf('b', { cpu: 1 }), from: 1, to: 2 },
      { node: nodeOf('c', { cpu: 1 }), from: 2, to: 4 },
    ];
    expect(threadsInUse(bars)).toEqual([
      [0, 2],
      [1, 3],
      [2, 3],
      [4, 0],
    ]);
  });
});

describe('a timeline', () => {
  const nodes = [
    nodeOf('data', { state: 'reused', seconds: 60 }),
    nodeOf('teacher[fold=0]', { began: 0, ended: 30, seconds: 20, critical: true }),
    nodeOf('teacher[fold=1]', { began: 0, ended: 10, seconds: 10 }),
    nodeOf('student', { began: 30, ended: 40, seconds: 10, critical: true, cpu: 2 }),
    nodeOf('never', { state: 'skipped', seconds: null }),
  ];
  const drawn = timeline(reportedRun({ nodes, seconds: 40 })).text;

  test('has a bar for each executed node, its wait, and says which chain the run waited for', () => {
    expect(drawn.match(/<rect class="bar[^"]*"/g)).toEqual([
      '<rect class="bar"',
      '<rect class="bar critical"',
      '<rect class="bar critical"',
    ]);
    expect(drawn).toContain('teacher[fold=0]: executed, 20 s with 1 thread, after waiting 10 s');
    expect(drawn.match(/class="wait"/g)).toHaveLength(1);
    expect(drawn).toContain('took 30 s: teacher[fold=0] → student.');
    expect(drawn).toContain('at most 2 at once');
  });

  test('tells in words what was reused; a run that executed nothing has no picture', () => {
    expect(drawn).toMatch(/Reused<\/span>, which spared 60 s: data\./);
    const idle = timeline(reportedRun({ nodes: nodes.slice(0, 1) })).text;
    expect(idle).not.toContain('<svg');
    expect(idle).toContain('Nothing was executed.');
  });

  test('of very many nodes shows the longest', () => {
    const many = Array.from({ length: 500 }, (_, index) => nodeOf(`n[i=${index}]`, { began: 0, ended: index + 1, seconds: index + 1 }));
    const all = timeline(reportedRun({ nodes: many })).text;
    expect(all.match(/<rect class="bar/g)).toHaveLength(60);
    expect(all).toContain('The 60 longest of 500 executed nodes.');
    expect(all).toContain('n[i=499]');
    expect(all).not.toContain('n[i=400]:');
  });
});
