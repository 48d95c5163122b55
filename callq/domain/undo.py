"""The undo log: how speculation is taken back.

`apply` changes state only through these verbs; each notes how to reverse itself. Rolling back to a
mark runs the notes backwards, after which the state is what it was, byte for byte. Cheaper than
copying a hall for every command, and exact where rebuilding from a snapshot would be slow.
"""

from __future__ import annotations

from operator import delitem, setitem
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import MutableMapping

K = TypeVar("K")
V = TypeVar("V")
T_contra = TypeVar("T_contra", contravariant=True)


class Adds(Protocol[T_contra]):
    """What keeps things in order: a lane, the agenda."""

    def add(self, thing: T_contra, /) -> None:
        """Put in."""

    def remove(self, thing: T_contra, /) -> None:
        """Take out."""


_ABSENT: Final = object()


class Undo:
    """A stack of reversals."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: list[tuple[Any, ...]] = []
        """What to call, and with what; one flat tuple each, because there are tens of thousands at a time."""

    def __len__(self) -> int:
        return len(self._steps)

    def set(self, target: object, name: str, value: object) -> None:
        """Set an attribute."""
        self._steps.append((setattr, target, name, getattr(target, name)))
        setattr(target, name, value)

    def put(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """Set a key of a mapping."""
        before = mapping.get(key, _ABSENT)
        if before is _ABSENT:
            self._steps.append((delitem, mapping, key))
        else:
            self._steps.append((setitem, mapping, key, before))
        mapping[key] = value

    def drop(self, mapping: MutableMapping[K, V], key: K) -> None:
        """Remove a key of a mapping; the key must be there."""
        self._steps.append((setitem, mapping, key, mapping.pop(key)))

    def add(self, sorted_things: Adds[K], thing: K) -> None:
        """Put something into a lane or the agenda."""
        sorted_things.add(thing)
        self._steps.append((sorted_things.remove, thing))

    def remove(self, sorted_things: Adds[K], thing: K) -> None:
        """Take something out of a lane or the agenda; it must be there."""
        sorted_things.remove(thing)
        self._steps.append((sorted_things.add, thing))

    def mark(self) -> int:
        """The present depth, to roll back to."""
        return len(self._steps)

    def rollback(self, mark: int = 0) -> None:
        """Reverse everything since `mark`."""
        steps = self._steps
        while len(steps) > mark:
            function, *arguments = steps.pop()
            function(*arguments)


class NoUndo(Undo):
    """For what is durable already and will never be taken back: notes nothing.

    A batch that fails half-way leaves the state half-way: whoever applies with it starts from a fresh
    state then.
    """

    __slots__ = ()

    set = staticmethod(setattr)  # type: ignore[assignment]
    put = staticmethod(setitem)  # type: ignore[assignment]
    drop = staticmethod(delitem)  # type: ignore[assignment]

    def add(self, sorted_things: Adds[K], thing: K) -> None:
        """Put something into a lane or the agenda."""
        sorted_things.add(thing)

    def remove(self, sorted_things: Adds[K], thing: K) -> None:
        """Take something out of a lane or the agenda; it must be there."""
        sorted_things.remove(thing)

    def rollback(self, mark: int = 0) -> NoReturn:
        """There is nothing to go back to.

        Raises:
          RuntimeError: always.
        """
        raise RuntimeError("what was applied without an undo log cannot be taken back")
