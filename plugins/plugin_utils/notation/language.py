# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which part of Jinja2 a runbook may use: the environment, its filters and tests, and the check of what is written.

An expression is checked node by node against lists of what is allowed, so a feature that Jinja2 gains is not one that
runbooks gain. See docs/runbooks.md for the reader's side of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from jinja2 import TemplateSyntaxError, nodes
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.parser import Parser
from jinja2.runtime import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS

from ansible_collections.oncall.remedy.plugins.plugin_utils import words
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation import patterns
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError, allowed

Path = tuple[Any, ...]
"""A name and the members read from it: ``("crash", "port_conflict", "lines")``."""

_ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Neg,
    nodes.Pos,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)
_KEYWORDS = frozenset({"attribute", "reverse", "case_sensitive", "precision", "method", "start", "d"})
"""Keyword arguments that filters may be given; ``default`` is not among them."""

_FILTERS_OF_FILTERS = {"map": 0}
_FILTERS_OF_TESTS = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
_PATTERN_TESTS = frozenset({"fullmatch", "search"})


class _Missing(StrictUndefined):
    """Fails where it comes up. Jinja2's own fail when they are used, and a list of them has a length all the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fail_with_undefined_error()


class _Environment(ImmutableSandboxedEnvironment):
    """Data are mappings, lists and scalars: a member is looked up in the data and never among Python's attributes."""

    intercepted_binops = frozenset({"*"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            if argument in obj:
                return obj[argument]
            return self.undefined(hint=f"there is no {argument!r}; {allowed(map(str, obj), str(argument))}")
        if isinstance(obj, (list, tuple)) and isinstance(argument, int) and not isinstance(argument, bool):
            if -len(obj) <= argument < len(obj):
                return obj[argument]
            return self.undefined(hint=f"there is no member {argument} in a list of {len(obj)}")
        return self.undefined(hint=f"{_kind_of(obj)} has no member {argument!r}")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, (int, float)) for side in (left, right)):
            raise TypeError(f"{operator} takes numbers, not {_kind_of(left)} and {_kind_of(right)}")
        return left * right


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing (null)"
    names = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), type(value).__name__)


def _listing(filter_function: Callable[..., Any]) -> Callable[..., Any]:
    """Jinja2's ``map`` and its like yield generators, which equal no list: ``x | map('int') == [1]`` would be false."""

    @functools.wraps(filter_function)
    def listed(*args: Any, **kwargs: Any) -> list[Any]:
        return list(filter_function(*args, **kwargs))

    return listed


def _integer(value: Any) -> int:
    """Jinja2's own ``int`` turns what is no number into 0."""
    return int(value)


def _floating(value: Any) -> float:
    return float(value)


def _difference(members: list[Any], without: list[Any]) -> list[Any]:
    return [member for member in members if member not in without]


def _intersect(left: list[Any], right: list[Any]) -> list[Any]:
    return [member for member in left if member in right]


def _union(left: list[Any], right: list[Any]) -> list[Any]:
    return [*left, *_difference(right, left)]


def _regex_escape(value: str) -> str:
    """As Go's QuoteMeta: the result is the same text in RE2 and in Python's dialect."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", value)


def _without_port(value: str) -> str:
    """``10.0.0.1:9100`` → ``10.0.0.1``, ``[::1]:9100`` → ``::1``."""
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0] if value.count(":") == 1 else value


_JINJA_FILTERS: dict[str, Any] = dict(JINJA_FILTERS)
FILTERS: dict[str, Callable[..., Any]] = {
    **{
        name: _JINJA_FILTERS[name]
        for name in (
            *("abs", "dictsort", "first", "join", "last", "length", "list", "lower", "max", "min", "replace", "round"),
            *("sort", "string", "sum", "trim", "upper"),
        )
    },
    **{
        name: _listing(_JINJA_FILTERS[name])
        for name in ("map", "reject", "rejectattr", "select", "selectattr", "unique")
    },
    "difference": _difference,
    "float": _floating,
    "int": _integer,
    "intersect": _intersect,
    "listed": words.listed,
    "regex_escape": _regex_escape,
    "span": words.span,
    "union": _union,
    "without_port": _without_port,
}
_JINJA_TESTS: dict[str, Any] = dict(JINJA_TESTS)
TESTS: dict[str, Callable[..., Any]] = {
    **{
        name: _JINJA_TESTS[name]
        for name in (
            *("==", "!=", ">", ">=", "<", "<=", "eq", "ne", "gt", "ge", "lt", "le", "in", "equalto"),
            *("boolean", "false", "mapping", "none", "number", "string", "true"),
        )
    },
    "covers": lambda pattern, value: patterns.fullmatch(_text(pattern), _text(value)),
    "fullmatch": lambda value, pattern: patterns.fullmatch(pattern, _text(value)),
    "search": lambda value, pattern: patterns.search(pattern, _text(value)),
}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a pattern is matched against a text, not {_kind_of(value)}")
    return value


@functools.lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The one environment: nothing in it but the allowed filters and tests."""
    made = _Environment(undefined=_Missing, keep_trailing_newline=True)
    made.globals.clear()
    made.filters = dict(FILTERS)
    made.tests = dict(TESTS)
    return made


def parse_expression(text: str, where: str) -> nodes.Expr:
    """Reads ``pods.ready == 0``; raises RunbookError for what is not allowed."""
    if "{{" in text or "{%" in text:
        raise RunbookError(f"{text!r}: a condition is an expression and stands without {{{{ }}}}", where)
    try:
        parser = Parser(environment(), _literal_backslashes(text, "variable"), state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError(f"{parser.stream.current.value!r} is not expected here", 1)
    except TemplateSyntaxError as error:
        raise RunbookError(f"{text!r} is not an expression: {error.message}", where) from error
    expression.set_environment(environment())
    _check(expression, text, where)
    return expression


def parse_template(text: str, where: str) -> list[str | nodes.Expr]:
    """Reads ``port 80 is taken on {{ crash.pods | join(', ') }}`` into its literal texts and its expressions."""
    try:
        if "{%" in text or "{#" in text:
            _refuse_statements(text, where)
        body = environment().parse(_literal_backslashes(text, None)).body
    except TemplateSyntaxError as error:
        raise RunbookError(f"{text!r} is not a template: {error.message}", where) from error
    pieces: list[str | nodes.Expr] = []
    for output in body:
        for piece in output.nodes if isinstance(output, nodes.Output) else [output]:
            if isinstance(piece, nodes.TemplateData):
                pieces.append(piece.data)
            elif isinstance(piece, nodes.Expr):
                _check(piece, text, where)
                pieces.append(piece)
            else:
                raise RunbookError(f"{_feature(piece)} cannot be used in {text!r}", where)
    return pieces


def _refuse_statements(text: str, where: str) -> None:
    for _line, kind, value in environment().lex(text):
        if kind in ("block_begin", "comment_begin", "raw_begin"):
            message = f"{value!r} in {text!r}: a template holds {{{{ expressions }}}} and no statements"
            raise RunbookError(message, where)


def _literal_backslashes(text: str, state: str | None) -> str:
    """Patterns are full of backslashes: Jinja2 would make a backspace of \\b and warn of \\d, here they stay."""
    if "\\" not in text:
        return text
    parts = environment().lexer.tokeniter(text, None, None, state)
    return "".join(_ESCAPE.sub(_kept, value) if kind == "string" else value for _line, kind, value in parts)


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _kept(escape: re.Match[str]) -> str:
    return escape[0] if escape[1] in "\\'\"nrt" else f"\\\\{escape[1]}"


def compiled(expressions: list[nodes.Expr]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Compiles expressions into one function from a scope to their values, the way Jinja2's compile_expression does."""
    results = nodes.Tuple(expressions, "load", lineno=1)
    assignment = nodes.Assign(nodes.Name("_results", "store", lineno=1), results, lineno=1)
    template = environment().from_string(nodes.Template([assignment], lineno=1))

    def run(scope: dict[str, Any]) -> tuple[Any, ...]:
        context = template.new_context(scope, shared=True)
        for _piece in template.root_render_func(context):
            pass
        values: tuple[Any, ...] = context.vars["_results"]
        return values

    return run


def names(expression: nodes.Node) -> frozenset[str]:
    """The top-level names that the expression reads."""
    found = {node.name for node in expression.find_all(nodes.Name)}
    return frozenset(found | ({expression.name} if isinstance(expression, nodes.Name) else set()))


def paths(expression: nodes.Node) -> Iterator[Path]:
    """The longest constant paths that the expression reads, in the order in which they stand."""
    path = _path(expression)
    if path is not None:
        yield path
        return
    for child in expression.iter_child_nodes():
        yield from paths(child)


def member_reads(expression: nodes.Node) -> Iterator[tuple[Path, str]]:
    """What is read of a list's members: ``a.b | selectattr('c')``, ``(a.b | first).c`` and ``a.b | map(attribute='c')``
    all read ``c`` of the members of ``a.b``."""
    inner = expression.node if isinstance(expression, (nodes.Getattr, nodes.Filter)) else None
    if isinstance(expression, nodes.Getattr) and isinstance(inner, nodes.Filter) and inner.name in _ONE_MEMBER:
        yield from _of_members(inner.node, expression.attr)
    if isinstance(expression, nodes.Filter) and inner is not None:
        named = [keyword.value for keyword in expression.kwargs if keyword.key == "attribute"]
        if expression.name in ("selectattr", "rejectattr"):
            named = expression.args[:1]
        for attribute in named:
            if isinstance(attribute, nodes.Const) and isinstance(attribute.value, str):
                yield from _of_members(inner, attribute.value.partition(".")[0])
    for child in expression.iter_child_nodes():
        yield from member_reads(child)


_ONE_MEMBER = frozenset({"first", "last", "min", "max"})
_SAME_MEMBERS = frozenset({"selectattr", "rejectattr", "select", "reject", "sort", "unique", "list"})


def _of_members(collection: nodes.Node | None, attribute: str) -> Iterator[tuple[Path, str]]:
    while isinstance(collection, nodes.Filter) and collection.name in _SAME_MEMBERS:
        collection = collection.node
    path = _path(collection) if collection is not None else None
    if path is not None:
        yield path, attribute


def dotted(path: Path) -> str:
    """``("nodes", "names", 0)`` → ``nodes.names[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]


def outermost_filter(expression: nodes.Node) -> str:
    """The filter that is applied last, or nothing."""
    return expression.name if isinstance(expression, nodes.Filter) else ""


def _path(node: nodes.Node) -> Path | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        inner, part = _path(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        inner, part = _path(node.node), node.arg.value
    else:
        return None
    return None if inner is None else (*inner, part)


def _check(node: nodes.Node, text: str, where: str) -> None:
    def refuse(why: str) -> NoReturn:
        raise RunbookError(f"{why} in {text!r}", where)

    if not isinstance(node, _ALLOWED_NODES):
        refuse(f"{_feature(node)} cannot be used")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        refuse(f"{node.attr!r} begins with an underscore")
    if isinstance(node, nodes.Name) and node.name.startswith("_"):
        refuse(f"{node.name!r} begins with an underscore")
    if isinstance(node, nodes.CondExpr) and node.expr2 is None:
        refuse("an if needs its else")
    if isinstance(node, (nodes.Filter, nodes.Test)):
        _check_call(node, refuse)
    for child in node.iter_child_nodes():
        _check(child, text, where)


def _check_call(node: nodes.Filter | nodes.Test, refuse: Callable[[str], NoReturn]) -> None:
    """A filter or test: its own name, that of the filter or test handed to it, its arguments."""
    if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        refuse(f"{node.name} with * or ** cannot be used")
    for keyword in node.kwargs:
        if keyword.key not in _KEYWORDS:
            refuse(f"{node.name}({keyword.key}=…) cannot be used")
    if isinstance(node, nodes.Test):
        _check_test(node.name, node.args, refuse)
        return
    if node.name not in FILTERS:
        refuse(f"there is no filter {node.name!r} ({allowed(FILTERS, node.name)})")
    for handed, place in ((_FILTERS_OF_FILTERS, FILTERS), (_FILTERS_OF_TESTS, TESTS)):
        index = handed.get(node.name)
        if index is None or len(node.args) <= index:
            continue
        argument = node.args[index]
        name = argument.value if isinstance(argument, nodes.Const) else None
        if place is TESTS:
            _check_test(name, node.args[index + 1 :], refuse)
        elif name not in FILTERS:
            refuse(f"{node.name} is given {name!r}, which is no filter ({allowed(FILTERS, str(name))})")


def _check_test(name: Any, arguments: list[nodes.Expr], refuse: Callable[[str], NoReturn]) -> None:
    if name not in TESTS:
        refuse(f"there is no test {name!r} ({allowed(TESTS, str(name))})")
    if name in _PATTERN_TESTS:
        pattern = arguments[0] if arguments else None
        if not isinstance(pattern, nodes.Const) or not isinstance(pattern.value, str):
            refuse(f"the pattern of {name!r} has to be a constant text")
        else:
            try:
                patterns.check(pattern.value)
            except patterns.PatternError as error:
                refuse(str(error))


def _feature(node: nodes.Node) -> str:
    names: dict[type[nodes.Node], str] = {nodes.Call: "a call", nodes.Pow: "**", nodes.Mod: "%"}
    return names.get(type(node), type(node).__name__)
