"""What a command of a Stillroom pipeline is given, and how it tells what it does. No dependencies.

    from stillroom import params, inputs, outputs, metric, progress, checkpoint, stopping

    for epoch in range(params.epochs):
        ...
        metric("loss", loss, step=epoch)
        progress(epoch + 1, params.epochs)

Run by hand, outside a pipeline, nothing is written anywhere: `params.get("epochs", 3)` gives what it is told, and metrics go nowhere.
"""

from ._given import inputs, outputs, params
from ._events import log, metric, progress, warn
from ._checkpoint import checkpoint
from ._stopping import stopping

__all__ = ["checkpoint", "inputs", "log", "metric", "outputs", "params", "progress", "stopping", "warn"]
