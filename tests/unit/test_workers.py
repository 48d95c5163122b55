"""How files are shared out among workers."""

from __future__ import annotations

from pathlib import Path

from tests.workers import RECKONING, WAITING, turn

TESTS = Path(__file__).parents[1]


def test_every_folder_has_its_turn_once() -> None:
    assert sorted((*WAITING, *RECKONING)) == sorted({path.parent.name for path in TESTS.rglob("test_*.py")})


def test_workers_begin_at_different_ends_and_stay_in_a_folder_until_they_help() -> None:
    files = [
        "tests/rules/test_a.py",
        "tests/unit/test_b.py",
        "tests/browser/test_c.py",
        "tests/rules/test_d.py",
    ]
    order = [
        [Path(file).stem for file in sorted(files, key=lambda f: turn(f, worker))] for worker in (0, 1, 2)
    ]
    assert order[0] == ["test_c", "test_b", "test_a", "test_d"]
    assert order[1] == ["test_b", "test_a", "test_d", "test_c"]
    assert order[2] == order[0]
