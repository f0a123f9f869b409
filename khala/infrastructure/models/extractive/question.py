"""Takes a question apart: names, the words asked about them, and words by which a sentence may answer.

No language model: capital letters make names, a table of endings makes stems, and a small table says that `younger` is
answered by `born`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["ANSWERING", "Question", "names_in", "stem", "stems", "terms_in"]

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about after all also am an and another any are as at be because been before being between both but"
        " by can could did do does doing each else either ever every few for from get gets had has have having"
        " he her here hers him his how however i if in into is it its itself just like made make makes many"
        " may me might more most much must my name named no nor not of off on once one only or other our out"
        " over own same shall she should so some such tell than that the their them then there these they"
        " thing this those through to too under until up us use used using very was we were what when where"
        " whether which while who whom whose why will with would you your",
    )
)
_CAPITAL = "A-ZÀ-ÖØ-ÞĀĆČĎĐĒĘĚĞĢĪİĶĹĻŁŃŅŇŐŘŚŞŠŢŤŪŮŰŹŻŽ"
_PART = rf"(?:[{_CAPITAL}]\.|(?:Jr|Sr|St|Dr|Mr|Mrs)\.|[{_CAPITAL}][\w'\u2019-]*)"
_LITTLE = "of|the|de|la|le|les|du|des|von|van|der|den|di|da|del|al|el|bin|ibn"
_NAME = re.compile(rf"{_PART}(?: (?:(?:{_LITTLE}) ){{0,2}}{_PART})*")
_ASKED_NAME = re.compile(
    rf"(?:{_PART}|\d[\w-]*)"
    rf"(?:(?:: | [\u2013&-] | )(?:(?:{_LITTLE}|and|in|on|at|to|for|a|an|y|e) ){{0,2}}(?:{_PART}|\d[\w-]*))*"
    r"(?: ?\([^()]{1,30}\))?"
)
_QUOTED = re.compile(r"[\"“]\s?([^\"“”]{2,80}?)\s?[\"”]|`([^`]{1,80})`")
_TERM = re.compile(r"__\w+__|\b[A-Za-z]\w+(?:\.\w+)+\b|\b\w+(?=\(\))|\b[a-z]+_\w+|\b[A-Z][a-z]+[A-Z]\w+")
_WORDS = re.compile(r"[^\W_]{2,}|\d")
_COMPARES = re.compile(r"\s*(?:are|were|is|was|do|does|did|have|has)\b|.*\bboth\b", re.IGNORECASE | re.DOTALL)
"""Questions in which `and` joins two names rather than the words of one."""

_ADJECTIVE = re.compile(
    r"[ -](?!(?:and|or|is|was|are|were|as|in|on|at|of|to|by|for|from|with|who|which|that|has|had)\b)[a-z]"
)
_ASKING = frozenset(
    {"which", "who", "whom", "whose", "when", "where", "what", "why", "how", "is", "are", "was", "were", "do", "does"}
    | {"did", "has", "have", "had", "can", "could", "will", "would", "should", "if", "in", "tell", "name", "explain"}
)
_ANSWERS = {
    "born": "birth younger older",
    "birth": "born",
    "birthday": "born",
    "die": "died death",
    "died": "death",
    "death": "died killed",
    "younger": "born birth",
    "older": "born birth",
    "age": "born",
    "earlier": "born died released founded",
    "later": "born died released founded",
    "first": "born died released founded published established",
    "recently": "released",
    "came": "released",
    "released": "film album",
    "lived": "born died",
    "long": "minutes",
    "father": "son daughter child",
    "mother": "son daughter child",
    "parent": "son daughter child",
    "grandfather": "son daughter father",
    "grandmother": "son daughter mother",
    "law": "married wife husband",
    "spouse": "married wife husband",
    "wife": "married husband spouse",
    "husband": "married wife spouse",
    "child": "son daughter father mother",
    "sibling": "brother sister",
    "director": "directed film",
    "producer": "produced",
    "author": "written wrote novel",
    "composer": "composed music",
    "performer": "song singer sung recorded album",
    "nationality": "born american british",
    "country": "born american british",
    "work": "worked",
    "educated": "university studied attended school",
    "study": "university studied attended school",
    "graduate": "university studied",
    "award": "won awarded prize",
    "founder": "founded",
    "founded": "established",
    "cause": "because caused due",
    "error": "raised exception",
    "fail": "raised exception error",
    "difference": "unlike instead whereas",
}
"""Word of a question to words of sentences that answer it."""


def stem(word: str) -> str:
    """A rough English stem: the same for `determine`, `determined` and `determining`."""
    word = word.casefold()
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM and not (ending == "s" and word[-2:] == "ss"):
            return word[: -len(ending)] + instead
    return word


_MIN_STEM = 3
_ENDINGS = (
    ("ations", ""), ("ation", ""), ("ings", ""), ("ing", ""), ("ied", "y"), ("ies", "y"), ("ers", ""), ("ors", ""),
    ("er", ""), ("or", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", ""),
)  # fmt: skip
ANSWERING = {stem(asked): frozenset(map(stem, answers.split())) for asked, answers in _ANSWERS.items()}


@lru_cache(maxsize=4096)
def stems(text: str) -> tuple[str, ...]:
    """The stems of all words, in order, stop words left out."""
    return tuple(stem(word) for word in _WORDS.findall(text) if word.casefold() not in _STOP_WORDS)


def names_in(text: str) -> list[str]:
    """Names and quoted titles in a sentence, each once; one capitalised word counts only where none has to stand."""
    found = [(match.start(), match[1] or match[2]) for match in _QUOTED.finditer(text)]
    for match in _NAME.finditer(text):
        begins = text[: match.start()].rstrip()[-1:] in ("", ".", "!", "?", ":")
        is_adjective = _ADJECTIVE.match(text, match.end()) is not None  # `a Hungarian film`
        if stems(match[0]) and (" " in match[0] or not (begins or is_adjective)):
            found.append((match.start(), match[0]))
    return list(dict.fromkeys(name for _, name in sorted(found)))


def terms_in(text: str) -> list[str]:
    """Words spelled as only a name in code is: `__prepare__`, `os.path`, `open()`, `TypeError`."""
    return list(dict.fromkeys(_TERM.findall(text)))


def _asked_names(question: str) -> Iterator[str]:
    for match in _QUOTED.finditer(question):
        if stems(match[1] or match[2]):
            yield match[1] or match[2]
    for match in _ASKED_NAME.finditer(question):
        words = re.sub(r"['\u2019][sS]\Z", "", match[0]).split()
        while words and words[0].casefold() in _ASKING:
            words.pop(0)
        name = " ".join(words)
        if stems(name):
            yield from re.split(r" and (?=[A-Z\d])", name) if _COMPARES.match(question) else (name,)


@dataclass(frozen=True)
class Question:
    """A question taken apart."""

    text: str
    names: tuple[str, ...]
    code: tuple[str, ...]
    """Words spelled as only a name in code is."""
    terms: frozenset[str]
    """Stems of all its content words."""
    relations: frozenset[str]
    """Stems of the content words that belong to no name: what is asked about the names."""
    words: tuple[str, ...]
    """The words of `relations` as they are written."""
    asks_for: str
    """Its question word in lower case, or empty."""

    @classmethod
    def of(cls, text: str) -> Question:
        """Take a question apart."""
        code = tuple(terms_in(text))
        names = tuple(name for name in dict.fromkeys(_asked_names(text)) if name not in code)
        in_names = {found for name in names for found in stems(name)}
        words = [
            word for word in _WORDS.findall(text)
            if len(word) > 1 and word.casefold() not in _STOP_WORDS and stem(word) not in in_names
        ]  # fmt: skip
        asked = re.search(r"\b(who|whom|whose|when|where|how many|how much|how|why|which|what)\b", text.casefold())
        return cls(
            text,
            names,
            code,
            frozenset(stems(text)),
            frozenset(map(stem, words)),
            tuple(dict.fromkeys(words)),
            asked[1] if asked else "",
        )

    @property
    def answer_words(self) -> tuple[str, ...]:
        """Words a sentence may use that answers the question, besides its own."""
        return tuple(
            dict.fromkeys(
                found
                for asked, answers in _ANSWERS.items()
                if stem(asked) in self.relations
                for found in answers.split()
            )
        )
