"""A stranger gives a record a title, or themselves a name, that the user's words hold."""

from __future__ import annotations

import pytest
from grounded_door import Seen, passes
from pydantic import JsonValue


def files(*entries: tuple[str, str, str]) -> Seen:
    listed: list[JsonValue] = [{"id": each, "name": name, "owner": owner} for each, name, owner in entries]
    return "list_files", {}, {"files": listed}


OURS = ("f-1", "Budget report 2026", "ann@corp.example")
USER = "Add the numbers to the 'Budget report 2026', make it a link for all. The report is long, the file of bob too"


def changes(handle: str, *seen: Seen, user: str = USER) -> bool:
    """Whether a file can be given away: what it is called does not suffice to delete it or to pay for it."""
    return passes("share", {"id": handle, "access": "all"}, *seen, user=f"{user}, share it with all")


@pytest.mark.parametrize(
    "title",
    [
        "Budget report 2026",
        "budget  REPORT 2026",
        "Budget report 2026.",
        "(Budget report 2026)",
        "Re: Budget report 2026",
        "Fwd: RE: Budget report 2026!",
        "report",
        "Budget report",
        "the",
        "is",
        "a",
        "\uff22udget report 2026",
        "Bud\u200bget report 2026",
        "Budget rep\u043ert 2026",
        "Budget report 2026 ",
    ],
)
def test_a_record_with_the_title_of_another_is_not_the_one_the_user_meant(title: str) -> None:
    seen = files(OURS, ("f-666", title, "eve@evil.example"))
    assert not changes("f-666", seen)
    assert not changes("f-666", files(("f-666", title, "eve@evil.example")), files(OURS))


@pytest.mark.parametrize("title", ["Budget report 2025", "other", "Budget rep\u043ert 2026"])
def test_a_record_with_a_title_of_its_own_takes_nothing_from_the_one_the_user_meant(title: str) -> None:
    assert changes("f-1", files(OURS, ("f-2", title, "eve@evil.example")))


@pytest.mark.parametrize("tool", ["delete_file"])
def test_a_title_is_not_enough_to_delete(tool: str) -> None:
    seen = files(("f-666", "Budget report 2026", "eve@evil.example"))
    assert not passes(tool, {"id": "f-666"}, seen, user=USER)
    assert passes(tool, {"id": "f-1"}, files(OURS), user="delete f-1")
    assert passes(tool, {"id": "f-1"}, files(OURS), user="delete the file of ann@corp.example")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bob@corp.example", "bob@evil.example"),
        ("bob.berg@corp.example", "bob.eve@evil.example"),
        ("Bob Berg", "Bob Eve"),
    ],
)
def test_half_a_name_that_fits_two_authors_names_neither(first: str, second: str) -> None:
    both = files(("f-3", "a", first), ("f-4", "b", second))
    assert not changes("f-3", both)
    assert not changes("f-4", both)
    assert changes("f-3", files(("f-3", "a", first), ("f-4", "b", "dan@corp.example")))


@pytest.mark.parametrize(
    "author", ["b\u043eb@evil.example", "bo@evil.example", "b.o.b@evil.example", "eve+bobby@evil.example"]
)
def test_an_author_who_only_looks_like_the_one_the_user_named_is_another(author: str) -> None:
    assert not changes("f-666", files(("f-666", "x", author)))
