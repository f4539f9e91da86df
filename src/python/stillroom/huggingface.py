"""For the Trainer of Hugging Face's transformers: curves, progress, checkpoints and early stopping.

    from stillroom.huggingface import StillroomCallback

    callback = StillroomCallback()
    trainer = Trainer(model, TrainingArguments("trained", report_to=[], save_strategy="epoch"), callbacks=[callback], ...)
    trainer.train(resume_from_checkpoint=callback.resume)
"""

import os
import shutil

from transformers import TrainerCallback

from . import checkpoint, metric, progress, stopping

_FOLDER = "checkpoint"


class StillroomCallback(TrainerCallback):
    """Tells what the trainer logs and how far it is, keeps each checkpoint that it saves, and saves one when the work is asked to stop."""

    _asked = False

    @property
    def resume(self):
        """The checkpoint that the training goes on from; None: it begins."""
        return None if checkpoint.folder is None else str(checkpoint.folder / _FOLDER)

    def on_log(self, args, state, control, logs=None, **kwargs):
        for name, value in (logs or {}).items():
            if isinstance(value, (int, float)):
                metric(name, value, step=state.global_step)

    def on_step_end(self, args, state, control, **kwargs):
        progress(state.global_step, state.max_steps)
        if stopping() and not self._asked:
            self._asked = True
            control.should_save = True
            control.should_training_stop = True
        return control

    def on_save(self, args, state, control, **kwargs):
        with checkpoint.save() as folder:
            shutil.copytree(os.path.join(args.output_dir, f"checkpoint-{state.global_step}"), folder / _FOLDER)

    def on_train_end(self, args, state, control, **kwargs):
        if self._asked:
            raise SystemExit(1)
