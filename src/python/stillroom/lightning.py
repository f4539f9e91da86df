"""For Lightning: curves, progress, checkpoints and early stopping of a `Trainer`.

    from stillroom.lightning import StillroomCallback

    callback = StillroomCallback()
    trainer = Trainer(max_epochs=params.epochs, callbacks=[callback])
    trainer.fit(model, data, ckpt_path=callback.resume)
"""

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:
    from pytorch_lightning import Callback

from . import checkpoint, metric, progress, stopping

_FILE = "trainer.ckpt"


class StillroomCallback(Callback):
    """Tells what was logged after each epoch, keeps a checkpoint of it, and ends after the step in which the work is asked to stop."""

    @property
    def resume(self):
        """The checkpoint that the training goes on from, for `ckpt_path`; None: it begins."""
        return None if checkpoint.folder is None else str(checkpoint.folder / _FILE)

    def on_train_epoch_end(self, trainer, pl_module):
        # Validation has run before, so its metrics are among them.
        for name, value in trainer.callback_metrics.items():
            metric(name, value, step=trainer.current_epoch)
        if trainer.max_epochs is not None and trainer.max_epochs > 0:
            progress(trainer.current_epoch + 1, trainer.max_epochs, f"epoch {trainer.current_epoch + 1}")
        with checkpoint.save() as folder:
            trainer.save_checkpoint(folder / _FILE)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if stopping():
            with checkpoint.save() as folder:
                trainer.save_checkpoint(folder / _FILE)
            raise SystemExit(1)
