import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { learningStage } from './small-project.ts';

/** Variants that the sweep tries. */
const TRIALS = 24;

/** Nodes that note their execution, in a run and all variants together. */
export const NOTED = 8 + TRIALS;

function node(name: string, { from, run, more = '' }: { readonly from?: string; readonly run: string; readonly more?: string }): string {
  return `  ${name}:
    ${from === undefined ? '' : `in: { ${from} }\n    `}with: { n: $n${more} }
    env: [BEGUN]
    out: { o: ${name === 'folder' ? 'files/' : `${name}.txt`} }
    run: |
      echo "${name} $n${more.replaceAll(/, \w+: /g, ' ')}" >> "$BEGUN"
      ${run}
`;
}

/**
 * A pipeline with content of all sizes: a few bytes, many small files (which travel as a pack), and more than a part of a remote. What comes
 * out depends on `n` and `k` alone.
 */
const pipeline = `name: many
params: { n: 0, k: 0 }
stages:
${node('first', { run: 'sleep 0.3; echo "$n" > "$o"' })}${node('wide', {
  from: 'from: first.o',
  more: ', i: $i',
  run: 'sleep 0.$((4 + i)); cat "$from" > "$o"; echo "$i" >> "$o"',
})}    matrix: { i: [0, 1, 2, 3] }
${node('folder', { from: 'from: first.o', run: 'for i in $(seq 200); do echo "$i of $n" > "$o/$i.txt"; done; sleep 0.4' })}${node('large', {
  from: 'from: first.o',
  run: '(yes "$n" || true) | head -c 9000000 > "$o"; sleep 0.5',
})}  learn: { uses: learn, in: { count: first.o }, with: { n: 6, pace: 0.15 } }
${node('last', {
  from: 'files: folder.o, large: large.o, wide: { from: wide.o, all: true }, model: learn.model',
  run: 'find "$files" "$wide" "$model" -type f | sort | xargs cat "$large" | sha256sum > "$o"',
})}${node('tune', { from: 'from: last.o', more: ', k: $k', run: 'sleep 0.1; cat "$from" > "$o"; echo "{\\"score\\": $k}" > score.json' })}    metrics: score.json
`;

function linesOf(file: string): string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.split('\n').filter((line) => line !== '');
}

/** Where a project and what it uses lie. */
export interface ProjectPlaces {
  readonly folder: string;
  readonly store: string;
  /** The same as who keeps nothing in mind of it sees it. */
  readonly server: string;
  /** The folder of the remote `drive`, and the address of the server that the remote `bucket` asks. */
  readonly drive: string;
  readonly endpoint: string;
  readonly cache: string;
  /** The file in which nodes note that they were begun; its path is hashed. */
  readonly begun: string;
  /** What the cluster, and the bucket, are asked with. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A project whose nodes can be executed on a cluster and here, and come from remotes. */
export class ClusterProject {
  readonly places: ProjectPlaces;
  readonly environment: Readonly<Record<string, string | undefined>>;

  constructor(places: ProjectPlaces) {
    this.places = places;
    const { NODE_EXTRA_CA_CERTS: _certificates, ...own } = process.env;
    this.environment = { ...own, ...places.environment, CI: '1', NO_COLOR: '1', XDG_CACHE_HOME: places.cache, BEGUN: places.begun };
    const declared = `executors:
  cluster: { kind: slurm, poll: 0.5s, grace: 2s }
remotes:
  bucket: { kind: s3, bucket: results, endpoint: "${places.endpoint}", write: ci/ }
  drive: { kind: folder, path: "${places.drive}", write: ci/ }
`;
    const files = { 'package.json': '{"type":"module"}\n', 'stillroom.yaml': declared, 'p.yaml': pipeline, ...learningStage };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(places.folder, path)), { recursive: true });
      writeFileSync(join(places.folder, path), text);
    }
  }

  /** The command line of a run, and of a sweep, of which `n` decides what it gives. */
  run(n: number, ...more: readonly string[]): string[] {
    return ['run', 'p.yaml', '--set', `n=${n}`, '--jobs', '4', '--store', this.places.store, '--json', ...more];
  }

  sweep(n: number, ...more: readonly string[]): string[] {
    const values = Array.from({ length: TRIALS }, (_, k) => k).join(',');
    const [, file = '', ...rest] = this.run(n, ...more);
    return ['sweep', file, '--over', `k=${values}`, '--retry', ...rest];
  }

  /** The nodes that were begun since this was asked last, a line each. */
  takeBegun(): string[] {
    const lines = linesOf(this.places.begun);
    rmSync(this.places.begun, { force: true });
    return lines;
  }

  /** Of each work that its store's events tell of as executed, how often. */
  executed(): Map<string, number> {
    const logs = join(this.places.server, 'logs');
    const counts = new Map<string, number>();
    for (const id of existsSync(logs) ? readdirSync(logs) : []) {
      for (const line of linesOf(join(logs, id, 'events.jsonl'))) {
        const [, fingerprint] = /"type":"node-ended".*"state":"executed".*"fingerprint":"([0-9a-f]{64})"/.exec(line) ?? [];
        if (fingerprint !== undefined) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** What its events warn of. */
  warnings(): string[] {
    const logs = join(this.places.server, 'logs');
    const lines = (existsSync(logs) ? readdirSync(logs) : []).flatMap((id) => linesOf(join(logs, id, 'events.jsonl')));
    return lines.filter((line) => line.includes('"level":"warning"'));
  }

  /** Folders of attempts that lie in its store, and what is in them. */
  attempts(): string[] {
    const scratch = join(this.places.server, 'scratch');
    return existsSync(scratch) ? (readdirSync(scratch, { recursive: true }) as string[]) : [];
  }
}
