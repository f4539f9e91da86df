"""Finds the local modules that Python programs import, and hashes each file by its tokens.

Reads JSON on its input: `root` (the project's folder), `files` (programs and other files, relative to it), `modules` (to be run with -m),
`search` (folders of the project in which modules are looked for beside that of each program). Prints JSON: `files` (path, sha256 of the bytes,
what counts of them, the modules that it names), `folders` (all in which a module was looked for), `error` (a file that is no Python). Nothing of
a project is executed. Run with -I -S: only the standard library is imported.
"""

import ast
import hashlib
import io
import json
import os
import sys
import tokenize

SUFFIXES = (".cpython-", ".abi3.", ".so", ".pyd")
# What lets a program read its own source, comments and all.
READERS = {"inspect", "linecache", "tokenize", "pdb", "doctest"}
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
    lines = text.splitlines(keepends=True)
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


def counted(source, tree):
    """What counts of a program: its tokens, or its bytes where it may read them itself."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module or "").split(".")[0]]
        elif isinstance(node, ast.Name):
            names = [node.id] if node.id == "__file__" else []
        if "__file__" in names or READERS.intersection(names):
            return "bytes:" + hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    for kind, string in tokens_of(source):
        digest.update(("%s %d:%s\n" % (kind, len(string), string)).encode("utf-8", "surrogatepass"))
    return "tokens:" + digest.hexdigest()


def imports_of(tree):
    """The modules that a program names: (level, dotted name, names taken from it)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if called in ("import_module", "__import__", "run_module") and isinstance(first, ast.Constant) and isinstance(first.value, str):
                name = first.value.lstrip(".")
                yield (len(first.value) - len(name) if called == "import_module" else 0), name, ()


class Scan:
    def __init__(self, root, search):
        self.root = os.path.realpath(root)
        self.search = search
        self.folders = set()
        self.found = {}
        self.waiting = []
        self.error = None

    def inside(self, path):
        return os.path.commonpath([self.root, os.path.realpath(path)]) == self.root

    def add(self, path, places):
        """Takes a file in; `places` are the folders in which its modules are looked for."""
        shown = os.path.relpath(path, self.root)
        if shown not in self.found:
            self.found[shown] = None
            self.waiting.append((shown, places))

    def entry(self, folder, name):
        """What a module of a folder is: its file, or its folder."""
        self.folders.add(os.path.relpath(folder, self.root))
        package = os.path.join(folder, name)
        for file in (os.path.join(package, "__init__.py"), package + ".py"):
            if os.path.isfile(file):
                return file
        if os.path.isdir(folder):
            for other in sorted(os.listdir(folder)):
                if other.startswith(name + ".") and any(mark in other[len(name) :] for mark in SUFFIXES):
                    return os.path.join(folder, other)
        return package if os.path.isdir(package) else None

    def module(self, folders, dotted, places):
        """Takes a module in with the packages above it; the folders in which those below it are looked for, none where it is not local."""
        for step in dotted.split("."):
            found = [entry for entry in (self.entry(folder, step) for folder in folders) if entry is not None and self.inside(entry)]
            whole = [entry for entry in found if os.path.isfile(entry)]
            if not found:
                return []
            if whole:
                self.add(whole[0], places)
                folders = [os.path.dirname(whole[0])] if os.path.basename(whole[0]) == "__init__.py" else []
            else:
                folders = found
        return folders

    def follow(self, shown, tree, places):
        folder = os.path.dirname(os.path.join(self.root, shown))
        for level, dotted, names in imports_of(tree):
            folders = places
            if level > 0:
                base = folder
                for _ in range(level - 1):
                    base = os.path.dirname(base)
                folders = [base]
            below = self.module(folders, dotted, places) if dotted else folders
            for name in names:
                if below and name != "*":
                    self.module(below, name, places)

    def run(self):
        while self.waiting and self.error is None:
            shown, places = self.waiting.pop()
            path = os.path.join(self.root, shown)
            with open(path, "rb") as file:
                source = file.read()
            digest = hashlib.sha256(source).hexdigest()
            if not shown.endswith(".py"):
                self.found[shown] = (digest, "bytes:" + digest)
                continue
            try:
                tree = ast.parse(source, shown)
                self.found[shown] = (digest, counted(source, tree))
            except (SyntaxError, ValueError, UnicodeDecodeError, tokenize.TokenError) as error:
                line = getattr(error, "lineno", None) or 1
                self.error = {"file": shown, "line": line, "column": getattr(error, "offset", None) or 1, "message": getattr(error, "msg", None) or str(error)}
                return
            except RecursionError:
                self.found[shown] = (digest, "bytes:" + digest)
                continue
            self.follow(shown, tree, places)


def main():
    asked = json.load(sys.stdin)
    root = asked["root"]
    search = [os.path.join(root, folder) for folder in asked["search"]]
    scan = Scan(root, search)
    for module in asked["modules"]:
        places = [root] + search
        below = scan.module(places, module, places)
        for folder in below:
            main_file = os.path.join(folder, "__main__.py")
            if os.path.isfile(main_file):
                scan.add(main_file, places)
    for shown in asked["files"]:
        path = os.path.join(root, shown)
        scan.add(path, [os.path.dirname(path)] + search)
    scan.run()
    files = [{"path": path, "bytes": one[0], "counts": one[1]} for path, one in sorted(scan.found.items()) if one is not None]
    json.dump({"files": files, "folders": sorted(scan.folders), "error": scan.error}, sys.stdout)


main()
