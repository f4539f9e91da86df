import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../src/text/png.ts';
import { layOut } from '../../src/reporters/report/layout.ts';
import { emptyFolder, called, write } from '../rig.ts';

const evil = '</style></title><script>globalThis.pwned=1</script><img src=x onerror="pwned=2">';

/** Makes a tiny dataset and predictions for it: one image is taken for another. */
const MAKE = `
const fs = require('node:fs');
const [, , kind, out] = process.argv;
if (kind === 'data') {
  fs.writeFileSync(out + '/dataset.json', JSON.stringify({ format: 1, count: 3, height: 2, width: 2, channels: 3, classes: ['cat', 'dog'], mean: [0], std: [1] }));
  fs.writeFileSync(out + '/images.bin', Buffer.from(Array.from({ length: 36 }, (_, index) => index * 7)));
  fs.writeFileSync(out + '/labels.bin', Buffer.from([0, 0, 1, 0, 1, 0]));
  fs.writeFileSync(out + '/names.txt', 'a.png\\nb.png\\nc.png\\n');
} else {
  fs.writeFileSync(out + '/predictions.json', JSON.stringify({ format: 1, count: 3, classes: ['cat', 'dog'] }));
  fs.writeFileSync(out + '/predictions.bin', Buffer.from(new Float32Array([0.9, 0.1, 0.75, 0.25, 0.2, 0.8]).buffer));
}
`;

const PIPELINE = `name: seen
params: { title: plain }
stages:
  data: { run: [node, $make, data, $out], in: { make: ./make.cjs }, out: { out: data/ } }
  predict: { run: [node, $make, predictions, $out], in: { make: ./make.cjs, data: data.out }, out: { out: predictions/ } }
  result:
    run: |
      echo '{ "confusion": [[1, 0], [1, 1]], "classes": ["cat", "<i>dog</i>"], "epochs": [{ "epoch": 1, "loss": 3 }, { "epoch": 2, "loss": 2 }] }' > result.json
      echo '{ "accuracy": 0.6667 }' > metrics.json
      echo "$title" > note.txt
    in: { from: predict.out }
    with: { title: $title }
    out: { result: result.json, note: note.txt }
    metrics: metrics.json
`;

let folder: string;
/** The page, and the same without its script, its style, and the numbers that the script reads. */
let whole: string;
let page: string;

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, { 'artifacts/.gitignore': '*\n', 'pipelines/seen.yaml': PIPELINE, 'pipelines/make.cjs': MAKE });
  const first = await called(folder, ['run', 'seen']);
  expect(first.stderr + first.stdout).toContain('seen: done');
  await called(folder, ['run', 'seen', '--set', `title=${evil}`]);
  whole = (await called(folder, ['report', '@latest'])).stdout;
  page = whole.replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
});

describe('the page', () => {
  test('shows the graph, what was reused, curves, confusion and predictions with their images', () => {
    expect(page.match(/<g class="box (\w+)">/g)).toEqual(['<g class="box reused">', '<g class="box reused">', '<g class="box executed">']);
    expect(page.match(/<path class="edge"/g)).toHaveLength(2);
    expect([...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title)).toEqual([
      ...['Results', 'Curves', 'Confusion', 'Predictions', 'Params', 'Graph', 'Timeline', 'Code and machine', 'Metrics'],
    ]);
    expect(page).toContain('<figcaption>result: loss</figcaption>');
    expect(page).not.toContain('earlier models');
    expect(page).toMatch(/<th scope="row">&lt;i&gt;dog&lt;\/i&gt;<\/th><td class="wrong s5"[^>]*>1<\/td><td class="right s5"[^>]*>1<\/td>/);
    const images = page.match(/<li class="(miss|hit)"><img src="data:image\/png;base64,[^"]+" alt="([abc].png)"/g) ?? [];
    expect(images.map((text) => /class="(\w+)".*alt="(.*)"/.exec(text)?.slice(1).join(' '))).toEqual([
      'miss b.png',
      'hit a.png',
      'hit c.png',
    ]);
  });

  test('needs nothing else, and runs and styles nothing but what its policy names', () => {
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(whole) ?? [];
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:; base-uri 'none'/);
    const [scripts, styles] = [/<script>([\s\S]*?)<\/script>/g, /<style>([\s\S]*?)<\/style>/g].map((part) =>
      [...whole.matchAll(part)].map(([, text = '']) => text),
    );
    for (const text of [...(scripts ?? []), ...(styles ?? [])])
      expect(policy).toContain(createHash('sha256').update(text).digest('base64'));
    expect([scripts?.length, styles?.length]).toEqual([1, 1]);
    expect(scripts?.[0]).toContain('Copyright (c) 2022 Leon Sorokin');
    expect(page).not.toMatch(/<script|<link|<iframe|https?:|url\((?!#)/i);
    const attributes = [...page.matchAll(/<\w[^>]*>/g)].flatMap(([tag]) =>
      [...tag.matchAll(/\s([\w-]+)="[^"]*"/g)].map(([, name = '']) => name),
    );
    expect(attributes.filter((name) => /^on|^style$/.test(name))).toEqual([]);
    expect(page.replaceAll(/<\w+(?:\s[\w-]+="[^"<>]*")*\/?>|<\/\w+>|<!doctype html>/g, '')).not.toMatch(/<|onerror="/);
    const references = [...page.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, to = '']) => to);
    expect(references.length).toBeGreaterThan(0);
    expect(references.every((to) => to.startsWith('data:image/png;base64,') || to.startsWith('#'))).toBe(true);
    expect(page).toContain('&lt;/style&gt;&lt;/title&gt;&lt;script&gt;globalThis.pwned=1&lt;/script&gt;');
  });

  test('of several runs compares them; it goes to a file with --output', async () => {
    const ids = (await called(folder, ['runs', '--json'])).json.runs?.map(({ run }) => run) ?? [];
    await called(folder, ['report', ...ids, '--output', 'out.html']);
    const both = readFileSync(join(folder, 'out.html'), 'utf8');
    expect(both.match(/<svg class="graph"/g)).toHaveLength(2);
    expect(both).toContain(`<span class="label">${ids.join(' = ')}</span>`);
    expect(both).toMatch(/<th scope="col" class="">title<\/th>/);
  });
});

describe('tables', () => {
  test('as CSV, Markdown and JSON', async () => {
    const csv = (await called(folder, ['report', '@latest', '--csv'])).stdout;
    expect(csv.split('\r\n')[0]).toBe('run,hash,pipeline,state,started,seconds,title,result.title,result.accuracy');
    expect(csv).toContain(`"${evil.replaceAll('"', '""')}"`);
    const markdown = (await called(folder, ['report', '@latest', '--md'])).stdout;
    expect(markdown).toMatch(/^### seen: done after .*; 3 nodes: 2 reused, 1 executed\n/);
    const { stdout } = await called(folder, ['report', '@latest', '--json']);
    const [run] = (JSON.parse(stdout) as { runs: { curves: object[]; confusions: { from: string }[] }[] }).runs;
    expect(run?.curves).toEqual([
      {
        node: 'result',
        metric: 'loss',
        points: [
          [1, 3],
          [2, 2],
        ],
      },
    ]);
    expect(run?.confusions.map(({ from }) => from)).toEqual(['result.result']);
    expect((await called(folder, ['report', '@latest', '--md', '--csv'])).code).toBe(2);
  });

  test('a text that a spreadsheet would run is made harmless', async () => {
    await called(folder, ['run', 'seen', '--set', 'title==1+cmd']);
    expect((await called(folder, ['report', '@latest', '--csv'])).stdout).toContain(",'=1+cmd,");
  });
});

test('images are PNGs', () => {
  const png = Buffer.from(encodePng(new Uint8Array([1, 2, 3, 4, 5, 6]), 2, 1, 3));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 1, 8, 2]);
  const length = png.readUInt32BE(33);
  expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('the layout puts consumers below producers, boxes apart, and leads long edges past the layers between', () => {
  const nodes = [
    { name: 'a', after: [] },
    { name: 'b', after: ['a'] },
    { name: 'c', after: ['b'] },
    { name: 'd', after: ['a', 'c'] },
    { name: 'e', after: ['a'] },
  ];
  const { nodes: placed, routes } = layOut(nodes, { width: 100, height: 50, passage: 20 });
  const at = new Map(placed.map((place) => [place.name, place]));
  for (const { name, after } of nodes) for (const from of after) expect(at.get(name)?.y).toBeGreaterThan(at.get(from)?.y ?? 0);
  expect(Math.abs((at.get('b')?.x ?? 0) - (at.get('e')?.x ?? 0))).toBeGreaterThanOrEqual(100);
  expect(routes.find(({ from, to }) => from === 'a' && to === 'd')?.points).toHaveLength(4);
});

test('--pictures writes the learning curves of each node that has some', async () => {
  const target = join(emptyFolder(), 'pictures');
  const { stdout, code } = await called(folder, ['report', '@latest', '--pictures', target]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^wrote .*result\.svg\n$/);
  const svg = readFileSync(join(target, 'result.svg'), 'utf8');
  expect(svg).toContain('>Training loss<');
  expect(svg.match(/<circle/g)).toHaveLength(2);
});

describe('a comment on a change', () => {
  const runOf = async (...set: readonly string[]): Promise<string> => {
    const { json } = await called(folder, ['run', 'seen', ...set.flatMap((one) => ['--set', one]), '--json']);
    return json.run ?? '';
  };

  test('compares with the last run that came out otherwise, the one tagged baseline, or the one that is named', async () => {
    const [first, second] = [await runOf('title=one'), await runOf('title=two')];
    const asked = async (...args: readonly string[]): Promise<string> => (await called(folder, ['report', ...args, '--md'])).stdout;
    const comment = await asked(second, '--page', 'pages/report.html');
    expect(comment).toContain(`| metric | this run | ${first} | change |`);
    expect(comment).toContain('| result.accuracy | 0.6667 | 0.6667 | = the same |');
    expect(comment).toContain(`What changed since \`${first}\`:\n\n- title: one → two\n`);
    expect(comment).toContain('[The whole report](<pages/report.html>)');
    expect(await asked(first, second)).toContain(`compared with \`${first}\``);
    const third = await runOf('title=three');
    await called(folder, ['tag', first, 'baseline']);
    expect(await asked(third)).toContain('- title: one → three');
    expect(await asked(third, '--base', second)).toContain('- title: two → three');
    const unknown = await called(folder, ['report', third, '--md', '--base', 'nothing']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('"nothing"')]);
    expect((await called(folder, ['report', third, '--base', first, '--output', 'x.html'])).code).toBe(2);
  });

  test('names the commit that was checked out, also for a run in which nothing was to be done', async () => {
    for (const digit of ['a', 'b']) {
      write(folder, { '.git/HEAD': digit.repeat(40) });
      const id = await runOf('title=one');
      expect((await called(folder, ['report', id, '--md'])).stdout).toContain(`commit \`${digit.repeat(12)}\``);
      const { stdout } = await called(folder, ['report', id, '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ runs: [{ software: { commit: digit.repeat(40), node: process.versions.node } }] });
    }
  });

  test('of a failed run says why, and what it printed last', async () => {
    write(folder, {
      'pipelines/broken.yaml': 'name: broken\nstages:\n  breaks: { run: "echo its last word; exit 3", out: { out: out.txt } }\n',
    });
    expect((await called(folder, ['run', 'broken'])).code).toBe(1);
    const { stdout } = await called(folder, ['report', '@latest', '--md']);
    expect(stdout).toMatch(
      /^### broken: failed after .*; 1 node: 1 failed\n\n\*\*breaks failed\*\*: breaks ended with exit code 3\n\n```text\nits last word\n```\n/,
    );
    const html = (await called(folder, ['report', '@latest'])).stdout;
    expect(html).toMatch(
      /<h2>Why it failed<\/h2><h3>breaks<\/h3><p class="bad">breaks ended with exit code 3<\/p><p class="soft">The last line/,
    );
    expect(html).toContain('its last word</pre>');
  });
});
