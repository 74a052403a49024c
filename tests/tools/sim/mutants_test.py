"""tools/mutants: which seeded bugs it takes, how long their runs are, and what its table says of them. Nothing is built."""

import contextlib
import importlib.machinery
import io
import os
import pathlib
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("mutants_command", os.environ["EXITGATE_SOURCE_DIR"] + "/tools/mutants")
COMMAND = types.ModuleType(LOADER.name)
COMMAND.__file__ = LOADER.path
LOADER.exec_module(COMMAND)


def mutant(head):
    with tempfile.TemporaryDirectory(prefix="exitgate-mutant-") as folder:
        path = pathlib.Path(folder, "some-bug.mutant")
        path.write_text(head + "<<<<<<<\nexits: 7\n=======\nexits: 8\n>>>>>>>\n", encoding="ascii")
        return COMMAND.Mutant(path)


class Mutants(unittest.TestCase):
    def test_a_name_that_no_mutant_has_is_told_and_nothing_is_run(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            COMMAND.parse(["chain-broken", "nonesuch"])
        self.assertEqual(2, ended.exception.code)
        self.assertIn("no mutant is called nonesuch;", said.getvalue())

    def test_names_choose_and_no_name_means_all(self):
        self.assertEqual(["chain-broken"], [each.name for each in COMMAND.parse(["chain-broken"]).mutants])
        self.assertGreater(len(COMMAND.parse([]).mutants), 50)

    def test_a_mutant_says_how_many_exits_it_needs_unless_the_command_line_does(self):
        short, long = mutant("file: a.cpp\nbreaks: b\n"), mutant("file: a.cpp\nbreaks: b\nexits: 1500\n")
        by_itself, told = COMMAND.parse([]), COMMAND.parse(["--exits", "40"])
        self.assertEqual((300, 1500), (COMMAND.exits_of(short, by_itself), COMMAND.exits_of(long, by_itself)))
        self.assertEqual((40, 40), (COMMAND.exits_of(short, told), COMMAND.exits_of(long, told)))

    def test_the_table_marks_the_runs_that_are_long(self):
        short, long = mutant("file: a.cpp\nbreaks: b\n"), mutant("file: a.cpp\nbreaks: b\nexits: 1500\n")
        arguments = COMMAND.parse(["--seeds", "9"])
        self.assertEqual("| some-bug | b | S1: said | 4 |", COMMAND.row(short, arguments, (4, "S1: said")))
        self.assertEqual("| some-bug | b | S1: said | 4 (long) |", COMMAND.row(long, arguments, (4, "S1: said")))
        self.assertEqual("| some-bug | b | not found in 9 seeds | – |", COMMAND.row(short, arguments, None))


if __name__ == "__main__":
    unittest.main(verbosity=2)
