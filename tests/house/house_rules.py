"""The rules of this house that no compiler checks. Prints every violation as FILE:LINE: text; exit 1 when there is one.

Use: house_rules.py SOURCE_DIR
"""
import ast
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cpp_text import blanked, functions, mutable_globals  # noqa: E402

LONGEST_FUNCTION = 70
LONGEST_FILE, LONG_FILE = 350, 300
CPP = {".cpp", ".hpp", ".h", ".cc", ".c"}
CODE = CPP | {".py"}

# Which folder's headers a folder may include, beside its own: arrows point one way only.
BELOW = {
    "src/base": set(),
    "src/core": {"src/base"},
    "src/beacon": {"src/core", "src/base"},  # of core the values, such as Money
    "src/trace": {"src/core", "src/base"},
    "src/ports": {"src/core", "src/base"},
    "src/http": {"src/base"},
    "src/backend": {"src/ports", "src/core", "src/base", "src/http"},
    "src/receipts": {"src/ports", "src/core", "src/base"},
    "src/config": {"src/ports", "src/core", "src/base"},
    "src/api": {"src/ports", "src/core", "src/base", "src/http"},
    "src/runtime": {"src/ports", "src/core", "src/base", "hal/ports"},
    "src/cli": None,      # programs name everything
    "src/daemon": None,
    "hal/ports": {"src/base"},
    "hal/modbus": {"hal/ports", "src/base"},
    "hal/gpiod": {"hal/ports", "src/base"},
    "hal/hci": {"hal/ports", "src/base"},
    "hal/sim": {"hal/ports", "src/base"},
}
PURE = ("src/core", "src/beacon")
IMPURE = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|clock_gettime|gettimeofday|timespec_get|localtime\w*|gmtime\w*"
    r"|sleep_for|sleep_until|usleep|nanosleep|random_device|thread_local|pthread_\w+)\b"
    r"|\bstd::(?:thread|jthread|mutex|shared_mutex|recursive_mutex|condition_variable\w*|async|future|promise|atomic\w*|time|rand|this_thread)\b"
    r"|(?<![\w:.>])(?:::)?(?:time|rand|srand|sleep|getenv)\s*\(")
IMPURE_HEADERS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "atomic", "random", "ctime", "time.h",
                  "unistd.h", "pthread.h", "sys/time.h", "fstream", "filesystem", "iostream", "cstdio"}
VAGUE_NAME = re.compile(r"(?:^|[_-])(?:managers?|helpers?|util|utils|utility|utilities|common|misc)(?:$|[_.-])", re.I)
TYPE_HEAD = re.compile(r"^(?:class|struct|union|enum(?: class)?) (\w+)(?! *[\w:]*::)[^;{}()]*\{", re.M)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


class House:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.violations, self.warnings = [], []
        self.types = {}  # (namespace, type) → the file that defines it first

    def files(self, *folders, suffixes=CODE):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path.suffix in suffixes and "node_modules" not in path.parts:
                    yield path, path.relative_to(self.root).as_posix()

    def violation(self, name, line, text):
        self.violations.append(f"{name}:{line}: {text}")

    def judge_lengths(self, path, name, text):
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            self.violation(name, LONGEST_FILE + 1, f"{lines} lines; a file has at most {LONGEST_FILE}")
        elif lines > LONG_FILE:
            self.warnings.append(f"{name}:{LONG_FILE + 1}: {lines} lines; a file should have at most {LONG_FILE}")
        for function, line, length in self.python_functions(text) if path.suffix == ".py" else self.cpp_functions(text):
            if length > LONGEST_FUNCTION:
                self.violation(name, line, f"{function} has {length} lines; a function has at most {LONGEST_FUNCTION}")

    @staticmethod
    def cpp_functions(text):
        return [(each.name, each.line, each.length) for each in functions(text)]

    @staticmethod
    def python_functions(text):
        nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
        return [(node.name, node.lineno, node.end_lineno - node.lineno + 1) for node in nodes]

    def judge_includes(self, name, text):
        folder = "/".join(name.split("/")[:2])
        if folder not in BELOW:
            self.violation(name, 1, f"no rule says what {folder} may include; add it to BELOW in tests/house/house_rules.py")
            return
        allowed = BELOW[folder]
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            bracket, header = match.groups()
            target = self.folder_of(path=header, includer=name)
            if target and target != folder and allowed is not None and target not in allowed:
                self.violation(name, line, f"includes {header}: {folder} may not include from {target}")
            if bracket == "<" and folder in PURE and header in IMPURE_HEADERS:
                self.violation(name, line, f"includes <{header}>: {folder} is pure")
            if folder == "src/core" and ("/" in header and bracket == "<"):
                self.violation(name, line, f"includes <{header}>: src/core has the standard library only")

    def folder_of(self, path, includer):
        """The folder of ours that an include leads to; None: a header of somebody else."""
        parts = path.split("/")
        for prefix in (["src"], []):
            folder = "/".join(prefix + parts[:2 - len(prefix)])
            if folder in BELOW and (self.root / "/".join(prefix + parts)).exists():
                return folder
        return None

    def judge_purity(self, name, text):
        if not name.startswith(tuple(folder + "/" for folder in PURE)):
            return
        for number, line in enumerate(blanked(text).split("\n"), 1):
            match = IMPURE.search(line)
            if match:
                self.violation(name, number, f"{match.group().strip()} in pure code: time, chance and threads come from outside")
        for line, statement in mutable_globals(text):
            self.violation(name, line, f"mutable global in pure code: {statement[:60]}")

    def judge_one_definition(self, name, text):
        """Two classes of one name in one namespace are silently mixed up by the linker; only anonymous namespaces are private."""
        text = blanked(text)
        outer = NAMESPACE.search(text)
        if not outer or not name.endswith((".hpp", ".h")):
            return
        for match in TYPE_HEAD.finditer(text):
            first = self.types.setdefault((outer.group(1), match.group(1)), name)
            if first != name:
                self.violation(name, text.count("\n", 0, match.start()) + 1,
                               f"{outer.group(1)}::{match.group(1)} is defined in {first} too: the linker can't tell them apart")

    def judge(self):
        for path, name in self.files("src", "hal", "tools"):
            text = path.read_text(encoding="utf-8")
            self.judge_lengths(path, name, text)
            if path.suffix in CPP:
                self.judge_one_definition(name, text)
            if path.suffix in CPP and not name.startswith("tools/"):
                self.judge_includes(name, text)
                self.judge_purity(name, text)
        for path, name in self.files("src", "hal", "tools", "tests", "config", "systemd", "docs", suffixes=CODE | {".md", ".js", ".sh", ".txt", ""}):
            if VAGUE_NAME.search(path.stem):
                self.violation(name, 1, "a name that says nothing about what is in the file")
        return not self.violations


def main():
    house = House(sys.argv[1])
    good = house.judge()
    for line in house.warnings:
        print("warning:", line)
    for line in house.violations:
        print(line)
    print(f"{len(house.violations)} violations, {len(house.warnings)} warnings")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
