/**
 * Ways in which a process leaves the one that started it. Each is a text for `sh` that starts `$CHILD`, which writes its process id to a
 * file and then appends to an output for as long as it lives, deaf to all signals that can be ignored.
 */
export const WAYS: Readonly<Record<string, string>> = {
  'in the background': 'sh $CHILD &',
  'by nohup': 'nohup sh $CHILD >/dev/null 2>&1 &',
  'into a session of its own': 'setsid -f sh $CHILD',
  'by a double fork': '(sh $CHILD & exec true) &',
  'without its environment': 'env -i /usr/bin/env setsid -f sh $CHILD',
  'with all descriptors closed': 'setsid -f env -i sh $CHILD <&- >&- 2>&- 3>&- 4>&- 5>&- 6>&-',
  'under another name': `python3 $PARTS rename $CHILD &`,
  'as a daemon at the root folder': 'python3 $PARTS daemon $CHILD',
  'below a halted parent': 'setsid -f sh -c "sh $CHILD & kill -STOP \\$\\$"',
  'halted itself': 'setsid -f sh $CHILD halt',
  'as threads whose first one has ended': 'python3 $PARTS threads $CHILD &',
  'by forking without end': 'setsid -f env -i sh $CHILD fork',
  'below a subreaper of its own': 'python3 $PARTS reaper $CHILD &',
};

/** The child: `$1` is empty, or what it does beside. PIDS and OUTPUT stand for files. */
export const CHILD = `trap '' TERM INT HUP QUIT USR1 USR2 PIPE ALRM
echo $$ >> PIDS
if test "$1" = halt; then kill -STOP $$; fi
if test "$1" = fork; then
  # Each of its children starts the next one and ends.
  next() { (echo late >> OUTPUT; sleep 0.01; next &); }
  next
fi
while :; do echo late >> OUTPUT; sleep 0.02; done
`;

/** What a shell cannot do: \`python3 PARTS WAY CHILD\`. */
export const PARTS = `import ctypes, os, signal, sys, threading, time
way, child = sys.argv[1:3]
libc = ctypes.CDLL(None)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)

def note():
    with open('PIDS', 'a') as file:
        file.write(f'{os.getpid()}\\\\n')

def write_on():
    while True:
        with open('OUTPUT', 'a') as file:
            file.write('late\\\\n')
        time.sleep(0.02)

if way == 'rename':
    libc.prctl(15, b'kworker/0:1', 0, 0, 0)
    os.execve('/bin/sh', ['[kworker/0:1]', child], {})
elif way == 'daemon':
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    os.chdir('/')
    os.closerange(0, 256)
    os.execve('/bin/sh', ['sh', child], {})
elif way == 'reaper':
    libc.prctl(36, 1, 0, 0, 0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve('/bin/sh', ['sh', child], {})
        os._exit(0)
    time.sleep(600)
elif way == 'threads':
    note()
    for _ in range(4):
        threading.Thread(target=write_on).start()
    libc.pthread_exit(None)
`;
