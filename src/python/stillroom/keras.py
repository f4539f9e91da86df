"""For Keras: curves, progress, checkpoints and early stopping of `fit`.

    from stillroom.keras import StillroomCallback

    callback = StillroomCallback(params.epochs)
    model = callback.resumed() or build()
    model.fit(data, initial_epoch=callback.epoch, epochs=params.epochs, callbacks=[callback])
"""

import json

import keras

from . import checkpoint, metric, progress, stopping

_MODEL, _STATE = "model.keras", "epoch.json"


class StillroomCallback(keras.callbacks.Callback):
    """Tells the logs of each epoch, keeps the model after it, and ends after the epoch in which the work is asked to stop."""

    def __init__(self, epochs=None):
        super().__init__()
        self._epochs = epochs

    @property
    def epoch(self):
        """The epoch that comes next, for `initial_epoch`."""
        return 0 if checkpoint.folder is None else json.loads((checkpoint.folder / _STATE).read_text())

    def resumed(self):
        """The model of the newest checkpoint, with its optimizer; None: the work begins."""
        return None if checkpoint.folder is None else keras.saving.load_model(checkpoint.folder / _MODEL)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            metric(name, value, step=epoch)
        if self._epochs is not None:
            progress(epoch + 1, self._epochs, f"epoch {epoch + 1}")
        with checkpoint.save() as folder:
            self.model.save(folder / _MODEL)
            (folder / _STATE).write_text(json.dumps(epoch + 1))
        if stopping():
            raise SystemExit(1)
