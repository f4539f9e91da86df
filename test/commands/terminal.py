"""Runs a program on a terminal of its own and does to it what a person does there.

   python3 terminal.py STEPS PROGRAM [ARGUMENT]...

STEPS is a JSON list of objects. Each waits until `text` has appeared on the terminal since the step before, or a file like `file` exists, then acts:
`type` writes a text, `signal` sends a signal by its name, `hangUp` closes the terminal. Prints what came of it as JSON: the exit code as a
shell gives it, all that was written to the terminal, and whether that still edits lines, echoes them and makes signals of keys.
"""
import fcntl
import glob
import json
import os
import pty
import select
import signal
import sys
import termios

steps = json.loads(sys.argv[1])
master, slave = pty.openpty()
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(slave, descriptor)
    os.close(slave)
    os.execvp(sys.argv[2], sys.argv[2:])

# Whatever goes wrong, this ends; the terminal, and so the program, ends with it.
signal.alarm(50)
written = b""
seen = 0
status = None
modes = None


def is_due(step):
    if "file" in step:
        return bool(glob.glob(step["file"]))
    return written.find(step["text"].encode(), seen) >= 0


while True:
    while master is not None and steps and is_due(steps[0]):
        step = steps.pop(0)
        if "text" in step:
            seen = written.find(step["text"].encode(), seen) + len(step["text"].encode())
        if "type" in step:
            os.write(master, step["type"].encode())
        elif "signal" in step:
            os.kill(pid, getattr(signal, step["signal"]))
        elif "hangUp" in step:
            os.close(slave)
            os.close(master)
            master = None
    if master is None:
        _, status = os.waitpid(pid, 0)
        break
    ready = select.select([master], [], [], 0.05)[0]
    if ready:
        try:
            written += os.read(master, 65536)
        except OSError:
            pass
        continue
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
if master is not None:
    flags = termios.tcgetattr(slave)[3]
    modes = {"lines": bool(flags & termios.ICANON), "echo": bool(flags & termios.ECHO), "signals": bool(flags & termios.ISIG)}
code = os.waitstatus_to_exitcode(status)
print(json.dumps({"code": 128 - code if code < 0 else code, "written": written.decode(errors="replace"), "modes": modes, "missed": steps}))
