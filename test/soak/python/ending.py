"""Kills the process that it is called in, once its training has come to an epoch, in the first two attempts."""

import os
import signal
import time


def kill_at(start, done):
    # What was told last is to be kept before.
    if (start, done) in {(0, 1), (1, 2)}:
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)
