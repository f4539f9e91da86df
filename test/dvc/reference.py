"""Writes what DVC itself does with the fixtures: which stages run on each change, its lock, and what it made.

    pip install dvc && python test/dvc/reference.py test/dvc/fixtures
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

fixtures = os.path.abspath(sys.argv[1])
changes = json.load(open(os.path.join(fixtures, "changes.json")))


def dvc(folder, *args):
    ended = subprocess.run(["dvc", *args], cwd=folder, capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"{folder}: dvc {' '.join(args)}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def repro(folder):
    """The stages that were executed."""
    return re.findall(r"^Running stage '(?:[^':]*:)?([^']+)'", dvc(folder, "repro"), re.MULTILINE)


def texts(folder):
    """What stands in the folder, but for DVC's own files."""
    found = {}
    for above, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one not in (".dvc", ".git")]
        for name in files:
            path = os.path.join(above, name)
            found[os.path.relpath(path, folder)] = open(path, encoding="utf-8").read()
    return found


reference = {}
for shape, edits in changes.items():
    folder = os.path.join(tempfile.mkdtemp(), shape)
    shutil.copytree(os.path.join(fixtures, shape), folder)
    for name in [os.path.join(above, file) for above, _, files in os.walk(folder) for file in files if file.endswith(".dvc")]:
        os.remove(name)
    dvc(folder, "init", "--no-scm", "--quiet")
    before = texts(folder)
    repro(folder)
    lock = open(os.path.join(folder, "dvc.lock")).read()
    made = {path: text for path, text in texts(folder).items() if path not in before and path != "dvc.lock" and not path.endswith(".gitignore")}
    reran = []
    for edit in edits:
        path = os.path.join(folder, edit["file"])
        text = open(path).read()
        assert edit["from"] in text, edit
        open(path, "w").write(text.replace(edit["from"], edit["to"]))
        reran.append(repro(folder))
    reference[shape] = {"lock": lock, "made": made, "reran": reran}
json.dump(reference, open(os.path.join(fixtures, "reference.json"), "w"), indent=1, sort_keys=True)
