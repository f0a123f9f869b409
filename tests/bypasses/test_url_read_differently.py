"""The guard and the tool's HTTP client are made to see different hosts in one address."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import pytest
from value_door import is_refused, passes

GOOD = 'host(args.value) == "good.org" || host(args.value).endsWith(".good.org")'


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.org/", "http://good.org.evil.org/", "http://notgood.org/", "http://evil.org/good.org",
        "http://evil.org?good.org", "http://evil.org#good.org", "http://evil.org/.good.org",
        "http://good.org@evil.org/", "http://good.org:80@evil.org/", "http://good.org%40evil.org/",
        "http://good.org\\@evil.org/", "http://evil.org\\@good.org/", "http://evil.org\\.good.org/",
        "http://good.org\\.evil.org", "http:/\\good.org/", "http:\\\\good.org/", "http:good.org", "http:/good.org/",
        "http:///good.org/", "//good.org/", "good.org", "http://good.org%2f.evil.org/", "http://good%2eorg/",
        "http://good.org%00.evil.org/", "http://good.org\0.evil.org/", "http://good.org\n.evil.org/",
        "http://good.org .evil.org/", "http://good.org\u3000/", "http://good.org;evil.org/", "http://good.org,evil.org/",
        "http://good.org&evil.org/", "http://good.org:evil.org/", "http://good.org:80:80/", "http://[good.org]/",
        "http://g\u043e\u043ed.org/", "http://good.\u03bfrg/", "http://xn--gd-fmaa.org/", "http://evil.org／.good.org/",
        "http://evil.org℀.good.org/", "ftp://good.org/", "javascript://good.org/%0aalert(1)", "data:good.org", "",
    ],
)  # fmt: skip
def test_an_address_of_another_or_an_uncertain_host_is_refused(url: str) -> None:
    assert is_refused(GOOD, url)


@pytest.mark.parametrize(
    "url",
    ["http://good.org", "HTTPS://GOOD.org:8443/x?u=@evil.org#@evil.org", "https://www.good.org./", "http://ｇood.org/",
     "https://good.org/@evil.org", "https://good.org/http://evil.org/"],
)  # fmt: skip
def test_an_address_of_the_good_host_passes(url: str) -> None:
    assert passes(GOOD, url)
