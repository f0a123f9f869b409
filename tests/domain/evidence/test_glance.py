"""A glance rules out nothing that close reading lets through."""

from __future__ import annotations

import fresh_pairs
import held_out_pairs
import labelled_pairs
import last_pairs
import newest_pairs
import pytest
import unseen_pairs

from khala.domain.evidence.agreement import carries, contradiction
from khala.domain.evidence.fact_reader import facts_of
from khala.domain.evidence.glance import digits_of, glance_of
from khala.domain.evidence.indexed_text import IndexedText

SETS = (labelled_pairs, held_out_pairs, fresh_pairs, unseen_pairs, last_pairs, newest_pairs)


@pytest.mark.parametrize("pairs", SETS)
def test_a_passage_that_carries_or_contradicts_passes_the_glance(pairs):
    texts = {result_id: IndexedText([result_id], text, is_copy=False) for result_id, text in pairs.TEXTS.items()}
    agreeing = 0
    for pair in (each for each in pairs.PAIRS if each.result_id):
        claim = facts_of(pair.sentence)
        glance = glance_of(claim)
        text = texts[pair.result_id]
        for number, span in enumerate(text.spans):
            held = frozenset(word for word in claim.stems if text.places.get(word, 0) >> number & 1)
            passage, digits = text.facts(span), text.digits_in(span)
            if carries(passage, claim):
                agreeing += 1
                assert glance.can_carry(digits, held), (pair.sentence, text.text[slice(*span)])
                assert glance.lacking(text.digits) == 0
            elif contradiction(passage, claim):
                agreeing += 1
                assert glance.can_contradict(digits, held), (pair.sentence, text.text[slice(*span)])
                assert glance.lacking(text.digits) < 2
    assert agreeing > len(pairs.PAIRS) / 2


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The road is 1.466 km long.", "The road is 1,466 metres long."),
        ("It cost 1,250,000 euros.", "It cost EUR 1.25 million."),
        ("The town had 12\u202f500 people.", "The town had 12,500 people."),
        ("It opened in 1990.", "It opened on 12.03.1990."),
        ("It opened in 1,990 shops.", "Shops: 1990 [1988,1990,1992]"),
        ("It has 2,500 seats.", "It has 2.5 thousand seats."),
        ("It has 250 seats.", "It has \uff12\uff15\uff10 seats."),
    ],
)
def test_the_same_number_in_another_spelling_passes_the_glance(claim, passage):
    assert glance_of(facts_of(claim)).lacking(digits_of(passage)) == 0


def test_a_number_that_is_not_there_is_seen_at_a_glance():
    glance = glance_of(facts_of("In 1929 the bridge of Juniper merged after 8,505 people signed petition 1466."))
    assert glance.lacking(digits_of("In 1929 the bridge burned after 85 people signed petition 146-6.")) == 2
    assert not glance.can_contradict(digits_of("In 1929 nothing."), frozenset({"juniper"}))
    assert not glance.can_carry(digits_of("1929 8505 1466"), frozenset())
