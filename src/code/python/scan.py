"""Finds the local modules that Python programs import, and hashes each file by its tokens.

Reads JSON on its input: `root` (the project's folder), `script` (the program that is run, or null), `files` (it and other files, relative to the
project), `modules` (to be run with -m), `search` (folders of the project in which modules are looked for beside that of each program). Prints
JSON: `files` (path, sha256 of the bytes, what counts of them), `folders` (all in which a module was looked for), `usesStillroom` (whether our own
module is imported), `error` (a file that is no Python). Nothing of a project is executed. Run with -I -S: only the standard library is imported.
"""

import ast
import hashlib
import io
import json
import os
import sys
import tokenize

# An installation is only read.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cells

SUFFIXES = (".cpython-", ".abi3.", ".so", ".pyd")
# What lets a program read its own source, comments and all.
READERS = {"inspect", "linecache", "tokenize", "pdb", "doctest"}
# Names through which it reads that of any other module.
SOURCES = {
    "co_firstlineno", "co_lines", "co_positions", "f_lineno", "findsource", "getblock", "getcomments", "getframeinfo", "get_source",
    "getinnerframes", "getouterframes", "getsource", "getsourcelines", "linecache", "tb_lineno",
}
# What makes a path of a path: only what becomes of it in the end says whether the file is read.
PATHS = {"Path", "PurePath", "abspath", "absolute", "fspath", "realpath", "resolve", "str"}
# What takes the folder of a path, or its name.
FOLDERS = {"basename", "dirname", "name", "parent", "parents", "stem"}
# Tokens that say nothing but how a text is laid out.
LAYOUT = {tokenize.NL, tokenize.COMMENT, tokenize.ENCODING, tokenize.ENDMARKER}
# Formatted texts are several tokens since Python 3.12, and one before.
STARTS = {getattr(tokenize, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(tokenize, name)}
ENDS = {getattr(tokenize, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(tokenize, name)}


def offsets(lines):
    """Where each line begins in the whole text."""
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line)
    return starts + [at]


def tokens_of(source):
    """What of a program counts: its tokens, whatever Python takes it apart."""
    text = tokenize_text(source)
    # Not by splitlines: a form feed ends no line of a program.
    lines = io.StringIO(text).readlines()
    starts = offsets(lines)
    depth, begun = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind, string, (row, column), (end_row, end_column), _ = token
        if kind in STARTS:
            depth += 1
            if depth == 1:
                begun = starts[row - 1] + column
        elif kind in ENDS:
            depth -= 1
            if depth == 0:
                yield "STRING", text[begun : starts[end_row - 1] + end_column]
        elif depth == 0 and kind not in LAYOUT:
            layout = kind in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
            name = "OP" if kind == tokenize.OP else tokenize.tok_name[kind]
            yield name, "" if layout else string


def tokenize_text(source):
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return io.TextIOWrapper(io.BytesIO(source), encoding, newline=None).read().lstrip("\ufeff")


def name_of(node):
    """The last part of a name: `path` of `os.path`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def executed(tree):
    """All nodes that may be executed, each with those that it lies in, the nearest last: what is only for checkers of types is not."""
    left = [(tree, ())]
    while left:
        node, above = left.pop()
        yield node, above
        inner = (*above[-8:], node)
        skipped = node.body if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING" else []
        left.extend((child, inner) for child in ast.iter_child_nodes(node) if child not in skipped)


def takes_folder(node, above):
    """Whether a path is used only for the folder that it lies in, or for its name."""
    for parent in reversed(above):
        called = isinstance(parent, ast.Call) and parent.func is not node
        name = name_of(parent.func) if called else parent.attr if isinstance(parent, ast.Attribute) else None
        if name in FOLDERS:
            return True
        if name not in PATHS and (called or not isinstance(parent, ast.Call)):
            return False
        node = parent
    return False


def reads(tree):
    """What a program may read of the texts of programs: nothing, its own, or all."""
    found = ""
    for node, above in executed(tree):
        names = [name_of(node)] + [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
        module = (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) and node.level == 0 else ""
        if SOURCES.intersection(names) or (module in READERS and "*" in names):
            return "all"
        if module in READERS or (isinstance(node, ast.Import) and READERS.intersection(name.split(".")[0] for name in names if name)):
            found = "own"
        if isinstance(node, ast.Name) and node.id == "__file__" and not takes_folder(node, above):
            found = "own"
    return found


def counted(source):
    """What counts of a program that does not read itself: its tokens."""
    digest = hashlib.sha256()
    for kind, string in tokens_of(source):
        digest.update(("%s %d:%s\n" % (kind, len(string), string)).encode("utf-8", "surrogatepass"))
    return "tokens:" + digest.hexdigest()


def imports_of(tree):
    """The modules that a program names: (level, dotted name, names taken from it, whether it is imported in any case)."""
    for node, above in executed(tree):
        firm = all(isinstance(parent, (ast.Module, ast.ClassDef)) for parent in above)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, (), firm
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names), firm
        elif isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            called = name_of(node.func)
            if called in ("import_module", "__import__", "run_module") and isinstance(first, ast.Constant) and isinstance(first.value, str):
                name = first.value.lstrip(".")
                yield (len(first.value) - len(name) if called == "import_module" else 0), name, (), False


def exported(tree):
    """The names in the `__all__` of a module, where it gives them as texts."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []
        if any(name_of(target) == "__all__" for target in targets) and isinstance(node.value, (ast.List, ast.Tuple)):
            for one in node.value.elts:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


class Scan:
    def __init__(self, root, search, notebook=None):
        self.root = os.path.realpath(root)
        self.search = search
        self.folders = set()
        self.found = {}
        self.firm = set()
        self.reads = set()
        self.uses_stillroom = False
        self.notebook = notebook
        self.contents = {}
        self.waiting = []
        self.error = None

    def inside(self, path):
        return os.path.commonpath([self.root, os.path.realpath(path)]) == self.root

    def add(self, path, places, firm=False):
        """Takes a file in; `places` are the folders in which its modules are looked for, `firm` says that it is executed in any case."""
        shown = os.path.relpath(path, self.root)
        if shown not in self.found or (firm and shown not in self.firm):
            self.found.setdefault(shown, None)
            self.waiting.append((shown, places))
            if firm:
                self.firm.add(shown)

    def entry(self, folder, name):
        """What a module of a folder is: its file, or its folder."""
        self.folders.add(os.path.relpath(folder, self.root))
        package = os.path.join(folder, name)
        if os.path.isdir(package):
            self.folders.add(os.path.relpath(package, self.root))
        for file in (os.path.join(package, "__init__.py"), package + ".py"):
            if os.path.isfile(file):
                return file
        if os.path.isdir(folder):
            for other in sorted(os.listdir(folder)):
                if other.startswith(name + ".") and any(mark in other[len(name) :] for mark in SUFFIXES):
                    return os.path.join(folder, other)
        return package if os.path.isdir(package) else None

    def module(self, folders, dotted, places, firm=False):
        """Takes a module in with the packages above it; the folders in which those below it are looked for, none where it is not local."""
        for step in dotted.split("."):
            found = [entry for entry in (self.entry(folder, step) for folder in folders) if entry is not None and self.inside(entry)]
            whole = [entry for entry in found if os.path.isfile(entry)]
            if not found:
                return []
            if whole:
                self.add(whole[0], places, firm)
                folders = [os.path.dirname(whole[0])] if os.path.basename(whole[0]) == "__init__.py" else []
            else:
                folders = found
        return folders

    def follow(self, shown, tree, places):
        folder = os.path.dirname(os.path.join(self.root, shown))
        for level, dotted, names, sure in imports_of(tree):
            firm = sure and shown in self.firm
            folders = places
            if level > 0:
                base = folder
                for _ in range(level - 1):
                    base = os.path.dirname(base)
                folders = [base]
            below = self.module(folders, dotted, places, firm) if dotted else folders
            if level == 0 and dotted.split(".")[0] == "stillroom" and not any(self.entry(place, "stillroom") for place in places):
                self.uses_stillroom = True
            taken = [name for name in names if name != "*"] + [name for one in below if "*" in names for name in self.all_of(one)]
            for name in taken if below else ():
                self.module(below, name, places, firm and name in names)

    def all_of(self, folder):
        """What `from package import *` takes."""
        try:
            with open(os.path.join(folder, "__init__.py"), "rb") as file:
                return list(exported(ast.parse(file.read())))
        except (OSError, SyntaxError, ValueError):
            return []

    def above(self, path):
        """The packages that a file lies in, which are executed before it, and the folder that the outermost of them lies in."""
        packages, folder = [], os.path.dirname(path)
        while folder != self.root and os.path.isfile(os.path.join(folder, "__init__.py")):
            packages.append(os.path.join(folder, "__init__.py"))
            folder = os.path.dirname(folder)
        return packages, folder

    def take_notebook(self, shown, source, places):
        """Takes in the notebook that is executed, without what its last execution left."""
        digest = hashlib.sha256(source).hexdigest()
        try:
            text = cells.stripped(source)
        except cells.NotebookError as error:
            self.error = {"file": shown, "line": 1, "column": 1, "message": str(error)}
            return
        counts = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.found[shown] = (digest, "cells:%d:%s" % (cells.FORMAT, counts))
        self.contents[shown] = text
        # What executes it is a part of that module.
        self.uses_stillroom = True
        for tree in cells.trees(text):
            self.reads.add(reads(tree))
            self.follow(shown, tree, places)
        for program in cells.programs_run(text):
            path = os.path.join(self.root, program)
            if os.path.isfile(path) and self.inside(path):
                self.add(path, [os.path.dirname(path)] + places)

    def run(self):
        while self.waiting and self.error is None:
            shown, places = self.waiting.pop()
            path = os.path.join(self.root, shown)
            with open(path, "rb") as file:
                source = file.read()
            digest = hashlib.sha256(source).hexdigest()
            if shown == self.notebook:
                self.take_notebook(shown, source, places)
                continue
            if not shown.endswith(".py"):
                self.found[shown] = (digest, "bytes:" + digest)
                continue
            try:
                tree = ast.parse(source, shown)
                reading = reads(tree)
                self.reads.add(reading)
                self.found[shown] = (digest, "bytes:" + digest if reading else counted(source))
            except (SyntaxError, ValueError, UnicodeDecodeError, tokenize.TokenError) as error:
                # What is not imported in any case may be for another version of Python, or no program at all.
                if shown not in self.firm:
                    self.found[shown] = (digest, "bytes:" + digest)
                    continue
                line = getattr(error, "lineno", None) or 1
                self.error = {"file": shown, "line": line, "column": getattr(error, "offset", None) or 1, "message": getattr(error, "msg", None) or str(error)}
                return
            except RecursionError:
                self.found[shown] = (digest, "bytes:" + digest)
                continue
            self.follow(shown, tree, places)


def main():
    asked = json.load(sys.stdin)
    root, script = os.path.realpath(asked["root"]), asked.get("script")
    search = [os.path.join(root, folder) for folder in asked["search"]]
    first = [root] if asked["modules"] else [] if script is None else [os.path.dirname(os.path.join(root, script))]
    scan = Scan(root, search, asked.get("notebook"))
    for module in asked["modules"]:
        places = first + search
        below = scan.module(places, module, places, True)
        for folder in below:
            main_file = os.path.join(folder, "__main__.py")
            if os.path.isfile(main_file):
                scan.add(main_file, places, True)
    for shown in asked["files"]:
        path = os.path.join(root, shown)
        if shown == script:
            scan.add(path, first + search, True)
            continue
        # What a program imports while it runs finds its modules as that does; a program by itself in its own folder.
        packages, folder = scan.above(path) if shown.endswith(".py") else ([], root)
        places = list(dict.fromkeys(first + [os.path.dirname(path)] + search + [folder]))
        for one in packages + [path]:
            scan.add(one, places)
    scan.run()
    everything = "all" in scan.reads
    found = [(path, one[0], one[1]) for path, one in sorted(scan.found.items()) if one is not None]
    files = [{"path": path, "bytes": digest, "counts": "bytes:" + digest if everything and path not in scan.contents else counts} for path, digest, counts in found]
    for file in files:
        if file["path"] in scan.contents:
            file["content"] = scan.contents[file["path"]]
    told = {"files": files, "folders": sorted(scan.folders), "usesStillroom": scan.uses_stillroom, "error": scan.error}
    json.dump(told, sys.stdout)


main()
