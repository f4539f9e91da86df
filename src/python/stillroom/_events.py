import json
import os

_path = os.environ.get("STILLROOM_EVENTS")
_descriptor = None


def tell(event):
    """Appends one event, in one piece, so that several processes and threads can tell at once."""
    global _descriptor
    if _path is None:
        return
    if _descriptor is None:
        _descriptor = os.open(_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    os.write(_descriptor, (json.dumps(event) + "\n").encode())


def metric(name, value, step=None):
    """Records a number; with a step (an epoch, say) a point of a curve, whose last one counts. What floats, NumPy and tensors of one element have."""
    event = {"metric": str(name), "value": float(value)}
    if step is not None:
        event["step"] = int(step)
    tell(event)


def progress(done, total, note=None):
    """Says how far the work is."""
    event = {"progress": [float(done), float(total)]}
    if note is not None:
        event["note"] = str(note)
    tell(event)


def log(line):
    """Adds a line to the node's log."""
    tell({"log": str(line)})


def warn(message):
    """Says something that whoever runs the pipeline should see."""
    tell({"warning": str(message)})
