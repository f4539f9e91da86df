/**
 * Ways in which a stage's code may try to reach what is not its own: bodies of functions that throw where they are refused. They have Node's
 * modules by name, `at`: paths and process ids, and `refuse()`, which throws.
 */

/** What is there to be reached. */
export interface Targets {
  /** A file that is no input, the folder that it lies in, and a module and a page of JSON there. */
  readonly secret: string;
  readonly outside: string;
  /** The stage's one input, and the folder of its attempt. */
  readonly input: string;
  readonly attempt: string;
  /** Where Stillroom is compiled to. */
  readonly dist: string;
  readonly coordinator: number;
  /** A TCP port and a Unix socket that are listened to. */
  readonly port: number;
  readonly socket: string;
}

/** Refused by Node's permission model, and by the kernel. */
const FILES: Readonly<Record<string, string>> = {
  'its path': 'fs.readFileSync(at.secret)',
  'a promise': 'await fs.promises.readFile(at.secret)',
  'a stream': 'for await (const _ of fs.createReadStream(at.secret)) break',
  'a handle': 'await fs.promises.open(at.secret)',
  'a blob': 'await (await fs.openAsBlob(at.secret)).text()',
  'its folder': 'fs.readdirSync(at.outside)',
  'an open folder': 'fs.opendirSync(at.outside).readSync()',
  'a path from here': 'fs.readFileSync(path.relative(process.cwd(), at.secret))',
  'the folder above an input': "fs.readFileSync(`${path.dirname(at.input)}/${'../'.repeat(30)}${at.secret}`)",
  '/proc/self/root': 'fs.readFileSync(`/proc/self/root${at.secret}`)',
  '/proc/self/cwd': "fs.readFileSync(`/proc/self/cwd/${'../'.repeat(30)}${at.secret}`)",
  '/proc/thread-self/root': 'fs.readFileSync(`/proc/thread-self/root${at.secret}`)',
  'the root of its own number': 'fs.readFileSync(`/proc/${process.pid}/root${at.secret}`)',
  'the root of its parent': 'fs.readFileSync(`/proc/${process.ppid}/root${at.secret}`)',
  'a descriptor of /proc': 'fs.readFileSync(`/proc/self/fd/4/root${at.secret}`)',
  'a descriptor of a folder': "const d = fs.openSync('.'); fs.readFileSync(`/dev/fd/${d}/${'../'.repeat(30)}${at.secret}`)",
  'variables of its parent': 'fs.readFileSync(`/proc/${process.ppid}/environ`)',
  'variables of the coordinator': 'fs.readFileSync(`/proc/${at.coordinator}/environ`)',
  'the command line of the coordinator': 'fs.readFileSync(`/proc/${at.coordinator}/cmdline`)',
  'descriptors of the coordinator': 'fs.readdirSync(`/proc/${at.coordinator}/fd`)',
  'memory of the coordinator': "fs.openSync(`/proc/${at.coordinator}/mem`, 'r+')",
  'the list of users': "fs.readFileSync('/etc/passwd')",
  'a link': "fs.symlinkSync(at.secret, 'link'); fs.readFileSync('link')",
  'a link to the root': "fs.symlinkSync('/', 'root'); fs.readFileSync(`root${at.secret}`)",
  'a hard link': "fs.linkSync(at.secret, 'hard'); fs.readFileSync('hard')",
  'a copy': "fs.copyFileSync(at.secret, 'copy')",
  'a copy of its folder': "await fs.promises.cp(at.outside, 'copies', { recursive: true })",
  'a rename of it': "fs.renameSync(at.secret, 'mine')",
  require: 'module.createRequire(`${process.cwd()}/x.js`)(`${at.outside}/page.json`)',
  import: 'await import(`${at.outside}/module.mjs`)',
  'an addon': 'process.dlopen({ exports: {} }, at.secret)',
  'another folder to work in': "process.chdir(at.outside); fs.readFileSync('secret.txt')",
  'writing a new file': "fs.writeFileSync(`${at.outside}/new`, 'x')",
  'writing over it': "fs.writeFileSync(at.secret, 'x')",
  appending: "fs.appendFileSync(at.secret, 'x')",
  truncating: 'fs.truncateSync(at.secret)',
  removing: 'fs.rmSync(at.secret)',
  'removing its folder': 'fs.rmSync(at.outside, { recursive: true })',
  'moving a file out': "fs.writeFileSync('own', 'x'); fs.renameSync('own', `${at.outside}/moved`)",
  'making a folder': 'fs.mkdirSync(`${at.outside}/folder`)',
  'making a link there': "fs.symlinkSync('/', `${at.outside}/link`)",
  'a report': 'if (!process.report.writeReport(`${at.outside}/report.json`)) refuse()',
  'writing into an input': "fs.writeFileSync(at.input, 'x')",
  'removing an input': 'fs.unlinkSync(at.input)',
  'moving an input': "fs.renameSync(at.input, 'moved')",
  'a link to an input': "fs.linkSync(at.input, 'linked'); fs.chmodSync('linked', 0o644); fs.writeFileSync('linked', 'x')",
  'its own specification': "fs.writeFileSync(`${at.attempt}/job.json`, '{}')",
  'its own code': "fs.appendFileSync(`${at.attempt}/code/stage.mjs`, '//')",
  "Stillroom's code": "fs.writeFileSync(`${at.dist}/escaped.js`, '')",
  'the folder of all temporary files': "fs.mkdtempSync('/tmp/escaped-')",
  'shared memory': "fs.writeFileSync('/dev/shm/escaped', '')",
  'the lock': "fs.writeSync(4, 'x')",
  'a program': "childProcess.execFileSync('/bin/cat', [at.secret])",
  'a shell': "childProcess.execSync('cat ' + at.secret)",
  'another Node':
    "const c = `fs.readFileSync(${JSON.stringify(at.secret)})`; if (childProcess.spawnSync(process.execPath, ['-e', c]).status !== 0) refuse()",
  'inner bindings':
    "const ignored = [0, 1, 2].map(() => ({ type: 'ignore' })); const asked = { file: '/bin/true', args: ['true'], envPairs: [], stdio: ignored };" +
    "if ((process.binding('spawn_sync').spawn(asked).error ?? 0) < 0) refuse()",
};

/** Held by the kernel alone. */
const OTHERS: Readonly<Record<string, string>> = {
  'a signal to its parent': 'process.kill(process.ppid, 0)',
  'a signal to the coordinator': 'process.kill(at.coordinator, 0)',
  'a signal to the group of the coordinator': 'process.kill(-at.coordinator, 0)',
  'a signal to the first process': 'process.kill(1, 0)',
  'a debugger in the coordinator': 'process._debugProcess(at.coordinator)',
  TCP: "await events.once(net.connect(at.port, '127.0.0.1'), 'connect')",
  'TCP of version 6': "await events.once(net.connect(at.port, '::1'), 'connect')",
  fetch: 'await fetch(`http://127.0.0.1:${at.port}/`)',
  'a Unix socket': "await events.once(net.connect(at.socket), 'connect')",
  'an abstract socket': "await events.once(net.connect(`\\0${at.outside}`), 'connect')",
  listening: "await events.once(net.createServer().listen(0), 'listening')",
  'listening at a path': "await events.once(net.createServer().listen('socket'), 'listening')",
  UDP: "const s = dgram.createSocket('udp4'); s.bind(0); await events.once(s, 'listening')",
  'names of machines': "await dns.promises.lookup('stillroom.invalid')",
  'undeclared variables': "if (process.env['UNDECLARED'] === undefined) refuse()",
};

/** Ways to start a worker that is to be free of the permission model: bodies that have `ask`, which asks a worker with options to read. */
const WORKERS: Readonly<Record<string, string>> = {
  'a worker': 'await ask({})',
  'a worker without arguments': 'await ask({ execArgv: [] })',
  'a worker with arguments that allow': "await ask({ execArgv: ['--allow-fs-read=*'] })",
  'a worker with arguments that end the model': "await ask({ execArgv: ['--no-permission', '--no-experimental-permission'] })",
  'a worker without variables': 'await ask({ execArgv: [], env: {} })',
  'a worker with variables that allow': "await ask({ env: { NODE_OPTIONS: '--allow-fs-read=*' } })",
  'a worker that inherits them': "process.env.NODE_OPTIONS = '--allow-fs-read=*'; await ask({ execArgv: [] })",
  'a worker that shares them': "process.env.NODE_OPTIONS = '--allow-fs-read=*'; await ask({ execArgv: [], env: threads.SHARE_ENV })",
  'a class of workers': 'await ask({ execArgv: [] }, class extends threads.Worker {})',
  'the class behind that of workers': 'await ask({ execArgv: [] }, Object.getPrototypeOf(class extends threads.Worker {}))',
  'the class of a worker': "await ask({ execArgv: [] }, new threads.Worker('', { eval: true }).constructor)",
  'the class of the prototype': 'await ask({ execArgv: [] }, threads.Worker.prototype.constructor)',
  'a required class': "await ask({ execArgv: [] }, module.createRequire('/')('worker_threads').Worker)",
  'a worker of a worker':
    "await ask({}, threads.Worker, `new (require('worker_threads').Worker)(${JSON.stringify(reading)}, { eval: true, execArgv: [], env: {} })" +
    ".once('message', (told) => require('worker_threads').parentPort.postMessage(told))`)",
};

/** Where code runs that tries an escape: in a stage's work, or as code that is confined by the kernel alone. */
export type Place = 'work' | 'kernel';

/** A way out that is tried. */
export interface Escape {
  readonly name: string;
  readonly place: Place;
  readonly body: string;
}

/** All of them. */
export const escapes: readonly Escape[] = (['work', 'kernel'] as const).flatMap((place) =>
  Object.entries({ ...FILES, ...OTHERS, ...(place === 'work' ? WORKERS : {}) }).map(([name, body]) => ({
    name: `${name} (${place})`,
    place,
    body,
  })),
);

/** Errors of a refusal: by the permission model, the kernel, or because there is nothing to be had. */
const REFUSALS = 'ERR_ACCESS_DENIED EACCES EPERM EXDEV EBADF ESRCH ERR_DLOPEN_FAILED EAI_AGAIN NotReadableError REFUSED'.split(' ');

const trying = `const trying = async (escapes, at) => {
  const builtin = (name) => process.getBuiltinModule('node:' + name);
  const modules = { fs: 'fs', path: 'path', net: 'net', dgram: 'dgram', dns: 'dns', events: 'events', module: 'module', childProcess: 'child_process', threads: 'worker_threads' };
  const refuse = (code = 'REFUSED') => { throw Object.assign(new Error('refused'), { code }); };
  const reading = "const { parentPort } = require('worker_threads'); try { require('fs').readFileSync(" + JSON.stringify(at.secret) + "); parentPort.postMessage('read'); } catch (error) { parentPort.postMessage(error.code); }";
  const ask = async (options, Class = builtin('worker_threads').Worker, code = reading) => {
    const [told] = await builtin('events').once(new Class(code, { eval: true, ...options }), 'message');
    if (told !== 'read') refuse(told);
  };
  const given = { at, refuse, reading, ask };
  const names = [...Object.keys(modules), ...Object.keys(given)];
  const values = [...Object.values(modules).map(builtin), ...Object.values(given)];
  const told = [];
  for (const { name, body } of escapes) {
    const AsyncFunction = (async () => undefined).constructor;
    try {
      await AsyncFunction(...names, body)(...values);
      told.push(name + ': not refused');
    } catch (error) {
      const code = error.cause?.code ?? (error.code || error.name);
      if (!${JSON.stringify(REFUSALS)}.includes(code)) told.push(name + ': ' + code + ' ' + error.message);
    }
    process.chdir(at.attempt + '/work');
    delete process.env.NODE_OPTIONS;
  }
  return told;
};`;

/** The body of a stage's work, or of a program, that tries escapes and writes to its output which of them were not refused, as JSON. */
export function bodyOf(tried: readonly Escape[], at: Targets): string {
  return `${trying}\nfs.writeFileSync(context.outputs.out, JSON.stringify(await trying(${JSON.stringify(tried)}, ${JSON.stringify(at)})));`;
}
