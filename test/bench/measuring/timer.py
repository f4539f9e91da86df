"""Runs programs for timer.ts: a line of JSON asks for programs to be started together, a line of JSON says what they took.

It is Python since Node does not tell what memory a child took at its peak.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

for line in sys.stdin:
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        children = [
            subprocess.Popen(
                command["words"],
                cwd=command["folder"],
                env={**os.environ, **command["env"]},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            for command in json.loads(line)
        ]
        ended = [os.wait4(child.pid, 0) for child in children]
        taken = time.perf_counter() - started
        output.seek(0)
        told = output.read().decode(errors="replace")
    for child, (_, status, _) in zip(children, ended):
        child.returncode = status
    answer = {
        "ok": all(status == 0 for _, status, _ in ended),
        "milliseconds": taken * 1000,
        "processor": sum(usage.ru_utime + usage.ru_stime for _, _, usage in ended) * 1000,
        "mebibytes": max(usage.ru_maxrss for _, _, usage in ended) / 1024,
        "told": told[-2000:],
    }
    print(json.dumps(answer), flush=True)
