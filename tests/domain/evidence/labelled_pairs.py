"""Sentences and the results they are to be judged by: the half that the rules were tuned on.

Each pair is judged against all texts below, so that every other text may lead astray. `passage` begins the right
passage, or, for a contradicted sentence, the passage that says otherwise.
"""

# ruff: noqa: E501 (one pair is one line)

from __future__ import annotations

from typing import NamedTuple

from khala.domain.evidence.attribution import Degree

__all__ = ["PAIRS", "TEXTS", "Pair"]


class Pair(NamedTuple):
    """A sentence, what a careful reader says of it, and where."""

    sentence: str
    degree: Degree
    result_id: str = ""
    passage: str = ""
    altered: str = ""
    """What was changed against the text: number, name, date, negation, unit or order; `""` for nothing."""


TEXTS = {
    "bridge": (
        "The Öresund Bridge is a combined railway and motorway bridge between Sweden and Denmark. It is the longest of "
        "its kind in Europe, running nearly 8 kilometres from the Swedish coast to the artificial island Peberholm. "
        "The crossing was completed in 1999 and opened to traffic on 1 July 2000. Construction cost 30.1 billion Danish "
        "kroner. The bridge was designed by George K.S. Rotne. Its pylons rise 204 metres above the water. In 2019 "
        "about 20,361 vehicles crossed it each day. Cyclists and pedestrians are not allowed to use the bridge."
    ),
    "curie": (
        "Marie Curie was born in Warsaw on 7 November 1867. In 1891 she followed her elder sister Bronisława to Paris. "
        "She shared the 1903 Nobel Prize in Physics with her husband Pierre Curie and with Henri Becquerel. She won "
        "the 1911 Nobel Prize in Chemistry for her discovery of the elements polonium and radium. Pierre Curie died "
        "in 1906 after being run over by a horse-drawn wagon. Marie Curie never patented the radium isolation process."
    ),
    "trial": (
        "Methods: In this double-blind trial, 1,248 adults with mild asthma were assigned to budesonide (n = 623) or "
        "placebo (n = 625). Results: Severe attacks occurred in 4.1% of the budesonide group and in 9.8% of the placebo "
        "group. The difference was significant (p = 0.003). No patient died during the 52 weeks of follow-up. "
        "Budesonide did not change lung function at rest. The study was funded by the Swedish Research Council."
    ),
    "earnings": (
        "Northwind Holdings today announced results for the third quarter ended 30 September 2023. Revenue increased "
        "12% to $4.27 billion. Net income was $512 million, compared with $466 million a year earlier. Chief "
        "executive Laura Mendez said the company will close its plant in Dayton, Ohio. Chief financial officer Peter "
        "Okafor expects full-year revenue between $16.8 billion and $17.1 billion. The board declared a dividend of 45 "
        "cents per share. Headcount fell from 31,400 to 29,850."
    ),
    "order": (
        '{"order_id": "W4817420", "status": "delivered", "customer": "Yusuf Rossi", "total_usd": 2386.15, '
        '"items": [{"name": "Mechanical Keyboard", "price": 227.49}, {"name": "Smart Thermostat", "price": 349.0}], '
        '"address": {"city": "Philadelphia", "zip": "19122"}, "shipped_on": "2024-05-14", "carrier": "UPS"}'
    ),
    "library": (
        "requests.Session objects persist cookies across all requests. The default timeout is None, so a request may "
        "wait forever. Since version 2.32.0 the `verify` setting is read once per adapter. `Session.close()` closes "
        "all adapters. Redirects are followed by default, with at most 30 of them. Connections are pooled by urllib3, "
        "and each pool holds 10 connections. Sessions are not safe to share between threads."
    ),
    "volcano": (
        "Eyjafjallajökull erupted on 14 April 2010. The ash cloud closed the airspace of 20 countries and affected "
        "roughly 10 million travellers. Kristján Már Unnarsson reported that lava flows reached 1.6 km. The glacier "
        "covers 100 square kilometres. The summit is 1,651 m high. Katla, its larger neighbour, did not erupt "
        "afterwards. The eruption ended in October 2010."
    ),
    "match": (
        "Uruguay beat Brazil 2-1 in the deciding match of the 1950 World Cup at the Maracanã. Friaça scored first for "
        "Brazil in the 47th minute. Schiaffino equalised in the 66th minute, and Ghiggia scored the winner 13 minutes "
        "later. The official attendance was 173,850. The English referee George Reader was in charge. Brazil had "
        "needed only a draw to win the title."
    ),
    "hebrew": "ירושלים היא בירת ישראל. אוכלוסייתה מונה 981,711 תושבים. 🚀 The launch of Beresheet failed on 11 April 2019.",
}  # fmt: skip

PAIRS = (
    # word for word
    Pair("The bridge was designed by George K.S. Rotne.", "quoted", "bridge", "The bridge was designed"),
    Pair("Cyclists and pedestrians are not allowed to use the bridge [run-1].", "quoted", "bridge", "Cyclists"),
    Pair("In 1891 she followed her elder sister Bronisława to Paris.", "quoted", "curie", "In 1891"),
    Pair('The report states: "Headcount fell from 31,400 to 29,850."', "quoted", "earnings", "Headcount"),
    Pair("**Redirects are followed by default**, with at most 30 of them.", "quoted", "library", "Redirects"),
    Pair("sessions are not safe to share between threads", "quoted", "library", "Sessions are not"),
    Pair("The official attendance was 173,850.", "quoted", "match", "The official"),
    Pair("אוכלוסייתה מונה 981,711 תושבים.", "quoted", "hebrew", "אוכלוסייתה"),
    Pair("🚀 The launch of Beresheet failed on 11 April 2019.", "quoted", "hebrew", "🚀 The launch"),
    Pair("The summit is 1,651 m high.", "quoted", "volcano", "The summit"),
    # other words, other order, other formats
    Pair("The Öresund Bridge opened to traffic on July 1, 2000.", "supported", "bridge", "The crossing"),
    Pair("The crossing opened to traffic on 2000-07-01.", "supported", "bridge", "The crossing"),
    Pair("The crossing opened to traffic on 01.07.2000.", "supported", "bridge", "The crossing"),
    Pair("It was in 1999 that the crossing was completed.", "supported", "bridge", "The crossing"),
    Pair("Construction of the bridge cost 30,100 million Danish kroner.", "supported", "bridge", "Construction cost"),
    Pair("The pylons of the bridge are 204 m above the water.", "supported", "bridge", "Its pylons"),
    Pair("About 20\u202f361 vehicles crossed the bridge each day in 2019.", "supported", "bridge", "In 2019"),
    Pair("George K.S. Rotne designed the bridge.", "supported", "bridge", "The bridge was designed"),
    Pair("From the Swedish coast to the artificial island Peberholm it runs nearly 8,000 metres.", "supported", "bridge", "It is the longest"),
    Pair("Neither cyclists nor pedestrians are allowed to use the bridge.", "supported", "bridge", "Cyclists"),
    Pair("Marie Curie was born on November 7th, 1867 in Warsaw.", "supported", "curie", "Marie Curie was born"),
    Pair("Marie Curie, born in Warsaw in 1867, followed her sister Bronisława to Paris in 1891.", "supported", "curie", "Marie Curie was born"),
    Pair("For discovering polonium and radium she won the Nobel Prize in Chemistry in 1911.", "supported", "curie", "She won"),
    Pair("Marie Curie never patented the process of isolating radium.", "supported", "curie", "Marie Curie never"),
    Pair("In 1906 Pierre Curie was run over by a horse-drawn wagon and died.", "supported", "curie", "Pierre Curie died"),
    Pair("Henri Becquerel shared the 1903 Nobel Prize in Physics with her.", "supported", "curie", "She shared"),
    Pair("1248 adults with mild asthma were assigned to budesonide or placebo.", "supported", "trial", "Methods:"),
    Pair("Severe attacks occurred in 9.8 percent of the placebo group.", "supported", "trial", "Results:"),
    Pair("The Swedish Research Council funded the study.", "supported", "trial", "The study was funded"),
    Pair("During the 52 weeks of follow-up no patient died.", "supported", "trial", "No patient"),
    Pair("Lung function at rest was not changed by budesonide.", "supported", "trial", "Budesonide did not"),
    Pair("Revenue rose to 4.27 billion dollars, an increase of 12 percent.", "supported", "earnings", "Revenue increased"),
    Pair("Net income was $512M.", "supported", "earnings", "Net income"),
    Pair("According to chief executive Laura Mendez, the company will close its plant in Dayton, Ohio.", "supported", "earnings", "Chief executive"),
    Pair("Peter Okafor expects revenue between $16.8bn and $17.1bn for the full year.", "supported", "earnings", "Chief financial"),
    Pair("Headcount fell from 31400 to 29850.", "supported", "earnings", "Headcount"),
    Pair("The third quarter ended on 2023-09-30.", "supported", "earnings", "Northwind"),
    Pair("A dividend of 45 cents per share was declared by the board.", "supported", "earnings", "The board"),
    Pair("Order W4817420 of Yusuf Rossi is delivered.", "supported", "order", '{"order_id"'),
    Pair("The Mechanical Keyboard has a price of 227.49.", "supported", "order", '{"order_id"'),
    Pair("The order shipped on 14 May 2024.", "supported", "order", '{"order_id"'),
    Pair("By default, a request has no timeout: the default is `None`.", "supported", "library", "The default timeout"),
    Pair("Each pool of urllib3 holds ten connections.", "supported", "library", "Connections are"),
    Pair("All adapters are closed by `Session.close()`.", "supported", "library", "`Session.close()`"),
    Pair("The lava flows reached 1,600 m, Kristján Már Unnarsson reported.", "supported", "volcano", "Kristján"),
    Pair("The glacier covers 100 km².", "supported", "volcano", "The glacier"),
    Pair("In April 2010 Eyjafjallajökull erupted.", "supported", "volcano", "Eyjafjallajökull"),
    Pair("The airspace of twenty countries was closed by the ash cloud.", "supported", "volcano", "The ash cloud"),
    Pair("Brazil was beaten by Uruguay 2-1 in the deciding match of the 1950 World Cup.", "supported", "match", "Uruguay beat"),
    Pair("George Reader, an English referee, was in charge.", "supported", "match", "The English"),
    # half of it
    Pair("The bridge was designed by George K.S. Rotne, and it was painted blue in 2004.", "partly", "bridge", "The bridge was designed"),
    Pair("Marie Curie was born in Warsaw on 7 November 1867, and she spoke five languages.", "partly", "curie", "Marie Curie was born"),
    Pair("The summit is 1,651 m high; its first climber was a Danish priest.", "partly", "volcano", "The summit"),
    # contradicted: one thing changed
    Pair("The pylons of the bridge rise 205 metres above the water.", "contradicted", "bridge", "Its pylons", "number"),
    Pair("The crossing was opened to traffic on 2 July 2000.", "contradicted", "bridge", "The crossing", "date"),
    Pair("Construction cost 31.1 billion Danish kroner.", "contradicted", "bridge", "Construction cost", "number"),
    Pair("In 2019 about 20,316 vehicles crossed it each day.", "contradicted", "bridge", "In 2019", "number"),
    Pair("Cyclists and pedestrians are allowed to use the bridge.", "contradicted", "bridge", "Cyclists", "negation"),
    Pair("The bridge was designed by Gustave Eiffel.", "contradicted", "bridge", "The bridge was designed", "name"),
    Pair("It runs nearly 8 miles from the Swedish coast to the artificial island Peberholm.", "contradicted", "bridge", "It is the longest", "unit"),
    Pair("Marie Curie was born in Kraków on 7 November 1867.", "contradicted", "curie", "Marie Curie was born", "name"),
    Pair("Marie Curie was born in Warsaw on 7 November 1876.", "contradicted", "curie", "Marie Curie was born", "date"),
    Pair("She won the 1911 Nobel Prize in Physics for her discovery of the elements polonium and radium.", "contradicted", "curie", "She won", "name"),
    Pair("Marie Curie patented the radium isolation process.", "contradicted", "curie", "Marie Curie never", "negation"),
    Pair("Pierre Curie died in 1909 after being run over by a horse-drawn wagon.", "contradicted", "curie", "Pierre Curie died", "date"),
    Pair("Severe attacks occurred in 9.8% of the budesonide group.", "contradicted", "trial", "Results:", "order"),
    Pair("Severe attacks occurred in 4.7% of the budesonide group.", "contradicted", "trial", "Results:", "number"),
    Pair("Budesonide changed lung function at rest.", "contradicted", "trial", "Budesonide did not", "negation"),
    Pair("The study was funded by the Danish Research Council.", "contradicted", "trial", "The study was funded", "name"),
    Pair("Revenue decreased 12% to $4.27 billion.", "contradicted", "earnings", "Revenue increased", "negation"),
    Pair("Net income was $512 billion.", "contradicted", "earnings", "Net income", "unit"),
    Pair("Headcount fell from 29,850 to 31,400.", "contradicted", "earnings", "Headcount", "order"),
    Pair("Chief executive Peter Okafor said the company will close its plant in Dayton, Ohio.", "contradicted", "earnings", "Chief executive", "name"),
    Pair("Redirects are followed by default, with at most 20 of them.", "contradicted", "library", "Redirects", "number"),
    Pair("Sessions are safe to share between threads.", "contradicted", "library", "Sessions are not", "negation"),
    Pair("Eyjafjallajökull erupted on 15 April 2010.", "contradicted", "volcano", "Eyjafjallajökull", "date"),
    Pair("Katla erupted on 14 April 2010.", "contradicted", "volcano", "Eyjafjallajökull", "name"),
    Pair("The glacier covers 100 square miles.", "contradicted", "volcano", "The glacier", "unit"),
    Pair("Brazil beat Uruguay 2-1 in the deciding match of the 1950 World Cup at the Maracanã.", "contradicted", "match", "Uruguay beat", "order"),
    Pair("Ghiggia equalised in the 66th minute.", "contradicted", "match", "Schiaffino", "name"),
    Pair("The official attendance was 173,805.", "contradicted", "match", "The official", "number"),
    Pair("The launch of Beresheet succeeded on 11 April 2019.", "contradicted", "hebrew", "🚀 The launch", "negation"),
    # nothing says so
    Pair("The bridge carries a gas pipeline to Malmö.", "unsupported"),
    Pair("Marie Curie loved to cycle in Brittany.", "unsupported"),
    Pair("The trial was registered at ClinicalTrials.gov.", "unsupported"),
    Pair("Northwind Holdings is based in Chicago.", "unsupported"),
    Pair("Yusuf Rossi paid with a gift card.", "unsupported"),
    Pair("The `Session` class was written by Kenneth Reitz.", "unsupported"),
    Pair("Uruguay wore light blue shirts.", "unsupported"),
    Pair("Budesonide is cheaper than placebo.", "unsupported"),
    Pair("The ash cloud cost airlines 1.7 billion dollars.", "unsupported"),
    Pair("The population of Warsaw is 1.8 million.", "unsupported"),
)  # fmt: skip
