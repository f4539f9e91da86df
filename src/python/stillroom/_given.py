import json
import os
from collections.abc import Mapping
from pathlib import Path


class Given(Mapping):
    """Values by name: `params.rate`, `params["rate"]`, `params.get("rate", 0.1)`. Mappings in them are read in the same way."""

    def __init__(self, what, values):
        self._what = what
        self._values = values

    def __getitem__(self, name):
        if name not in self._values:
            known = ", ".join(self._values) or "none: it does not run in a pipeline"
            raise KeyError(f"{self._what} has no {name!r} (there are: {known})")
        value = self._values[name]
        return Given(f"{self._what}.{name}", value) if isinstance(value, dict) else value

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        return f"{self._what}({self._values!r})"


def _read():
    text = os.environ.get("STILLROOM_GIVEN")
    if text is not None:
        return json.loads(text)
    if "STILLROOM_EVENTS" in os.environ:
        raise RuntimeError("what the node is given is too long for the stillroom module: read it from the environment's variables")
    return {"params": {}, "inputs": {}, "outputs": {}}


def _paths(values):
    # Absolute, so that they hold wherever the program goes.
    return {
        port: [Path(one["path"]).absolute() for one in path] if isinstance(path, list) else Path(path).absolute()
        for port, path in values.items()
    }


_given = _read()

params = Given("params", _given["params"])
"""The node's params, as numbers, texts, lists and mappings."""

inputs = Given("inputs", _paths(_given["inputs"]))
"""The path of each input."""

outputs = Given("outputs", _paths(_given["outputs"]))
"""Where each output is to be written."""
