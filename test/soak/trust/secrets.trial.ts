import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dice } from './dice.ts';
import { questions } from './questions.ts';
import type { Trial } from './trial.ts';

/** Letters that secrets are made of: plain ones, those that JSON or a URL escapes, and others. */
const ALPHABETS = ['abcdefghijklmnopqrstuvwxyz0123456789', 'aB3+/=_-.~', 'a"b\\c d&e?f', "x'y<z>$`", 'äé朝😀ß', 'ab cd\nef gh'];

function canary(index: number): string {
  const roll = dice(index);
  const letters = [...(ALPHABETS[index % ALPHABETS.length] ?? '')];
  return `kn${index}${Array.from({ length: 12 }, () => letters[roll(letters.length)]).join('')}yz${index}`;
}

/** Says a secret in all the ways that a command has. */
const SAY = `import { writeFileSync } from 'node:fs';
const { SECRET: s, m, o } = process.env;
const json = JSON.stringify(s).slice(1, -1);
const forms = [s, json, encodeURIComponent(s), Buffer.from(s).toString('base64'), Buffer.from('user:' + s).toString('base64'), Buffer.from(s).toString('hex')];
for (const form of forms) { console.log('it is', form); console.error({ form }); }
process.stdout.write('in pieces ' + s.slice(0, 7));
await new Promise((done) => setTimeout(done, 60));
process.stdout.write(s.slice(7) + ' and on\\n');
writeFileSync('m.json', JSON.stringify({ fine: 1, ...Object.fromEntries(forms.map((form, i) => ['metric ' + form, i])) }));
writeFileSync(o, 'done');
if (process.env.FAIL === '1') { console.error(s); process.exit(3); }
`;

const STAGE = `import { defineStage } from 'stillroom';
export default defineStage({ about: 'Leaks.', params: {}, inputs: {}, outputs: { o: 'file.txt' }, run: () => import('./run.ts') });
`;

const RUN = `import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(async ({ progress, log, fail }) => {
  const s = process.env['SECRET'] ?? '';
  progress(1, 2, 'note ' + s);
  log('line ' + s);
  if (s.length % 2 === 0) fail('failed on purpose with ' + s, 'hint ' + s);
  throw new Error('x'.repeat(1985) + s, { cause: new AggregateError([new Error(encodeURIComponent(s)), { s }], s) });
});
`;

/** A pipeline of commands that come to their end, or of commands and a stage that do not. */
function pipelineOf(names: readonly string[], fails: boolean): string {
  const nodes = names.flatMap((name, index) => {
    const secret = `env: { SECRET: { secret: true }${fails ? ', FAIL: "1"' : ''} }`;
    const own = secret.replace('SECRET', name);
    const run = `run: 'SECRET="$${name}" node "$say" "$n" >&1', with: { n: $n }`;
    const command = `  c${index}: { ${run}, in: { say: ./say.mjs }, out: { o: o.txt }, metrics: m.json, ${own} }\n`;
    return fails && index === 0 ? [command, `  s: { uses: leak, env: { SECRET: { secret: true } } }\n`] : [command];
  });
  const objective = 'objective: { maximize: c0.fine }';
  return `name: ${fails ? 'bad' : 'good'}\nparams: { n: 0 }\nsweep: { over: { n: [1, 2] }, ${objective} }\nstages:\n${nodes.join('')}`;
}

/** All bytes of all files below a folder, as text; packed ones unpacked. */
function everything(folder: string): (readonly [path: string, text: string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) return [];
    const bytes = readFileSync(path);
    return [[path, (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')] as const];
  });
}

/** The forms in which a secret must stand nowhere. */
function formsOf(secret: string): string[] {
  const lines = secret.split('\n');
  const json = JSON.stringify(secret).slice(1, -1);
  const inner = Buffer.from(secret).toString('base64').slice(0, -4);
  return [...lines, json, encodeURIComponent(secret), inner, Buffer.from(secret).toString('hex')].filter((form) => form.length > 4);
}

/** An executor whose jobs outlive the coordinator, with secrets handed over in another way. */
const FAR = 'executors: { far: { kind: detached } }\n';

const BATCH = 10;

const trial: Trial = {
  about: 'secrets that a node says in any way stand in no file of the store, no pack, no page and no answer',
  full: 50,
  sample: 4,
  async run(count) {
    const faults: string[] = [];
    for (let first = 0; first < count; first += BATCH) {
      const secrets = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => canary(first + index));
      const names = secrets.map((_, index) => `V${index}`);
      const files = { 'stillroom.yaml': FAR, 'say.mjs': SAY, 'stages/leak/stage.ts': STAGE, 'stages/leak/run.ts': RUN };
      const { ask, folder, remove } = questions({ ...files, 'good.yaml': pipelineOf(names, false), 'bad.yaml': pipelineOf(names, true) });
      const env = { ...Object.fromEntries(names.map((name, index) => [name, secrets[index] ?? ''])), SECRET: secrets[0] ?? '' };
      try {
        const answers = new Map<string, string>();
        const tell = async (...args: string[]): Promise<void> => void answers.set(args.join(' '), (await ask(args, env)).text);
        const good = await ask(['run', 'good.yaml', '--plain', '--verbose'], env);
        answers.set('run good.yaml', good.text);
        if (good.code !== 0) faults.push(`the run that should come to its end did not: ${good.text.slice(-400)}`);
        await tell('show', '@latest', '--json');
        await tell('report', '@latest', '--output', 'page.html');
        await tell('pack', '@latest', '--outputs', '--output', 'run.still');
        await tell('run', 'bad.yaml', '--plain', '--keep-going');
        await tell('run', 'bad.yaml', '--json', '--keep-going', '--executor', 'local');
        await tell('show', '@latest');
        const detached = ['--executor', 'far', '--keep-going', '--verbose'];
        for (const name of ['good', 'bad']) {
          await tell('run', `${name}.yaml`, '--set', 'n=5', ...detached);
          await tell('sweep', `${name}.yaml`, '--verbose');
        }
        await tell('sweep', 'good.yaml', '--csv');
        await tell('runs', '--json');
        const blots = [...answers].filter(
          ([asked, text]) => /^(?:run|sweep) .*--(?:plain|verbose)/.test(asked) && !text.includes('[secret]'),
        );
        for (const [asked, text] of blots) faults.push(`nothing was blotted out of what "${asked}" answered: ${text.slice(-400)}`);
        const texts = [
          ...answers,
          ...everything(join(folder, 'artifacts')),
          ...['page.html', 'run.still'].flatMap((name) => everything(folder).filter(([path]) => path === join(folder, name))),
        ];
        for (const [index, secret] of secrets.entries())
          for (const form of formsOf(secret))
            for (const [where, text] of texts)
              if (text.includes(form))
                faults.push(`canary ${first + index} as ${JSON.stringify(form)} stands in ${where.replace(folder, '')}`);
      } finally {
        remove();
      }
    }
    return { attacks: count, faults };
  },
};

export default trial;
