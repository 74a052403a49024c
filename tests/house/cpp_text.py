"""Reads C++ text without compiling it: comments and literals blanked, functions with their length, variables that outlive a call.

A brace counter, not a parser: it knows namespaces, types, functions and initializers by the text before their brace. Good enough
for a house rule; what it cannot tell it leaves out.
"""
import re
from dataclasses import dataclass

TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?\*/|(?:u8|[uUL])?R"(?P<delimiter>[^ ()\\\n]*)\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blanked(text):
    """The text with comments, literals and preprocessor lines blanked; every line keeps its number."""
    def blank(match):
        token = match.group()
        kept = re.sub(r"[^\n]", " ", token)
        return '"' + kept[1:-1] + '"' if token.endswith('"') and len(token) > 1 else kept
    text = TOKEN.sub(blank, text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.M)


@dataclass
class Function:
    name: str
    line: int
    length: int


@dataclass
class Scope:
    kind: str  # namespace, type, function, other
    name: str = ""
    line: int = 0


def without_templates(head):
    """`template <…>` prefixes and attributes taken away."""
    head = re.sub(r"\[\[.*?\]\]|\balignas\s*\([^()]*\)", " ", head, flags=re.S).strip()
    while head.startswith("template"):
        depth = 0
        for position, character in enumerate(head):
            depth += {"<": 1, ">": -1}.get(character, 0)
            if character == ">" and depth == 0 and head[position - 1] != "-":
                head = head[position + 1:].strip()
                break
        else:
            return head
    return head


def kind_of(head, outer):
    if outer in ("function", "other"):
        return "other"
    bare = without_templates(head)
    if re.match(r"(inline\s+)?namespace\b", bare) or re.match(r'extern\s+"\s*"$', bare):
        return "namespace"
    if re.match(r"(typedef\s+)?(class|struct|union|enum)\b", bare) and "(" not in bare:
        return "type"
    return "function" if ")" in bare else "other"


def name_of(head):
    match = re.search(r"([~\w:]+|operator\s*\S+)\s*\($", without_templates(head).partition("(")[0] + "(")
    return match.group(1) if match else "function"


def functions(text):
    """Every function with a body, outermost only: what is inside one counts as its lines."""
    found, stack = [], [Scope("namespace")]
    text = blanked(text)
    head, head_line, line, parentheses = "", 0, 1, 0
    for position, character in enumerate(text):
        if character == "\n":
            line += 1
        if character == "{":
            kind = "other" if parentheses else kind_of(head, stack[-1].kind)
            stack.append(Scope(kind, name_of(head) if kind == "function" else "", head_line or line))
            if kind in ("namespace", "type"):
                head, head_line = "", 0
        elif character == "}":
            scope = stack.pop() if len(stack) > 1 else stack[0]
            if scope.kind == "function":
                found.append(Function(scope.name, scope.line, line - scope.line + 1))
            follows = text[position + 1:position + 200].lstrip()[:1]
            if stack[-1].kind in ("namespace", "type") and not parentheses and follows not in (",", "{", ")"):
                head, head_line = "", 0
        elif stack[-1].kind in ("namespace", "type"):
            parentheses += {"(": 1, ")": -1}.get(character, 0)
            if character == ";" and not parentheses:
                head, head_line = "", 0
            elif not character.isspace() or head:
                head_line = head_line or line
                head += character
    # An initializer list with braces ("a_{1}, b_{2} {…}") closes several blocks from one head: the last is the function.
    longest = {}
    for function in found:
        longest[function.line] = max(longest.get(function.line, function), function, key=lambda each: each.length)
    return [longest[key] for key in sorted(longest)]


NOT_A_VARIABLE = re.compile(
    r"^(using|typedef|friend|static_assert|extern|namespace|class|struct|union|enum|template|return|public|private|protected|concept"
    r"|case|default|goto|break|continue|EXITGATE_\w+|TEST_CASE)\b")


def mutable_globals(text):
    """(line, text) of variables at namespace scope, and of static ones anywhere, that are neither const nor constexpr."""
    text = blanked(text)
    found, kinds, head, head_line, line = [], ["namespace"], "", 0, 1

    def judge():
        statement = " ".join(head.split())
        fixed = re.search(r"\b(constexpr|constinit const)\b", statement) \
            or re.match(r"(inline |static )*const\b(?!.*\*(?! ?const))", statement) \
            or re.search(r"\* ?const \w+ ?(=|$)", statement)
        static = re.search(r"\b(static|thread_local)\b", statement)
        declares = re.match(r"^[\w:<>,&*\s\[\]]+?[\s&*>]\w+(\[[^\]]*\])*\s*(=.*|\{.*)?$", statement)
        if not statement or fixed or NOT_A_VARIABLE.match(re.sub(r"^(inline|static)\s+", "", statement)):
            return
        if declares and (kinds[-1] == "namespace" or static):
            found.append((head_line, statement))

    for character in text:
        if character == "\n":
            line += 1
        if character == "{":
            kind = kind_of(head, kinds[-1]) if kinds[-1] in ("namespace", "type") else "other"
            initializer = kind == "other" and head.strip() and (
                kinds[-1] in ("namespace", "type") or re.search(r"\b(static|thread_local)\b", head))
            if initializer:
                judge()
            kinds.append("initializer" if initializer else kind)
            head, head_line = "", 0
        elif character == "}":
            closed = kinds.pop() if len(kinds) > 1 else ""
            # What follows an initializer belongs to the same statement, which was judged.
            head, head_line = "=" if closed == "initializer" else "", 0
        elif character == ";":
            if kinds[-1] != "initializer":
                judge()
            head, head_line = "", 0
        elif not character.isspace() or head:
            head_line = head_line or line
            head += character
    return found
