"""Executes a notebook with what its node is given: `python3 -m stillroom.notebook explore.ipynb`. Stillroom's nodes with `notebook:` do so.

Params, and the paths of inputs and outputs, are set by a cell after the one that is tagged `parameters`, or at the top. Each cell counts as
progress, and what it prints is printed. The notebook is written as far as it was executed, whatever happens; its page once it is whole.
"""

import asyncio
import importlib.util
import json
import os
import re
import signal
import sys

NEEDED = ("nbclient", "nbformat", "ipykernel", "nbconvert")
OWN = ("notebook", "page")
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def assignments(values):
    """The source of a cell that sets values."""
    return "# Parameters\n" + "".join(f"{name} = {literal(value)}\n" for name, value in values.items())


def literal(value):
    """A value as Python is written; NaN and infinite numbers are made of texts."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"float({str(value)!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {literal(one)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def inject(cells, values):
    """Puts a cell that sets values behind the one that is tagged `parameters`, or first; returns where."""
    tagged = [index for index, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", ())]
    at = tagged[0] + 1 if tagged else 0
    own = {"cell_type": "code", "id": "injected-parameters", "metadata": {"tags": ["injected-parameters"]}}
    cells.insert(at, {**own, "execution_count": None, "outputs": [], "source": assignments(values)})
    return at


def given_values():
    """The values that a notebook finds set: as the variables of any other command."""
    from ._given import _given

    paths = {port: path for port, path in _given["outputs"].items() if port not in OWN}
    inputs = {port: [one["path"] for one in path] if isinstance(path, list) else path for port, path in _given["inputs"].items()}
    return {**_given["params"], **inputs, **paths}


def client_of(notebook, told):
    """A client of nbclient that starts the kernel with this very Python, whatever kernels are installed."""
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False", "--IPKernelApp.log_level=40"]
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    class Client(NotebookClient):
        def create_kernel_manager(self):
            self.km = AsyncKernelManager(kernel_spec_manager=ThisPython(), config=self.config)
            return self.km

        def process_message(self, msg, cell, cell_index):
            if msg["msg_type"] == "stream":
                told(msg["content"])
            return super().process_message(msg, cell, cell_index)

    return Client(notebook, timeout=None, startup_timeout=300, record_timing=False, kernel_name="python3")


def print_stream(content):
    stream = sys.stderr if content["name"] == "stderr" else sys.stdout
    stream.write(content["text"])
    stream.flush()


async def execute(client, on_cell):
    """Executes all cells, one after the other; SIGTERM reaches the kernel too, which lives in a session of its own."""
    async with client.async_setup_kernel():
        provisioner = client.km.provisioner

        def hand_on():
            asyncio.ensure_future(provisioner.send_signal(signal.SIGTERM))

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, hand_on)
        for index, cell in enumerate(client.nb.cells):
            on_cell(index)
            await client.async_execute_cell(cell, index, execution_count=None)
        on_cell(len(client.nb.cells))


def name_of(index, injected, cells):
    """A cell as whoever wrote the notebook counts it."""
    if index == injected:
        return "the cell of its params"
    return f"cell {index + (0 if index > injected else 1)} of {len(cells) - 1}"


def fail(notebook, at, name, error):
    """Prints the cell that failed, its traceback and, last, what is told of it."""
    cell = notebook.cells[at]
    outputs = [one for one in cell.get("outputs", ()) if one.get("output_type") == "error"]
    print(f"{name}:", file=sys.stderr)
    for number, line in enumerate(cell.source.splitlines(), 1):
        print(f"{number:4} {line}", file=sys.stderr)
    if outputs:
        what = f"{outputs[-1]['ename']}: {outputs[-1]['evalue']}".strip().removesuffix(":")
        print(COLOURS.sub("", "\n".join(outputs[-1]["traceback"])), file=sys.stderr)
    else:
        what = f"{type(error).__name__}: {error}".strip()
    print(f"{name} failed: {what.splitlines()[0] if what else 'it did not say why'}", file=sys.stderr)
    return 1


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(path, written, page):
    import nbformat
    from ._events import progress

    with open(path, encoding="utf-8") as file:
        plain = json.load(file)
    injected = inject(plain["cells"], given_values())
    notebook = nbformat.from_dict(plain)
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
    at = 0
    # Modules beside the notebook are found, as they are by a program.
    folder = os.path.dirname(os.path.abspath(path))
    os.environ["PYTHONPATH"] = os.pathsep.join(one for one in (folder, os.environ.get("PYTHONPATH")) if one)

    def on_cell(index):
        nonlocal at
        if index < len(notebook.cells):
            at = index
        progress(index, len(notebook.cells))

    try:
        asyncio.run(execute(client_of(notebook, print_stream), on_cell))
    except Exception as error:
        write(written, nbformat.writes(notebook))
        return fail(notebook, at, name_of(at, injected, notebook.cells), error)
    write(written, nbformat.writes(notebook))
    from nbconvert import HTMLExporter

    title = os.path.splitext(os.path.basename(path))[0]
    write(page, HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": title}})[0])
    return 0


def main():
    # What lies in the working folder is the project's: it stands in for no package of the environment.
    sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"notebooks need {', '.join(missing)}, which {sys.executable} does not have", file=sys.stderr)
        return 1
    from ._given import outputs

    return run(sys.argv[1], str(outputs.notebook), str(outputs.page))


if __name__ == "__main__":
    sys.exit(main())
