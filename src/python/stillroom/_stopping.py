import signal
import threading

_asked = threading.Event()
_listens = False


def stopping():
    """Whether the work was asked to save and end (SIGTERM). From the first call on, the signal does no more than that: end soon after."""
    global _listens
    if not _listens and threading.current_thread() is threading.main_thread():
        _listens = True
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda *_: _asked.set())
    return _asked.is_set()
