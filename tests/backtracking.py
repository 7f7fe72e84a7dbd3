"""A matcher that counts what it tries: Python's own does not say, and a clock says something else each time.

It goes about a pattern as Python's does (depth first, the greedy way first), without its shortcuts, so that it counts
at least as much. Patterns are parsed by Python's own parser, which is private; the tests compare every answer with
Python's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

op: Any = import_module("re._constants")
parser: Any = import_module("re._parser")
"""Not for everybody: what a pattern means to the standard library's own matcher."""

Item = tuple[Any, Any]
Then = Callable[[int], bool]

LIMIT = 200_000

MANY = 50
"""A repeat that goes so far or farther is taken for endless."""

_CLASSES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
_ONE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_CANDIDATES = [*map(chr, range(0x180)), "é", "。", "٣", "☃"]


class TooManySteps(Exception):
    """It goes on and on."""


class Counting:
    """A pattern, and how many steps matching it has taken. Raises TooManySteps beyond `LIMIT`."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._flags = pattern.flags
        source = pattern.pattern
        self.items: list[Item] = list(parser.parse(source, pattern.flags & ~re.DEBUG))
        self.signs = list(dict.fromkeys(_signs(self.items)))
        """The characters that it names: where a repeat takes them too, it may not know where to end."""
        self.steps = 0
        self._text = ""

    def fullmatch(self, text: str) -> bool:
        self._text = text
        return self._all(self.items, 0, 0, lambda at: at == len(text))

    def search(self, text: str) -> bool:
        self._text = text
        return any(self._all(self.items, 0, start, lambda _: True) for start in range(len(text) + 1))

    def _all(self, items: Sequence[Item], index: int, at: int, then: Then) -> bool:
        self.steps += 1
        if self.steps > LIMIT:
            raise TooManySteps
        if index == len(items):
            return then(at)
        kind, what = items[index]

        def rest(place: int) -> bool:
            return self._all(items, index + 1, place, then)

        if kind in _ONE:
            return at < len(self._text) and self.is_one(kind, what, self._text[at]) and rest(at + 1)
        if kind in _REPEATS:
            return self._repeated(kind, what, at, rest)
        if kind is op.SUBPATTERN:
            return self._all(list(what[3]), 0, at, rest)
        if kind is op.BRANCH:
            return any(self._all(list(branch), 0, at, rest) for branch in what[1])
        if kind is op.ATOMIC_GROUP:
            end = self._first_end(list(what), at)
            return end is not None and rest(end)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            direction, inner = what
            place = at if direction > 0 else at - inner.getwidth()[0]
            holds = place >= 0 and self._first_end(list(inner), place) is not None
            return holds is (kind is op.ASSERT) and rest(at)
        return self._is_at(kind, what, at) and rest(at)

    def _repeated(self, kind: Any, what: Any, at: int, rest: Then) -> bool:
        least, most, inner = what
        body = list(inner)
        if len(body) == 1 and body[0][0] in _ONE:
            (one, of), count = body[0], 0
            while count < most and at + count < len(self._text) and self.is_one(one, of, self._text[at + count]):
                count += 1
                self.steps += 1
            ways = {op.MAX_REPEAT: range(count, least - 1, -1), op.MIN_REPEAT: range(least, count + 1)}
            return any(rest(at + taken) for taken in ways.get(kind, [count] if count >= least else []))
        if kind is op.POSSESSIVE_REPEAT:
            count = 0
            while count < most and (end := self._first_end(body, at)) is not None and end > at:
                at, count = end, count + 1
            return count >= least and rest(at)

        def again(place: int, count: int) -> bool:
            self.steps += 1

            def once_more() -> bool:
                return count < most and self._all(
                    body, 0, place, lambda end: (end > place or count < least) and again(end, count + 1)
                )

            def enough() -> bool:
                return count >= least and rest(place)

            return once_more() or enough() if kind is op.MAX_REPEAT else enough() or once_more()

        return again(at, 0)

    def _first_end(self, items: Sequence[Item], at: int) -> int | None:
        ends: list[int] = []

        def note(end: int) -> bool:
            ends.append(end)
            return True

        return ends[0] if self._all(items, 0, at, note) else None

    def _is_at(self, kind: Any, what: Any, at: int) -> bool:
        assert kind is op.AT, f"{kind} is not known here"
        last = len(self._text)
        if what in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0
        assert what in (op.AT_END, op.AT_END_STRING), f"{what} is not known here"
        return at == last or (what is op.AT_END and self._text[at:] == "\n")

    def is_one(self, kind: Any, what: Any, character: str) -> bool:
        """Whether a character is what stands there for one."""
        assert not self._flags & re.IGNORECASE, "not known here"
        if kind is op.ANY:
            return bool(self._flags & re.DOTALL) or character != "\n"
        if kind is op.IN:
            negated = what[0][0] is op.NEGATE
            return negated is not any(self._is_member(one, of, character) for one, of in what[negated:])
        return (ord(character) == what) is (kind is op.LITERAL)

    def is_one_of(self, item: Item, character: str) -> bool:
        """The same; False for what stands for more than one character."""
        return item[0] in _ONE and self.is_one(*item, character)

    def _is_member(self, kind: Any, what: Any, character: str) -> bool:
        if kind is op.RANGE:
            return bool(what[0] <= ord(character) <= what[1])
        if kind is op.CATEGORY:
            return re.fullmatch(_CLASSES[what], character, self._flags & re.ASCII) is not None
        return bool(ord(character) == what)


def attacks(pattern: Counting) -> Iterator[tuple[str, str]]:
    """Beginnings, and what to repeat after them: for each endless repeat the way to it, and what it takes."""
    yield from dict.fromkeys(_attacks(pattern, pattern.items, ""))


def _attacks(pattern: Counting, items: Sequence[Item], before: str) -> Iterator[tuple[str, str]]:
    for kind, what in items:
        if kind in _REPEATS:
            body = list(what[2])
            if what[1] >= MANY or what[1] is op.MAXREPEAT:
                samples = list(dict.fromkeys(_samples(pattern, body)))
                taken = [sign for sign in pattern.signs if len(body) == 1 and pattern.is_one_of(body[0], sign)]
                yield from ((before, sample) for sample in [*samples, *taken])
                yield from ((before, one + other) for one in taken for other in taken if one != other)
                yield from ((before, one + other) for one, other in itertools.pairwise(samples))
            yield from _attacks(pattern, body, before)
        for inner in _inside(kind, what):
            yield from _attacks(pattern, inner, before)
        before += next(_samples(pattern, [(kind, what)]), "")


def _signs(items: Sequence[Item]) -> Iterator[str]:
    for kind, what in items:
        if kind is op.LITERAL:
            yield chr(what)
        for inner in [list(what[2])] if kind in _REPEATS else _inside(kind, what):
            yield from _signs(inner)


def _inside(kind: Any, what: Any) -> list[list[Item]]:
    if kind is op.SUBPATTERN:
        return [list(what[3])]
    if kind is op.BRANCH:
        return [list(branch) for branch in what[1]]
    return [list(what)] if kind is op.ATOMIC_GROUP else []


def _samples(pattern: Counting, items: Sequence[Item]) -> Iterator[str]:
    """A few texts that these match: the shortest, and some that take an optional part too."""
    if not items:
        yield ""
        return
    kind, what = items[0]
    for head in _samples_of_one(pattern, kind, what):
        for tail in _samples(pattern, items[1:]):
            yield head + tail
            break
    if kind not in _ONE:
        return
    head = next(_samples_of_one(pattern, kind, what), "")
    yield from (head + tail for tail in _samples(pattern, items[1:]))


def _samples_of_one(pattern: Counting, kind: Any, what: Any) -> Iterator[str]:
    if kind in _ONE:
        found = [character for character in _CANDIDATES if pattern.is_one(kind, what, character)]
        found += [chr(what)] if kind is op.LITERAL and chr(what) not in found else []
        named = [sign for sign in pattern.signs if sign in found]
        yield from dict.fromkeys([*found[:1], *found[len(found) // 2 : len(found) // 2 + 1], *found[-1:], *named])
    elif kind in _REPEATS:
        for sample in _samples(pattern, list(what[2])):
            yield sample * max(1, what[0])
        if not what[0]:
            yield ""
    elif inner := _inside(kind, what):
        for each in inner:
            yield from _samples(pattern, each)
    else:
        yield ""
