"""Sentences and the results they are to be judged by, written last, after the rules were tuned on both other sets."""

# ruff: noqa: E501 (one pair is one line)

from __future__ import annotations

from labelled_pairs import Pair

__all__ = ["PAIRS", "TEXTS"]

TEXTS = {
    "telescope": (
        "The Arecibo telescope in Puerto Rico had a dish 305 metres wide. It was built between 1960 and 1963 at a cost of "
        "$9.3 million. In November 1974 Frank Drake sent a message from it towards the star cluster M13. On 1 December 2020 "
        "its receiver platform, weighing 900 tonnes, fell into the dish. Nobody was hurt. It will not be rebuilt, the "
        "National Science Foundation announced in October 2022."
    ),
    "recipe": (
        "Preheat the oven to 220 °C. Mix 500 g of flour with 325 ml of water, 10 g of salt and 3 g of yeast. Let the dough "
        "rest for 90 minutes. Do not add sugar. Bake the bread for 35 minutes, and let it cool for 1 hour before cutting."
    ),
    "council": (
        "The council of Varberg voted 31 to 24 for a new swimming hall. It will cost 412 million kronor and open in 2027. "
        "Councillor Elin Sandberg of the Centre Party opposed the plan. The Green Party abstained. Architect Hamid Rezaei "
        "won the competition against 18 other offices. The old hall, opened in 1972, is to be demolished."
    ),
    "software": (
        "Release 4.2.0 of Ferrite was published on 2025-03-18. It drops support for Python 3.9. Parsing is 2.5 times faster "
        "than in 4.1. The `strict` option is now enabled by default. Lena Vogt fixed a crash in the CSV reader, which was "
        "reported by Arjun Mehta. The wheel shrank from 14 MB to 9 MB."
    ),
    "species": (
        "The saiga antelope lives in Kazakhstan, Russia and Mongolia. In May 2015 more than 200,000 saigas died within three "
        "weeks. The bacterium Pasteurella multocida caused the die-off. An adult male weighs up to 51 kg. The population grew "
        "to 1.3 million in 2022. Females have no horns. Researcher Richard Kock led the investigation."
    ),
    "account": (
        '{"account": "AC-2291", "owner": "Noor Haddad", "balance_usd": 1520.75, "opened": "2019-11-02", "status": "frozen", '
        '"limit_usd": 5000, "branch": "Tampere"}'
    ),
    "novel": (
        "The novel “Glass Rivers” by Ana Petrov appeared in Sofia in 1987. It was translated into English by Miriam Stone in "
        "1994. The heroine, Vesna, leaves her village for Vienna. Critics did not like the ending. The book sold 60,000 copies "
        "in its first year and won the Danube Prize."
    ),
}

PAIRS = (
    Pair("It will not be rebuilt, the National Science Foundation announced in October 2022.", "quoted", "telescope", "It will not"),
    Pair("Do not add sugar.", "quoted", "recipe", "Do not add"),
    Pair("According to the notes, “Parsing is 2.5 times faster than in 4.1.”", "quoted", "software", "Parsing is"),
    Pair("The dish of the Arecibo telescope was 305 m wide.", "supported", "telescope", "The Arecibo"),
    Pair("Frank Drake sent a message towards the star cluster M13 in November 1974.", "supported", "telescope", "In November"),
    Pair("Its receiver platform of 900 tonnes fell into the dish on December 1, 2020.", "supported", "telescope", "On 1 December"),
    Pair("Arecibo was built at a cost of 9,300,000 dollars.", "supported", "telescope", "It was built"),
    Pair("In October 2022 the National Science Foundation announced that it will not be rebuilt.", "supported", "telescope", "It will not"),
    Pair("The oven is preheated to 220 °C.", "supported", "recipe", "Preheat"),
    Pair("Mix half a kilogram of flour with 325 ml of water.", "supported", "recipe", "Mix 500"),
    Pair("0.5 kg of flour is mixed with water, salt and yeast.", "supported", "recipe", "Mix 500"),
    Pair("The dough should rest for 1.5 hours.", "supported", "recipe", "Let the dough"),
    Pair("Before cutting, let the bread cool for 60 minutes.", "supported", "recipe", "Bake the bread"),
    Pair("A new swimming hall was approved by the council of Varberg, 31 to 24.", "supported", "council", "The council"),
    Pair("The hall will open in 2027 and cost 412 million kronor.", "supported", "council", "It will cost"),
    Pair("The plan was opposed by Elin Sandberg of the Centre Party.", "supported", "council", "Councillor"),
    Pair("Hamid Rezaei, an architect, won the competition against eighteen other offices.", "supported", "council", "Architect"),
    Pair("The old hall opened in 1972 and is to be demolished.", "supported", "council", "The old hall"),
    Pair("Ferrite 4.2.0 was published on March 18, 2025.", "supported", "software", "Release 4.2.0"),
    Pair("Release 4.2.0 no longer supports Python 3.9.", "supported", "software", "Release 4.2.0"),
    Pair("By default the `strict` option is now enabled.", "supported", "software", "The `strict`"),
    Pair("A crash in the CSV reader was fixed by Lena Vogt.", "supported", "software", "Lena Vogt"),
    Pair("The wheel went from 14 MB to 9 MB.", "supported", "software", "The wheel"),
    Pair("Saiga antelopes live in Kazakhstan, Mongolia and Russia.", "supported", "species", "The saiga"),
    Pair("More than 200 000 saigas died in May 2015 within three weeks.".replace("200 000", "200\u202f000"), "supported", "species", "In May"),
    Pair("The die-off was caused by the bacterium Pasteurella multocida.", "supported", "species", "The bacterium"),
    Pair("An adult male weighs up to 51,000 g.", "supported", "species", "An adult"),
    Pair("By 2022 the population grew to 1,300,000.", "supported", "species", "The population"),
    Pair("The investigation was led by Richard Kock.", "supported", "species", "Researcher"),
    Pair("The account AC-2291 was opened on 2 November 2019.", "supported", "account", '{"account"'),
    Pair("The balance of account AC-2291 is $1,520.75.", "supported", "account", '{"account"'),
    Pair("Miriam Stone translated it into English in 1994.", "supported", "novel", "It was translated"),
    Pair("The novel appeared in 1987 in Sofia.", "supported", "novel", "The novel"),
    Pair("In its first year the book sold sixty thousand copies.", "supported", "novel", "The book"),
    Pair("The ending was not liked by critics.", "supported", "novel", "Critics"),
    Pair("The Green Party abstained, and the Left Party voted against it.", "partly", "council", "The Green"),
    Pair("Females have no horns, but they have longer ears.", "partly", "species", "Females"),
    Pair("The Arecibo telescope in Puerto Rico had a dish 350 metres wide.", "contradicted", "telescope", "The Arecibo", "number"),
    Pair("It was built at a cost of $9.3 billion.", "contradicted", "telescope", "It was built", "number"),
    Pair("In November 1974 Carl Sagan sent a message from it towards the star cluster M13.", "contradicted", "telescope", "In November", "name"),
    Pair("On 1 November 2020 its receiver platform fell into the dish.", "contradicted", "telescope", "On 1 December", "date"),
    Pair("It will be rebuilt, the National Science Foundation announced in October 2022.", "contradicted", "telescope", "It will not", "negation"),
    Pair("Preheat the oven to 200 °C.", "contradicted", "recipe", "Preheat", "number"),
    Pair("Let the dough rest for 90 seconds.", "contradicted", "recipe", "Let the dough", "unit"),
    Pair("Mix 500 g of flour with 352 ml of water.", "contradicted", "recipe", "Mix 500", "number"),
    Pair("The council of Varberg voted 24 to 31 for a new swimming hall.", "contradicted", "council", "The council", "order"),
    Pair("It will cost 421 million kronor and open in 2027.", "contradicted", "council", "It will cost", "number"),
    Pair("Councillor Elin Sandberg of the Centre Party supported the plan.", "contradicted", "council", "Councillor", "negation"),
    Pair("Architect Elin Sandberg won the competition against 18 other offices.", "contradicted", "council", "Architect", "name"),
    Pair("The old hall, opened in 1927, is to be demolished.", "contradicted", "council", "The old hall", "number"),
    Pair("It drops support for Python 3.10.", "contradicted", "software", "It drops", "number"),
    Pair("Arjun Mehta fixed a crash in the CSV reader, which was reported by Lena Vogt.", "contradicted", "software", "Lena Vogt", "order"),
    Pair("The `strict` option is now disabled by default.", "contradicted", "software", "The `strict`", "negation"),
    Pair("Parsing is 2.5 times slower than in 4.1.", "contradicted", "software", "Parsing is", "negation"),
    Pair("Release 4.2.1 of Ferrite was published on 2025-03-18.", "contradicted", "software", "Release 4.2.0", "number"),
    Pair("In May 2015 more than 20,000 saigas died within three weeks.", "contradicted", "species", "In May", "number"),
    Pair("Females have horns.", "contradicted", "species", "Females", "negation"),
    Pair("Researcher Robert Kock led the investigation.", "contradicted", "species", "Researcher", "name"),
    Pair("The saiga antelope lives in Kazakhstan, Russia and China.", "contradicted", "species", "The saiga", "name"),
    Pair("The account AC-2291 was opened on 2 December 2019.", "contradicted", "account", '{"account"', "date"),
    Pair("The balance of account AC-2291 is $1,250.75.", "contradicted", "account", '{"account"', "number"),
    Pair("It was translated into German by Miriam Stone in 1994.", "contradicted", "novel", "It was translated", "name"),
    Pair("The heroine, Vesna, leaves her village for Venice.", "contradicted", "novel", "The heroine", "name"),
    Pair("Critics liked the ending.", "contradicted", "novel", "Critics", "negation"),
    Pair("The book sold 16,000 copies in its first year.", "contradicted", "novel", "The book", "number"),
    Pair("The telescope also studied pulsars.", "unsupported"),
    Pair("The bread contains olive oil.", "unsupported"),
    Pair("Hamid Rezaei was born in Tehran.", "unsupported"),
    Pair("Ferrite is written in Rust.", "unsupported"),
    Pair("Saiga horns are sold as medicine.", "unsupported"),
    Pair("Noor Haddad lives in Helsinki.", "unsupported"),
    Pair("Ana Petrov studied in Prague.", "unsupported"),
    Pair("The Danube Prize comes with 10,000 euros.", "unsupported"),
)  # fmt: skip
