"""Takes notebooks apart: what of one counts, and what its cells import. Only the standard library is imported."""

import ast
import json
import re

# Tags that change what is executed, or what becomes of it.
TAGS = ("parameters", "raises-exception", "skip-execution")
# Cell magics whose cells are Python all the same.
PYTHON_MAGICS = ("capture", "prun", "time", "timeit")
# Raised when another form of the same notebook is executed.
FORMAT = 1

LINE_MAGIC = re.compile(r"^(\s*)(?:[%!]|\?{1,2}\w).*$|^(\s*)[\w.]+\?{1,2}\s*$")
ASSIGNED_MAGIC = re.compile(r"^(\s*[\w., ]+=\s*)[%!].*$")
RUN = re.compile(r"^\s*%run\s+(?:-\w+\s+)*[\"']?([^\s\"']+\.py)\b")


class NotebookError(ValueError):
    """What is wrong with a notebook."""


def joined(source):
    return "".join(source) if isinstance(source, list) else source


def stripped_cell(cell, index):
    """A cell without what its last execution left."""
    kind, source = cell.get("cell_type"), joined(cell.get("source", ""))
    if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
        raise NotebookError("its cell %d is no cell" % (index + 1))
    written = cell.get("metadata") or {}
    tags = [tag for tag in TAGS if tag in (written.get("tags") or ())]
    metadata = {"tags": tags} if tags else {}
    if kind == "raw":
        metadata.update((key, written[key]) for key in ("format", "raw_mimetype") if key in written)
    one = {"cell_type": kind, "id": "cell-%d" % (index + 1), "metadata": metadata, "source": source.splitlines(keepends=True)}
    if kind == "code":
        one.update(execution_count=None, outputs=[])
    elif cell.get("attachments"):
        one["attachments"] = cell["attachments"]
    return one


def stripped(text):
    """A notebook with all that counts of it, and nothing else: what its execution left and what editors keep in it are gone."""
    try:
        notebook = json.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        raise NotebookError("it is no JSON: %s" % error) from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise NotebookError("it has no nbformat")
    if notebook["nbformat"] != 4 or not isinstance(notebook.get("cells"), list):
        raise NotebookError("its format is %s, and not 4: open it in Jupyter and save it" % notebook["nbformat"])
    metadata = notebook.get("metadata") or {}
    known = [(metadata.get(part) or {}).get(key) for part, key in (("kernelspec", "language"), ("language_info", "name"))]
    language = next((one for one in known if one), "python")
    if str(language).lower() not in ("python", "ipython", "python3"):
        raise NotebookError("its language is %s, and not Python" % language)
    cells = [stripped_cell(cell, index) for index, cell in enumerate(notebook["cells"])]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def without_magics(source):
    """The Python of a cell: lines that only IPython understands do nothing here."""
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        words = first[2:].split()
        return without_magics(rest) if words and words[0] in PYTHON_MAGICS else ""
    lines = [ASSIGNED_MAGIC.sub(r"\1None", line) for line in source.split("\n")]
    return "\n".join(LINE_MAGIC.sub(lambda found: (found.group(1) or found.group(2) or "") + "pass", line) for line in lines)


def trees(text):
    """The programs of the cells of a stripped notebook; a cell that is no Python fails when it is executed, and is passed over."""
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] != "code" or "skip-execution" in cell["metadata"].get("tags", ()):
            continue
        source = "".join(cell["source"])
        for program in (source, without_magics(source)):
            try:
                yield ast.parse(program)
                break
            except (SyntaxError, ValueError, RecursionError):
                continue


def programs_run(text):
    """The programs that cells run by a magic."""
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            yield from (found.group(1) for found in map(RUN.match, cell["source"]) if found is not None)
