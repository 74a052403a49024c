"""The house rules find what they are meant to find, where it is, and nothing else."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cpp_text import functions, mutable_globals  # noqa: E402
from house_rules import House  # noqa: E402


def long_function(lines):
    return "int long_one() {\n" + "  step();\n" * (lines - 2) + "}\n"


class Rules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="exitgate-house-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def violations(self):
        house = House(self.root)
        house.judge()
        return house.violations

    def test_all_violations_come_at_once_with_their_places(self):
        self.write("src/base/ids.hpp", "#include <string>\n")
        self.write("src/core/lane.hpp", '#include "base/ids.hpp"\n#include "api/server.hpp"\n#include <boost/asio.hpp>\n')
        self.write("src/core/lane.cpp", "namespace a {\nint counter = 0;\nauto now() { return std::chrono::steady_clock::now(); }\n}\n")
        self.write("src/core/wait.cpp", "#include <thread>\nvoid f() { std::this_thread::sleep_for(x); }\n")
        self.write("src/api/server.hpp", "\n")
        self.write("src/api/lane_manager.cpp", "\n\n" + long_function(71))
        self.write("hal/gpiod/chip.cpp", '#include "core/lane.hpp"\n' + "int a();\n" * 350)
        self.write("tools/rig/play.py", "def play():\n" + "    step()\n" * 70)
        self.assertEqual(self.violations(), [
            "src/api/lane_manager.cpp:3: long_one has 71 lines; a function has at most 70",
            "src/core/lane.cpp:3: steady_clock in pure code: time, chance and threads come from outside",
            "src/core/lane.cpp:2: mutable global in pure code: int counter = 0",
            "src/core/lane.hpp:2: includes api/server.hpp: src/core may not include from src/api",
            "src/core/lane.hpp:3: includes <boost/asio.hpp>: src/core has the standard library only",
            "src/core/wait.cpp:1: includes <thread>: src/core is pure",
            "src/core/wait.cpp:2: std::this_thread in pure code: time, chance and threads come from outside",
            "hal/gpiod/chip.cpp:351: 351 lines; a file has at most 350",
            "hal/gpiod/chip.cpp:1: includes core/lane.hpp: hal/gpiod may not include from src/core",
            "tools/rig/play.py:1: play has 71 lines; a function has at most 70",
            "src/api/lane_manager.cpp:1: a name that says nothing about what is in the file",
        ])

    def test_what_is_right_passes(self):
        self.write("src/base/ids.hpp", "#include <string>\n")
        self.write("src/core/lane.hpp", '#include "base/ids.hpp"\n#include "core/lane.hpp"\n#include <chrono>\n')
        self.write("src/core/lane.cpp", "// steady_clock::now() is not called here\nconst char* kText = \"std::thread\";\n"
                   .replace("const char*", "constexpr const char*") + long_function(70))
        self.write("src/daemon/main.cpp", '#include "core/lane.hpp"\n')
        self.write("src/runtime/timer.cpp", "void f() { std::chrono::steady_clock::now(); }\nint counter = 0;\n")
        self.assertEqual(self.violations(), [])

    def test_a_folder_without_a_rule_is_a_violation(self):
        self.write("src/gadgets/x.hpp", "\n")
        self.assertEqual(len(self.violations()), 1)


    def test_one_name_for_two_types_in_a_namespace_is_a_violation(self):
        self.write("src/backend/reader.hpp", "namespace exitgate {\nclass Reader {\n  int a;\n};\n}\n")
        self.write("src/receipts/reader.hpp", "namespace exitgate {\n\nclass Reader final : Base {\n};\nclass Other;\n}\n")
        self.write("src/api/reader.hpp", "namespace exitgate::api {\nclass Reader {\n};\n}\n")
        self.write("src/config/other.hpp", "namespace exitgate {\nclass Other {\n};\n}\n")
        self.assertEqual(self.violations(), ["src/receipts/reader.hpp:3: exitgate::Reader is defined in src/backend/reader.hpp too: "
                                             "the linker can't tell them apart"])


class FunctionLengths(unittest.TestCase):
    def measured(self, text):
        return [(each.name, each.line, each.length) for each in functions(text)]

    def test_functions_are_told_from_types_namespaces_and_initializers(self):
        self.assertEqual(self.measured(
            "namespace a {\n"
            "struct Point : Base<int> {\n"
            "  int x = 0;\n"
            "  int y{1};\n"
            "  [[nodiscard]] int sum() const {\n    return x + y;\n  }\n"
            "};\n"
            "enum class Kind : int { kA, kB };\n"
            "constexpr int kTable[]{1, 2, 3};\n"
            "template <class T, class = std::enable_if_t<(sizeof(T) > 1)>>\n"
            "T twice(const T& value) {\n  return value + value;\n}\n"
            "}  // namespace a\n"), [("sum", 5, 3), ("twice", 11, 4)])

    def test_a_constructor_with_braced_members_is_one_function(self):
        self.assertEqual(self.measured("Lane::Lane(int a)\n    : a_{a},\n      b_{a} {\n  if (a) {\n  }\n}\n"), [("Lane::Lane", 1, 6)])

    def test_braces_in_text_comments_and_lambdas_do_not_count(self):
        self.assertEqual(self.measured(
            'void f() {\n  call("}{{", \'{\', R"x(}})x");  // }\n  /* } */\n  auto g = [&](int i) { return i; };\n  long n = 1\'000\'000;\n}\n'
            "void g() {}\n"), [("f", 1, 6), ("g", 7, 1)])

    def test_default_arguments_with_braces_stay_in_the_head(self):
        self.assertEqual(self.measured("void f(Options options = {}, int x = 1) {\n}\nvoid g();\n"), [("f", 1, 2)])


class MutableGlobals(unittest.TestCase):
    def test_variables_are_found_wherever_they_outlive_a_call(self):
        found = mutable_globals("namespace {\nint a;\nstd::map<int, int> b{{1, 2}};\nstatic bool c = false;\nconst char* d = \"\";\n}\n"
                                "void f() {\n  static int e = 0;\n  int local = 1;\n}\nstruct S {\n  static int f;\n};\n")
        self.assertEqual([line for line, _ in found], [2, 3, 4, 5, 8, 12])

    def test_constants_and_declarations_are_none(self):
        self.assertEqual(mutable_globals(
            "namespace a {\nconstexpr int kA = 1 << 2;\ninline constexpr std::array<int, 2> kB{1, 2};\nconst std::string kC = \"x\";\n"
            "constexpr long kD = long{1} << 24;\nconst char* const kE = \"x\";\nusing X = int;\nint f(int a, int b = 2);\nstruct S;\n"
            "enum class E { a, b };\nstruct T {\n  int member = 0;\n  static constexpr int kF = 1;\n};\n"
            "template <class U>\nstruct V;\nextern const int kG;\nint g() {\n  static const int kH = 3;\n  int x = 0;\n  return x;\n}\n}\n"), [])


if __name__ == "__main__":
    unittest.main()
