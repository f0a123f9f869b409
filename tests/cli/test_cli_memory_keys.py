"""`khala memory shred` and `rotate-key`, and the other commands on a sealed home."""

from __future__ import annotations

import secrets

import pytest
import structlog
from remembering_home import ACME, Memory, files_with, told

from khala.assembly import Home
from khala.errors import HomeUnusable


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()


@pytest.fixture
def keys(monkeypatch):
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv("KHALA_MASTER_KEY", old)
    return old, new


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def memory(path, capsys):
    return Memory(path, capsys)


def test_a_sealed_home_is_searched_shown_and_forgotten_with_its_key_alone(path, memory, keys, monkeypatch):
    letters = told(path, *range(3))
    assert files_with(path, "swordfish") == []
    assert memory.json("stats")["sealed"] is True
    [found] = memory.json("search", "swordfish1", "-k", 1, "--words-only")["passages"]
    assert found["result_id"] == letters[1]
    assert "swordfish1" in memory("show", letters[1])
    assert memory.json("reindex", "--words-only")["results"] == 3
    assert files_with(path, "swordfish") == []
    assert memory.json("forget", "--id", letters[1], "--yes")["forgotten"] == [letters[1]]
    monkeypatch.setenv("KHALA_MASTER_KEY", keys[1])
    assert "sealed with another master key" in memory("show", letters[0], code=1)
    monkeypatch.delenv("KHALA_MASTER_KEY")
    assert "this home is sealed: give its master key" in memory("stats", code=1)


def test_a_shredded_tenant_can_be_read_by_nobody(path, memory, keys):
    (mine,), (theirs,) = told(path, 1, namespace=ACME), told(path, 1)
    assert "nobody is there to ask" in memory("shred", "--tenant", "acme", code=1)
    assert memory("shred", "--tenant", "acme", "--yes") == "shredded tenant acme\n"
    assert f"result `{mine}` was forgotten" in memory("show", mine, code=1)
    found = memory.json("search", "swordfish1", "--words-only")["passages"]
    assert [each["result_id"] for each in found] == [theirs]
    assert "has no key here" in memory("shred", "--tenant", "acme", "--yes", code=1)


def test_the_master_key_is_changed(path, memory, keys, monkeypatch, tmp_path):
    (letter,) = told(path, 1)
    assert "there is no new key" in memory("rotate-key", code=1)
    (tmp_path / "new.key").write_text(keys[1])
    monkeypatch.setenv("KHALA_NEW_MASTER_KEY_FILE", str(tmp_path / "new.key"))
    assert memory.json("rotate-key") == {"rotated": True}
    assert "sealed with another master key" in memory("show", letter, code=1)
    monkeypatch.setenv("KHALA_MASTER_KEY", keys[1])
    assert "swordfish1" in memory("show", letter)
    monkeypatch.setenv("KHALA_NEW_MASTER_KEY", "short")
    assert "`KHALA_NEW_MASTER_KEY` holds no key" in memory("rotate-key", code=1)


def test_a_home_that_was_open_while_its_key_changed_loses_no_tenant(path, keys):
    old, new = map(bytes.fromhex, keys)
    with Home(path, semantic=False, master_key=old) as home:
        home.store.keep_text("first", tenant="acme")
        with Home(path, semantic=False, master_key=old) as other:
            other.store.vault.rewrap(new)
        home.store.keep_text("second", tenant="acme")
        with pytest.raises(HomeUnusable, match="another master key"):
            home.store.keep_text("third", tenant="other")
    with Home(path, semantic=False, master_key=new) as home:
        assert home.store.read_text(home.store.keep_text("second", tenant="acme")) == "second"


def test_what_is_not_sealed_has_no_key_to_drop_or_change(path, memory, monkeypatch):
    told(path, 1)
    assert "not sealed, so there is no key to drop" in memory("shred", "--tenant", "acme", "--yes", code=1)
    monkeypatch.setenv("KHALA_NEW_MASTER_KEY", secrets.token_hex(32))
    assert "no master key to change" in memory("rotate-key", code=1)
