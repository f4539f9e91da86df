/** A mutant that does what the original does, or that only time or memory tells from it. */
interface Equivalent {
  readonly file: string;
  /** A part of its line; what was changed, and to what, by their beginnings. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

/** The survivors that were looked at and that no test can notice. */
export const equivalents: readonly Equivalent[] = [
  ...of('src/engine/plan.ts', [
    ['if (problems.length > 0) continue', 'problems.length > 0', 'false', 'a plan with problems is none, whatever else was planned'],
    ['if (node.settled !== undefined)', 'node.settled !== undefined', 'true', 'without a result there is nothing to find under the name'],
    ['if (source === undefined)', 'source === undefined', 'false', 'a pipeline declares all sources that its nodes read'],
  ]),
  ...of('src/engine/remakes.ts', [
    ['executable === true]', 'executable === true', 'executable !== true', 'the other way round for all alike'],
  ]),
  ...of('src/engine/schedule.ts', [
    ['once: true', 'true', 'false', 'it resolves once, and over removes it'],
    ['if (this.mayStart()) this.startReady()', 'this.mayStart()', 'true', 'startReady asks for each node'],
    ['this.asked.has(name) && this', 'this.asked.has(name)', 'false', 'it only spares looking at nodes that find no slots'],
    ["state: 'failed'", "'failed'", '""', 'fail looks at the problem and the fingerprint alone'],
    ['if (before !== undefined)', 'before !== undefined', 'false', 'it only spares computing the same again'],
    ['left === 0 && plan', 'plan !== undefined', 'true', 'what waits no more has none left to wait for'],
    ['this.settled.size <', 'this.problems.length > 0', 'false', 'where all are settled, none has failed'],
    ['lost.length > 0 &&', 'this.problems.length === 0', 'true', 'nothing starts after a problem, and the next look finds one unsettled'],
    ['settled === undefined || known', 'known === undefined', 'false', 'what is settled was planned'],
    ["action: 'run'", "'run'", '""', 'only of `maybe` is anything told'],
  ]),
  ...of('src/stores/local/loose-blobs.ts', [
    ['function clone(', '{\n  try {', '{}', 'only where the file system shares blocks'],
    ['try {', '{\n    copyFileSync(from, to', '{}', 'only where the file system shares blocks'],
    ['this.proven.get(digest) === fileStamp(stats)', 'this.proven.get(digest)', 'false', 'it only spares hashing again'],
    ['this.proven.set(', '{ bigint: true }', '{}', 'it only spares hashing again'],
    ['this.proven.set(', 'true', 'false', 'it only spares hashing again'],
    ['if (isLinked) this.note', 'isLinked', 'false', 'it only spares hashing again'],
    ['rmSync(path, { force: true })', '{ force: true }', '{}', 'what was hashed is there'],
    ['rmSync(path, { force: true })', 'true', 'false', 'what was hashed is there'],
  ]),
  ...of('src/stores/local/gc.ts', [
    ['const since = days', 'days === undefined', 'false', 'nothing is later than no number either'],
    ['runs !== undefined && index < runs', 'runs !== undefined', 'true', 'no index is smaller than undefined'],
    ['if (fingerprint !== undefined)', 'fingerprint !== undefined', 'true', 'nothing has the name undefined'],
    ['if (code !== undefined)', 'code !== undefined', 'true', 'nothing has the name undefined'],
    ['readdirSync(folder).sort()', 'readdirSync(folder).sort()', 'readdirSync(folder)', 'Node lists in order too'],
    ["notes.pointer(raw) ?? ''", "''", '"Stryker', 'neither is a digest'],
    ['tagged|pinned', '/^(tagged', '/(tagged', 'no other reason holds these words'],
    ["keptRuns.get(id) ?? ''", "''", '"Stryker', 'only kept runs are asked for'],
    ["name === 'store'", "name === 'store'", 'false', 'whoever removes holds that lock'],
    ["name === 'store'", "'store'", '""', 'whoever removes holds that lock'],
  ]),
  ...of('src/engine/fingerprint.ts', [
    ["environment['PATH'] ?? ''", "''", '"Stryker', 'no program is found in a folder that is not there either'],
  ]),
];

/** Equivalents of one file: a part of the line, the original, what replaces it, and why. */
function of(file: string, changes: readonly (readonly [line: string, original: string, replacement: string, why: string])[]): Equivalent[] {
  return changes.map(([line, original, replacement, why]) => ({ file, line, original, replacement, why }));
}
