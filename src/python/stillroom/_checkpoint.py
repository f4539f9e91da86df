import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from ._events import tell


class Checkpoint:
    """A folder of its own for each checkpoint; the newest whole one is what a killed or stopped attempt goes on from.

        if checkpoint.folder is not None:
            state = torch.load(checkpoint.folder / "state.pt")
        ...
        with checkpoint.save() as folder:
            torch.save(state, folder / "state.pt")
    """

    @property
    def folder(self):
        """The newest whole checkpoint; None: the work begins."""
        path = os.environ.get("STILLROOM_RESUME_FROM", "")
        return Path(path) if path else None

    @contextmanager
    def save(self):
        """Gives an empty folder to write into, and makes it the newest checkpoint when the block has ended without an error."""
        root = os.environ.get("STILLROOM_CHECKPOINT")
        if root is None:
            with tempfile.TemporaryDirectory() as folder:
                yield Path(folder)
            return
        os.makedirs(root, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="new-", dir=root)
        yield Path(folder)
        tell({"checkpoint": os.path.basename(folder)})


checkpoint = Checkpoint()
