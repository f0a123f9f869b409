"""`khala memory export` and `khala memory import`."""

from __future__ import annotations

import json
import stat
from hashlib import sha256

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from remembering_home import ACME, Memory, open_letter, open_parcel, told

from khala.assembly import Home
from khala.cli.main import main
from khala.domain.events import RunStarted
from khala.domain.tool import tool
from khala.errors import ImportRefused
from khala.infrastructure.store.canonical import canonical_json
from khala.infrastructure.transfer import record_file
from khala.infrastructure.transfer.memory_record import FIRST_LINE, last_line


@pytest.fixture(autouse=True)
def loggers():
    yield
    structlog.reset_defaults()


@pytest.fixture
def memory(tmp_path, capsys):
    return Memory(tmp_path / "home", capsys)


@pytest.fixture
def other(tmp_path, capsys):
    return Memory(tmp_path / "other", capsys)


def result_of(home, result_id):
    result = home.store.tool_result(result_id)
    assert result is not None
    return result


ODD = "a NUL \0 and a line\nend \u2028 of café"


@tool(effect="read", trust="trusted")
def odd(of: dict[str, str]) -> str:
    """Say something odd."""
    return ODD


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_memories_arrive_word_for_word_labelled_and_untrusted(memory, other, tmp_path, form):
    letters = told(memory.home, *range(3))
    (parcel,) = told(memory.home, 7, opening=open_parcel, namespace=ACME)
    with Home(memory.home, semantic=False) as home, home.session("be odd", [odd]) as session:
        session.protect(odd)({"k": "v\0"})
        told_at_ms = result_of(home, f"{session.run_id}-1").at_ms
    file = tmp_path / f"memories.{form}"
    assert memory.json("export", "-o", file, "--format", form) == {"results": 5, "file": str(file), "format": form}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    taken = other.json("import", file)
    assert (taken["results"], len(taken["runs"]), taken["known"], taken["forgotten"]) == (5, 3, 0, 0)
    of_letters, of_parcel, of_odd = taken["runs"]
    with Home(other.home, semantic=False) as home:
        strange = result_of(home, f"{of_odd}-1")
        assert (strange.text, strange.call.arguments) == (ODD, {"of": {"k": "v\0"}})
        assert (strange.label.trust, strange.label.origins) == ("untrusted", ("import", "tool:odd"))
        assert strange.happened_at_ms == told_at_ms
        assert result_of(home, f"{of_parcel}-1").namespace == ACME
        assert [each.result_id for each in home.memory_of(ACME).recall("clock")] == [f"{of_parcel}-1"]
        started = home.store.records(of_letters)[0].event
        assert isinstance(started, RunStarted)
        assert started.imported is not None
        assert (started.imported.format, started.imported.memories_of) == ("memory", letters[0][:8])
        assert home.store.verify(of_letters).is_imported
    assert other.json("show", f"{of_letters}-2")["text"] == open_letter.function(1)
    assert main(["show", of_letters, "--home", other.home]) == 0
    assert main(["resume", of_letters, "--home", other.home]) == 1
    assert len(other.json("forget", "--origin", "import", "--yes")["forgotten"]) == 5
    assert parcel


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_second_import_adds_nothing_and_a_later_export_only_what_is_new(memory, other, tmp_path, form):
    letters = told(memory.home, *range(3))
    first, second, third = (str(tmp_path / name) for name in ("first", "second", "third"))
    memory("export", "-o", first, "--format", form, "--id", letters[0], "--id", letters[1])
    memory("export", "-o", second, "--format", form)
    assert memory.json("import", second)["known"] == 3  # its own home
    assert other.json("import", first)["results"] == 2
    assert other.json("import", first) == {"results": 0, "runs": [], "known": 2, "forgotten": 0}
    again = other.json("import", second)
    assert (again["results"], again["known"]) == (1, 2)
    assert again["runs"]
    other("export", "-o", third, "--format", form)
    assert other.json("stats")["results"] == 3


def test_what_was_forgotten_stays_out(memory, other, tmp_path):
    letters = told(memory.home, 1, 2)
    file = tmp_path / "memories"
    memory("export", "-o", file)
    memory("forget", "--id", letters[0], "--yes")
    assert memory.json("import", file)["results"] == 0
    told(other.home, 2)
    other("forget", "--all", "--yes")
    taken = other.json("import", file)
    assert (taken["results"], taken["forgotten"]) == (1, 1)
    told(other.home, 2)  # the same words once more, in a run that may read them
    assert other.json("export", "-o", tmp_path / "again")["results"] == 1


def test_an_export_goes_to_standard_output_and_takes_a_selection(memory, capsys):
    told(memory.home, 1, 2)
    told(memory.home, 3, namespace=ACME)
    capsys.readouterr()
    assert main(["memory", "export", "--tenant", "acme", "--home", memory.home]) == 0
    first, result, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (FIRST_LINE.decode(), last_line(1).decode())
    told_ = json.loads(result)
    assert (told_["tenant"], told_["agent"], told_["arguments"]) == ("acme", "clerk", {"number": 3})
    assert "name a file with `-o FILE`" in memory("export", "--json", code=1)
    assert "cannot go to standard output" in memory("export", "--format", "parquet", code=1)
    assert "cannot be written" in memory("export", "-o", "/nowhere/at/all", code=1)


def record(**changed):
    text = changed.get("text", "The harbour opens at six.")
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest() if isinstance(text, str) else ""
    return {
        "kind": "result", "id": "k21yahg8-1", "tool": "look", "arguments": {}, "text": text, "digest": digest,
        "trust": "trusted", "readers": ["ann"], "origins": ["user"], "tenant": "", "agent": "", "at_ms": 1, **changed,
    }  # fmt: skip


def export_of(*records, first=FIRST_LINE, last=None):
    lines = [first, *map(canonical_json, records), last_line(len(records)) if last is None else last]
    return b"\n".join(line for line in lines if line) + b"\n"


GOOD = export_of(record(), record(id="k21yahg8-2", text="The harbour closes at ten."))

BAD = {
    "nothing": (b"", "is no export of a khala memory"),
    "another kind of file": (b'[{"role": "user", "content": "hello"}]', "is no export of a khala memory"),
    "a version of the future": (export_of(record(), first=b'{"khala":"memory","version":2}'), "is no export"),
    "its end cut off": (export_of(record(), last=b" ").removesuffix(b" \n"), "was cut off or changed: 1 results"),
    "cut off within a line": (GOOD[:-90], "cannot be taken in"),
    "a result taken out": (export_of(record(), last=last_line(2)), "was cut off or changed"),
    "more after the end": (GOOD + GOOD, "goes on after its last line"),
    "another text": (export_of({**record(), "text": "changed"}), "line 2 .*its `digest` is not that of its `text`"),
    "a field more": (export_of(record(colour="blue")), "its `colour`"),
    "a field less": (export_of({k: v for k, v in record().items() if k != "trust"}), "its `trust`: field required"),
    "an id of nothing": (export_of(record(id="../../x-1")), "no id of a result"),
    "a number that is none": (export_of(record(id="k21yahg8-01")), "no id of a result"),
    "a blank text": (export_of(record(text=" \n")), "its `text` is blank"),
    "a tenant that cannot be": (export_of(record(tenant="a b")), "its `tenant`"),
    "a time beyond all": (export_of(record(at_ms=10**18)), "its `at_ms`"),
    "two results of one id": (export_of(record(), record(text="Another one.")), "line 3 .*is another result"),
    "no JSON": (export_of(last=b"{") , "line 2 .*no JSON"),
    "a half of Parquet": (b"PAR1" + b"\0" * 40, "is damaged or cut off"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_whole_is_refused_and_leaves_no_trace(name, other, tmp_path):
    content, words = BAD[name]
    file = tmp_path / "memories"
    file.write_bytes(content)
    with Home(other.home, semantic=False) as home, pytest.raises(ImportRefused, match=words):
        home.import_memory(file)
    assert other.json("stats")["results"] == 0
    assert main(["runs", "--home", other.home]) == 0
    assert "cannot be read" in other("import", tmp_path / "not there", code=1)


def test_no_line_is_read_that_is_longer_than_any_result(other, tmp_path, monkeypatch):
    monkeypatch.setattr(record_file, "MOST_LINE_BYTES", 2_000_000)
    file = tmp_path / "memories"
    file.write_bytes(FIRST_LINE + b"\n" + b"x" * 5_000_000)
    assert "has a line of more than 2 MB" in other("import", file, code=1)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_text_that_no_utf_8_can_hold_goes_there_and_back(other, tmp_path, form):
    text = "half a character \ud800 and a coded one \0d800"
    (tmp_path / "first").write_bytes(export_of(record(text=text)))
    (run_id,) = other.json("import", tmp_path / "first")["runs"]
    other("export", "-o", tmp_path / "second", "--format", form)
    third = Memory(tmp_path / "third", other.capsys)
    (run_id,) = third.json("import", tmp_path / "second")["runs"]
    with Home(third.home, semantic=False) as home:
        assert result_of(home, f"{run_id}-1").text == text


def test_labels_in_a_file_can_only_restrict(other, tmp_path):
    file = tmp_path / "memories"
    file.write_bytes(GOOD)
    (run_id,) = other.json("import", file)["runs"]
    label = other.json("show", f"{run_id}-1")["label"]
    assert label == {"trust": "untrusted", "readers": ["ann"], "origins": ["import", "user"]}


@settings(max_examples=60)
@given(data=st.data())
def test_no_damage_goes_unnoticed_or_breaks_anything(data, tmp_path_factory):
    place = data.draw(st.integers(0, len(GOOD) - 1))
    put = data.draw(
        st.one_of(st.binary(max_size=3), st.sampled_from([b"\xff", b"\0", b"\n", b'"', b"\\ud800", b"1e999"]))
    )
    damaged = GOOD[:place] + put + GOOD[place + data.draw(st.integers(0, 3)) :]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "memories").write_bytes(damaged)
    with Home(folder / "home", semantic=False) as home:
        try:
            taken = home.import_memory(folder / "memories")
        except ImportRefused:
            assert home.store.runs() == []
        else:  # a label, an argument or a time may read otherwise; no text does
            texts = {result.text for _, result in home.store.tool_results()}
            assert taken.results == 2
            assert texts == {"The harbour opens at six.", "The harbour closes at ten."}
