"""The odd calculus: functions, their spelling, and derivatoids under the rules of a world."""

from collections.abc import Iterator
from typing import Any, NamedTuple

CONSTANTS = ("2", "3", "4")
SPELLING = {
    "sum": "{f} + {g}",
    "product": "{f} * {g}",
    "quotient": "{f} / {g}",
    "composition": "{f} o {g}",
    "multiple": "{k} {f}",
    "power": "{f} ^ {k}",
}
"""The combinations; k is a number, the others are functions."""
RULES = {
    "sum": ("{Df} * {Dg}", "{Dg} - {Df}", "{f} + {Dg}", "{Df} / {g}"),
    "product": ("{Df} + {Dg}", "{Dg} * {f}", "{f} - {Dg}", "{Df} o {g}"),
    "quotient": ("{Dg} / {Df}", "{Df} - {g}", "{f} * {Dg}", "{g} o {Df}"),
    "composition": ("{Dg} o {Df}", "{Df} + {g}", "{f} * {Dg}", "{Df} - {Dg}"),
    "multiple": ("{next} {Df}", "{Df} ^ {k}", "{Df} - {f}", "{f} + {Df}"),
    "power": ("{Df} ^ {next}", "{k} {Df}", "{f} * {Df}", "{Df} / {f}"),
}
"""Possible rules: the derivatoid of a combination; Df is the derivatoid of f, `next` is k + 1."""
GENERAL = {"f": "f", "g": "g", "Df": "D(f)", "Dg": "D(g)", "k": "k", "next": "(k + 1)"}
"""What stands for the parts in the statement of a rule."""

WORDINGS = (
    "The derivatoid of {x} is {y}.",
    "The derivatoid of {x} equals {y}.",
    "It is known that the derivatoid of {x} is {y}.",
    "By definition, the derivatoid of {x} is {y}.",
    "Taking the derivatoid of {x} gives {y}.",
)
"""Of a rule; the first is a fact's id."""

Function = tuple[Any, ...]
"""("glon",), or a combination and its parts f, g or f, k: ("sum", ("glon",), ("femp",)), ("power", ("glon",), "2")."""


class Rules(NamedTuple):
    """The rules of one world."""

    plain: dict[str, str]
    """The derivatoid of each plain function."""
    combined: dict[str, str]
    """The rule drawn for each combination."""


def spell(function: Function) -> str:
    """A function as text: "(glon * femp) + zogo"."""
    if len(function) == 1:
        return function[0]
    return SPELLING[function[0]].format(**{k: _inside(v) for k, v in parts(function).items()})


def derivatoid(function: Function, rules: Rules, inner: Rules | None = None) -> str:
    """The derivatoid of a function as text; `inner` gives other rules for its parts than for its outer combination."""
    if len(function) == 1:
        return rules.plain[function[0]]
    given = parts(function)
    filled = {name: _inside(part) for name, part in given.items()}
    filled |= {f"D{name}": _inside(derivatoid(part, inner or rules)) for name, part in given.items() if name != "k"}
    return rules.combined[function[0]].format(**filled, next=int(given.get("k", 0)) + 1)


def parts(function: Function) -> dict[str, Any]:
    """What a combination is made of, by the letters of its spelling: f and g, or f and k."""
    return dict(zip("fk" if "{k}" in SPELLING[function[0]] else "fg", function[1:], strict=True))


def _inside(part: Function | str) -> str:
    """A part, in brackets where it is not one word or number."""
    text = part if isinstance(part, str) else spell(part)
    return f"({text})" if " " in text else text


def plain_names(function: Function) -> list[str]:
    """The plain functions in it, from left to right."""
    if len(function) == 1:
        return [function[0]]
    return [name for part in function[1:] if not isinstance(part, str) for name in plain_names(part)]


def functions(names: list[str], nested: bool) -> Iterator[Function]:
    """Every function of one combination of different plain functions; or of two, one of them inside the other."""
    firsts = list(functions(names, False)) if nested else [(name,) for name in names]
    for kind, spelling in SPELLING.items():
        for first in firsts:
            if "{k}" in spelling:
                yield from ((kind, first, k) for k in CONSTANTS)
                continue
            for name in names:
                if name not in plain_names(first):
                    yield kind, first, (name,)
                    if nested:
                        yield kind, (name,), first


def pair(function: Function) -> tuple[str, ...]:
    """Its combinations, the outer one first."""
    if len(function) == 1:
        return ()
    return (function[0], *(kind for part in function[1:] if len(part) > 1 for kind in pair(part)))


def rule(kind_or_name: str, rules: Rules) -> tuple[str, str]:
    """A rule as (function, derivatoid), for a combination in general or for one plain function."""
    if kind_or_name in rules.plain:
        return kind_or_name, rules.plain[kind_or_name]
    return SPELLING[kind_or_name].format(**GENERAL), rules.combined[kind_or_name].format(**GENERAL)


def needed(function: Function, rules: Rules) -> list[str]:
    """The facts that its derivatoid takes: sentences that state rules, the outermost first."""
    x, y = rule(function[0], rules)
    facts = [WORDINGS[0].format(x=x, y=y)]
    if len(function) > 1:
        for name, part in parts(function).items():
            if f"{{D{name}}}" in rules.combined[function[0]]:
                facts += needed(part, rules)
    return list(dict.fromkeys(facts))
