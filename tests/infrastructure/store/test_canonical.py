from __future__ import annotations

import json
import math
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.call import ToolCall
from khala.infrastructure.store.canonical import canonical_digest, canonical_json, from_canonical

# every code point, lone surrogates too, and NUL more often than chance would have it
texts = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("\0i0f\ud800")), max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53), -(10**4000)]),
    st.floats(allow_nan=False),
    texts,
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@given(json_values)
def test_any_json_value_comes_back_equal_and_is_spelled_the_same_again(value: object):
    data = canonical_json(value)
    assert from_canonical(data) == value
    assert canonical_json(from_canonical(data)) == data


@given(json_values, json_values)
def test_different_values_have_different_bytes(one: object, other: object):
    # Python takes True for 1; JSON does not, so values are compared by their plain JSON
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True) and one != other:
        assert canonical_json(one) != canonical_json(other)


def test_ordinary_values_have_the_bytes_of_rfc_8785():
    # the example of RFC 8785, section 3.2.2, without what its authors add for line breaks
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert (
        canonical_json(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_ordered_by_utf_16_units():
    assert list(json.loads(canonical_json({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4}))) == [
        "1",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_a_float_without_fraction_is_the_same_number_as_the_int():
    assert canonical_json(1.0) == canonical_json(1) == b"1"
    assert canonical_json(-0.0) == b"0"


def test_a_float_and_an_int_beyond_the_exact_range_stay_apart():
    assert canonical_json(float(2**60)) != canonical_json(2**60)
    assert isinstance(from_canonical(canonical_json(1e16)), float)
    assert isinstance(from_canonical(canonical_json(10**16)), int)


def test_an_integer_longer_than_python_prints_comes_back():
    assert from_canonical(canonical_json({"n": -(10**5000)})) == {"n": -(10**5000)}


def test_not_a_number_and_infinities_come_back():
    back = from_canonical(canonical_json([math.nan, math.inf, -math.inf, "nan"]))
    assert isinstance(back, list)
    assert math.isnan(float(str(back[0])))
    assert back[1:] == [math.inf, -math.inf, "nan"]


def test_sets_tuples_and_models_are_written_in_one_order():
    names = [f"name{number}" for number in range(50)]
    assert canonical_json(frozenset(names)) == canonical_json(sorted(names))
    assert canonical_json((1, 2)) == b"[1,2]"
    call = ToolCall(id="a", tool="t", arguments={"x": 1})
    assert canonical_json(call) == canonical_json(call.model_dump())


def test_the_digest_is_the_sha_256_of_the_bytes():
    assert canonical_digest({"b": 1, "a": "é"}) == sha256('{"a":"é","b":1}'.encode()).hexdigest()
    assert canonical_digest({"b": 1, "a": 2}) == canonical_digest({"a": 2, "b": 1})


@pytest.mark.parametrize("value", [object(), {1: "a"}, b"bytes", {"a": {1, "x", object()}}])
def test_what_is_no_json_is_refused(value: object):
    with pytest.raises(ValueError):  # noqa: PT011 (any wording)
        canonical_json(value)


def test_endless_nesting_is_refused_both_ways():
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        canonical_json(value)
    with pytest.raises(ValueError, match="nested too deeply"):
        from_canonical(b"[" * 100_000)


@given(st.binary(max_size=40) | st.sampled_from([b'"\\u0000"', b'"\\u0000zz"', b"NaN", b'{"\\u0000i7":1}', b"1 2"]))
def test_foreign_bytes_are_read_or_refused_with_a_value_error(data: bytes):
    try:
        from_canonical(data)
    except ValueError:
        return
    json.loads(data.decode())  # what was read is JSON


def test_an_unknown_code_is_refused():
    for data in (b'"\\u0000zz"', b'{"\\u0000i7":1}', b"[NaN]", b'"\\u0000"', b"1" * 5000):
        with pytest.raises(ValueError):  # noqa: PT011 (any wording)
            from_canonical(data)
