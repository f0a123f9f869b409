"""Sentences and the results they are to be judged by, written after all others and frozen before their first run."""

# ruff: noqa: E501 (one pair is one line)

from __future__ import annotations

from labelled_pairs import Pair

__all__ = ["PAIRS", "TEXTS"]

TEXTS = {
    "harbour": (
        "The port of Skarvik handled 4.2 million tonnes of cargo in 2023, up from 3.9 million tonnes the year before. Timber made up "
        "38 percent of exports. Harbour master Ingrid Solberg expects a new quay to open in spring 2026. The quay is 310 metres long and "
        "was built by Nordkai AS. Ferries to Aberdeen were suspended in 2021 and have not resumed."
    ),
    "vaccine": (
        "In a trial of 2,418 adults, the vaccine MX-7 reduced hospital admissions by 61 percent. Fever was reported by 9 percent of those "
        "vaccinated and by 4 percent of the control group. The trial was led by Priya Raman of the University of Leeds and published in "
        "March 2022. The vaccine is stored at 2 to 8 °C. Pregnant women were excluded."
    ),
    "opera": (
        "“The Salt Queen” is an opera in three acts by Lucia Ferrante to a libretto by Tomasz Wolny. It was first performed in Trieste on "
        "14 February 1908. The title role was sung by Anna Kessler, while Paolo Riva conducted. The premiere was a failure; the revised "
        "version, given in Vienna in 1911, was a success. The opera lasts about 140 minutes."
    ),
    "mountain": (
        "Mount Tarvo rises to 4,871 metres and is the second-highest peak of the Kelm range, after Mount Ossa. It was first climbed in 1937 "
        "by Hans Egger and Rosa Lind by way of the north ridge. The south face was not climbed until 1964. The nearest village, Brinje, "
        "lies 17 kilometres to the west. Egger died on the mountain in 1951."
    ),
    "config": (
        "max_connections (integer): the default is 100. The parameter can only be set at server start. When running a standby server, the "
        "value must be the same as or higher than on the primary. statement_timeout (integer): if this value is specified without units, it "
        "is taken as milliseconds. A value of zero disables the timeout. The log file is rotated every 24 hours."
    ),
    "record": (
        '{"id": "ORD-5521", "customer": "Mira Castell", "shipped": true, "carrier": "Polar Freight", "weight_kg": 12.4, "ordered": '
        '"2024-06-02", "delivered": "2024-06-09", "total_usd": 418.75, "gift": false}'
    ),
    "election": (
        "In the mayoral election of 12 May 2019 Dario Conti of the Greens defeated the incumbent, Silvia Moretti, with 52.4 percent of the "
        "vote. Turnout was 61 percent, the lowest since 1995. Moretti had governed the town since 2009. Conti appointed Lena Hofer as his "
        "deputy. The council has 32 seats, of which the Greens hold 13."
    ),
    "teams": (
        "| Team | Played | Won | Coach | Stadium |\n|---|---|---|---|---|\n| Northgate | 30 | 21 | Owen Pryce | Mill Lane |\n"
        "| Ashford | 30 | 17 | Carla Nunez | The Dell |\n| Redmoor | 29 | 12 | Yusuf Demir | Park Road |\n"
    ),
}

PAIRS = (
    Pair("Skarvik's port handled 4.2 million tonnes of cargo in 2023.", "supported", "harbour", "The port of Skarvik"),
    Pair(
        "The port of Skarvik handled 4.3 million tonnes of cargo in 2023.",
        "contradicted",
        "harbour",
        "The port of Skarvik",
        "number",
    ),
    Pair(
        "The port of Skarvik handled 3.9 million tonnes of cargo in 2022.",
        "supported",
        "harbour",
        "The port of Skarvik",
    ),
    Pair("Timber accounted for 38% of exports.", "supported", "harbour", "Timber"),
    Pair("Timber made up 83 percent of exports.", "contradicted", "harbour", "Timber", "number"),
    Pair("The quay was built by Sydkai AS.", "contradicted", "harbour", "The quay", "name"),
    Pair("The harbour master is Ingrid Solberg.", "supported", "harbour", "Harbour master"),
    Pair("The harbour master is Astrid Solberg.", "contradicted", "harbour", "Harbour master", "name"),
    Pair("The new quay is 310 kilometres long.", "contradicted", "harbour", "The quay", "unit"),
    Pair("Ferries to Bergen were suspended in 2021.", "contradicted", "harbour", "Ferries", "name"),
    Pair("Ferries to Aberdeen have resumed.", "contradicted", "harbour", "Ferries", "negation"),
    Pair("The port employs 240 people.", "unsupported"),
    Pair("MX-7 reduced hospital admissions by 61% in a trial of 2,418 adults.", "supported", "vaccine", "In a trial"),
    Pair(
        "MX-7 reduced hospital admissions by 16% in a trial of 2,418 adults.",
        "contradicted",
        "vaccine",
        "In a trial",
        "number",
    ),
    Pair("Fever was reported by 4 percent of those vaccinated.", "contradicted", "vaccine", "Fever", "order"),
    Pair("The trial was led by Priya Raman and published in March 2022.", "supported", "vaccine", "The trial"),
    Pair("The trial was led by Priya Raman of the University of York.", "contradicted", "vaccine", "The trial", "name"),
    Pair("The trial was published in May 2022.", "contradicted", "vaccine", "The trial", "date"),
    Pair("The vaccine is stored at 2 to 8 degrees Celsius.", "supported", "vaccine", "The vaccine is stored"),
    Pair("Pregnant women were included in the trial.", "contradicted", "vaccine", "Pregnant", "negation"),
    Pair("The vaccine was approved in Canada.", "unsupported"),
    Pair("Lucia Ferrante composed “The Salt Queen” in three acts.", "supported", "opera", "The Salt Queen"),
    Pair(
        "“The Salt Queen” is an opera in four acts by Lucia Ferrante.",
        "contradicted",
        "opera",
        "The Salt Queen",
        "number",
    ),
    Pair("The opera was first performed in Trieste on February 14th, 1908.", "supported", "opera", "It was first"),
    Pair(
        "The opera was first performed in Turin on 14 February 1908.", "contradicted", "opera", "It was first", "name"
    ),
    Pair("Anna Kessler sang the title role.", "supported", "opera", "The title role"),
    Pair("The title role was sung by Paolo Riva.", "contradicted", "opera", "The title role", "name"),
    Pair("The premiere was a success.", "contradicted", "opera", "The premiere", "negation"),
    Pair("The revised version was given in Vienna in 1911.", "supported", "opera", "The premiere"),
    Pair("The opera was filmed in 1962.", "unsupported"),
    Pair("Mount Tarvo is 4,871 m high.", "supported", "mountain", "Mount Tarvo"),
    Pair("Mount Tarvo rises to 4,781 metres.", "contradicted", "mountain", "Mount Tarvo", "number"),
    Pair("Mount Tarvo is the highest peak of the Kelm range.", "contradicted", "mountain", "Mount Tarvo", "order"),
    Pair("Hans Egger and Rosa Lind first climbed it in 1937.", "supported", "mountain", "It was first climbed"),
    Pair(
        "It was first climbed in 1937 by Hans Egger and Rosa Lund.",
        "contradicted",
        "mountain",
        "It was first climbed",
        "name",
    ),
    Pair("The south face was first climbed in 1937.", "contradicted", "mountain", "The south face", "date"),
    Pair("The nearest village is Brinje, 17 km to the west.", "supported", "mountain", "The nearest village"),
    Pair("Lind died on the mountain in 1951.", "contradicted", "mountain", "Egger died", "name"),
    Pair("The default of max_connections is 100.", "supported", "config", "max_connections"),
    Pair("The default of max_connections is 200.", "contradicted", "config", "max_connections", "number"),
    Pair("A value of zero enables the timeout.", "contradicted", "config", "A value", "negation"),
    Pair(
        "Without units, statement_timeout is taken as seconds.", "contradicted", "config", "statement_timeout", "unit"
    ),
    Pair("The log file is rotated daily at midnight.", "unsupported"),
    Pair("The parameter can be set only at server start.", "supported", "config", "The parameter"),
    Pair("Order ORD-5521 was delivered on 9 June 2024.", "supported", "record", "ORD-5521"),
    Pair("Order ORD-5521 was delivered on 2 June 2024.", "contradicted", "record", "ORD-5521", "order"),
    Pair("The carrier of ORD-5521 was Solar Freight.", "contradicted", "record", "ORD-5521", "name"),
    Pair("ORD-5521 was shipped by Polar Freight and weighs 12.4 kg.", "supported", "record", "ORD-5521"),
    Pair("ORD-5521 is a gift.", "contradicted", "record", "ORD-5521", "negation"),
    Pair("Dario Conti defeated Silvia Moretti with 52.4% of the vote.", "supported", "election", "In the mayoral"),
    Pair(
        "Silvia Moretti defeated Dario Conti with 52.4 percent of the vote.",
        "contradicted",
        "election",
        "In the mayoral",
        "order",
    ),
    Pair("Turnout was the highest since 1995.", "contradicted", "election", "Turnout", "negation"),
    Pair("Conti appointed Lena Huber as his deputy.", "contradicted", "election", "Conti appointed", "name"),
    Pair("The Greens hold 13 of the 32 seats of the council.", "supported", "election", "The council"),
    Pair("The Greens hold 32 of the 13 seats.", "contradicted", "election", "The council", "order"),
    Pair("Moretti governed the town from 2009.", "supported", "election", "Moretti had"),
    Pair("Northgate won 21 of 30 matches.", "supported", "teams", "Northgate"),
    Pair("Ashford won 21 matches.", "contradicted", "teams", "Ashford", "number"),
    Pair("The coach of Redmoor is Yusuf Demir.", "supported", "teams", "Redmoor"),
    Pair("The coach of Redmoor is Carla Nunez.", "contradicted", "teams", "Redmoor", "name"),
)
