"""Sentences and the results they are to be judged by, written after the rules were mended for `unseen_pairs`.

Five passages began too early and were corrected after the first run.
"""

# ruff: noqa: E501 (one pair is one line)

from __future__ import annotations

from labelled_pairs import Pair

__all__ = ["PAIRS", "TEXTS"]

TEXTS = {
    "incident": (
        "On 8 August 2019 an Airbus A320 of Aurora Air veered off runway 27 at Tallinn while landing in heavy rain. The aircraft came "
        "to rest 140 metres from the runway. All 151 people on board were evacuated; two suffered minor injuries. Investigators "
        "found that the captain had disconnected the autobrake. The first officer, Kaisa Tamm, was flying. The nose gear was "
        "repaired and the aeroplane returned to service in November 2019."
    ),
    "chess": (
        "In the final round Elena Marchetti drew with the black pieces against Viktor Sokolov in 41 moves and so won the tournament "
        "with 7½ points out of 9. Sokolov finished second on 7 points. The Sicilian Defence was played in eleven games. "
        "Marchetti, 19, is the youngest winner since 1994. The prize fund amounted to €60,000, of which the winner received a third."
    ),
    "glacier": (
        "The Hintereisferner lost 3.2 metres of ice thickness in the summer of 2022, more than in any year since measurements began "
        "in 1952. Its length shrank by 84 metres between 2021 and 2022. Researcher Andrea Fischer called the loss unprecedented. "
        "By contrast, the winter of 2023/24 brought above-average snow. The glacier may disappear by 2050."
    ),
    "statute": (
        "Section 12. (1) A person who without lawful excuse enters protected land commits an offence. (2) The penalty is a fine not "
        "exceeding 2,500 pounds. (3) This section does not apply to officers of the Crown. Section 13. An appeal must be lodged within "
        "28 days of the decision. Section 14. This Act comes into force on 1 January 2025 and applies to Scotland only."
    ),
    "release": (
        "## 3.1.0 (2024-10-07)\n\n- Added: `parse_stream()` reads files larger than memory.\n- Changed: the default timeout is now 20 seconds "
        "(was 60).\n- Deprecated: `load_all()` will be removed in 4.0.\n- Fixed: a memory leak in the tokenizer (#811, thanks to Bao Nguyen).\n"
        "- Removed: support for Windows 8.\n"
    ),
    "log": (
        "2024-11-05T08:14:02Z INFO  worker-3 picked up job 88213 (priority high)\n"
        "2024-11-05T08:14:09Z WARN  worker-3 retrying job 88213: connection reset\n"
        "2024-11-05T08:15:31Z ERROR worker-3 job 88213 failed after 3 attempts\n"
        "2024-11-05T08:15:32Z INFO  worker-1 picked up job 88214 (priority low)\n"
    ),
    "invoice": (
        '{"invoice": "INV-2024-093", "issued": "2024-03-11", "due": "2024-04-10", "supplier": "Kestrel Optics GmbH", "lines": [{"item": '
        '"Lens 50 mm", "qty": 4, "unit_price_eur": 312.5}, {"item": "Tripod", "qty": 1, "unit_price_eur": 89.0}], "total_eur": 1339.0, '
        '"paid": false}'
    ),
    "table": (
        "| City | Population | Area (km2) | Mayor |\n|---|---|---|---|\n| Turku | 202,250 | 245 | Minna Arve |\n"
        "| Oulu | 216,152 | 1,410 | Päivi Laajala |\n| Vaasa | 67,988 | 188 | Tomas Häyry |\n"
    ),
    "painting": (
        "“The Ferryman” is an oil painting by Johan Brandt, finished in 1874. It measures 112 by 164 centimetres and hangs in the "
        "National Gallery in Oslo. Brandt painted it in Düsseldorf, where he taught from 1869. The model for the ferryman was his "
        "brother Nils. A smaller version was sold at auction in 2011 for 1.4 million kroner."
    ),
    "trial_two": (
        "Of 640 children enrolled, 322 received vitamin D and 318 placebo. Respiratory infections were recorded in 41 children of the "
        "vitamin D group and in 77 of the placebo group. The effect did not differ between boys and girls. No serious adverse events "
        "occurred. Dr. Naomi Feld of Haifa University reported that the daily dose was 800 IU."
    ),
    "company": (
        "Lumen Robotics was founded in 2011 in Eindhoven by Saskia de Wit and Jeroen Bakker. It employs 430 people. In 2020 it bought "
        "the Danish firm Gripwell for an undisclosed sum. De Wit is chief executive; Bakker left in 2018. Sales reached €88 million in "
        "2023, 14% more than in 2022, but the company has never made a profit."
    ),
    "company_two": (
        "Lumen Robotics opened a factory in Łódź in March 2021. The plant builds 2,600 arms a month and cost 19 million euros."
    ),
}

PAIRS = (
    Pair("The aircraft came to rest 140 metres from the runway.", "quoted", "incident", "The aircraft"),
    Pair(
        "An Aurora Air Airbus A320 veered off runway 27 at Tallinn on August 8, 2019.",
        "supported",
        "incident",
        "On 8 August",
    ),
    Pair(
        "An Airbus A320 of Aurora Air veered off runway 72 at Tallinn on 8 August 2019.",
        "contradicted",
        "incident",
        "On 8 August",
        "number",
    ),
    Pair(
        "All 151 people on board were evacuated, and two suffered minor injuries.", "supported", "incident", "All 151"
    ),
    Pair("All 115 people on board were evacuated.", "contradicted", "incident", "All 151", "number"),
    Pair("The captain had disconnected the autobrake.", "supported", "incident", "the captain had"),
    Pair("The captain, Kaisa Tamm, was flying.", "contradicted", "incident", "The first officer", "name"),
    Pair("The aeroplane returned to service in November 2019.", "quoted", "incident", "the aeroplane returned"),
    Pair("The aeroplane never returned to service.", "contradicted", "incident", "The nose gear", "negation"),
    Pair("Aurora Air dismissed the captain.", "unsupported"),
    Pair("Elena Marchetti won the tournament with 7½ points out of 9.", "supported", "chess", "In the final"),
    Pair("Viktor Sokolov won the tournament with 7½ points out of 9.", "contradicted", "chess", "In the final", "name"),
    Pair("Sokolov finished second on 7 points.", "quoted", "chess", "Sokolov finished"),
    Pair("The Sicilian Defence was played in 11 games.", "supported", "chess", "The Sicilian"),
    Pair("The French Defence was played in eleven games.", "contradicted", "chess", "The Sicilian", "name"),
    Pair("Marchetti is the youngest winner since 1994.", "supported", "chess", "Marchetti, 19"),
    Pair("The prize fund amounted to 60,000 euros.", "supported", "chess", "The prize fund"),
    Pair("The prize fund amounted to $60,000.", "contradicted", "chess", "The prize fund", "unit"),
    Pair("Marchetti has been coached by her father.", "unsupported"),
    Pair(
        "In summer 2022 the Hintereisferner lost 3.2 m of ice thickness.", "supported", "glacier", "The Hintereisferner"
    ),
    Pair(
        "In summer 2022 the Hintereisferner lost 2.3 metres of ice thickness.",
        "contradicted",
        "glacier",
        "The Hintereisferner",
        "number",
    ),
    Pair("Its length shrank by 84 metres between 2021 and 2022.", "quoted", "glacier", "Its length"),
    Pair("Its length grew by 84 metres between 2021 and 2022.", "contradicted", "glacier", "Its length", "negation"),
    Pair("Andrea Fischer, a researcher, called the loss unprecedented.", "supported", "glacier", "Researcher"),
    Pair("The glacier may disappear by 2050.", "quoted", "glacier", "The glacier"),
    Pair("The glacier may disappear by 2030.", "contradicted", "glacier", "The glacier", "date"),
    Pair("An appeal must be lodged within 28 days of the decision.", "quoted", "statute", "An appeal"),
    Pair("An appeal must be lodged within four weeks of the decision.", "supported", "statute", "An appeal"),
    Pair("An appeal must be lodged within 28 weeks of the decision.", "contradicted", "statute", "An appeal", "unit"),
    Pair("The penalty is a fine of at most £2,500.", "supported", "statute", "The penalty"),
    Pair("The section applies to officers of the Crown.", "contradicted", "statute", "This section", "negation"),
    Pair(
        "The Act comes into force on January 1st, 2025, and applies to Scotland only.",
        "supported",
        "statute",
        "This Act",
    ),
    Pair("The Act comes into force on 1 January 2026.", "contradicted", "statute", "This Act", "date"),
    Pair("The Act applies to Wales only.", "contradicted", "statute", "This Act", "name"),
    Pair("`parse_stream()` was added in version 3.1.0.", "supported", "release", "Added"),
    Pair("The default timeout is now 20 s.", "supported", "release", "Changed"),
    Pair("The default timeout is now 60 seconds.", "contradicted", "release", "Changed", "number"),
    Pair("`load_all()` will be removed in 4.0.", "quoted", "release", "load_all"),
    Pair("`load_all()` will be removed in 5.0.", "contradicted", "release", "Deprecated", "number"),
    Pair("A memory leak in the tokenizer was fixed.", "supported", "release", "Fixed"),
    Pair("Support for Windows 8 was removed.", "supported", "release", "Removed"),
    Pair("Job 88213 failed after 3 attempts.", "quoted", "log", "job 88213 failed"),
    Pair("Job 88214 failed after 3 attempts.", "contradicted", "log", "ERROR", "number"),
    Pair("worker-1 picked up job 88214.", "supported", "log", "worker-1"),
    Pair("worker-3 picked up job 88214.", "contradicted", "log", "worker-1", "name"),
    Pair("The invoice INV-2024-093 is due on 10 April 2024.", "supported", "invoice", "INV-2024-093"),
    Pair("The invoice INV-2024-093 is due on 11 March 2024.", "contradicted", "invoice", "INV-2024-093", "order"),
    Pair("The invoice INV-2024-093 has not been paid.", "supported", "invoice", "INV-2024-093"),
    Pair("The total is 1,339 euros.", "supported", "invoice", "total_eur"),
    Pair("The total is 1,393 euros.", "contradicted", "invoice", "total_eur", "number"),
    Pair("Oulu has a population of 216,152.", "supported", "table", "Oulu"),
    Pair("Oulu has a population of 202,250.", "contradicted", "table", "Oulu", "number"),
    Pair("The mayor of Vaasa is Tomas Häyry.", "supported", "table", "Vaasa"),
    Pair("The mayor of Turku is Päivi Laajala.", "contradicted", "table", "Turku", "name"),
    Pair("Turku covers an area of 245 square kilometres.", "supported", "table", "Turku"),
    Pair("“The Ferryman” was painted by Johan Brandt and finished in 1874.", "supported", "painting", "The Ferryman"),
    Pair(
        "The painting measures 112 by 164 centimetres and hangs in the National Gallery in Oslo.",
        "supported",
        "painting",
        "It measures",
    ),
    Pair("It hangs in the National Gallery in Stockholm.", "contradicted", "painting", "It measures", "name"),
    Pair("The model for the ferryman was the painter's brother Nils.", "supported", "painting", "The model"),
    Pair(
        "41 children of the placebo group and 77 of the vitamin D group had respiratory infections.",
        "contradicted",
        "trial_two",
        "Respiratory",
        "order",
    ),
    Pair("The daily dose was 800 IU.", "quoted", "trial_two", "the daily dose"),
    Pair("Serious adverse events occurred.", "contradicted", "trial_two", "No serious", "negation"),
    Pair("Lumen Robotics was founded in Eindhoven in 2011.", "supported", "company", "Lumen Robotics was"),
    Pair(
        "Lumen Robotics was founded by Saskia de Wit, and it opened a factory in Łódź in March 2021.",
        "supported",
        "company_two",
        "Lumen Robotics opened",
    ),
    Pair("Gripwell bought Lumen Robotics in 2020.", "contradicted", "company", "In 2020", "order"),
    Pair("The company has never made a profit.", "quoted", "company", "the company has never"),
    Pair("The company made a profit in 2023.", "contradicted", "company", "Sales reached", "negation"),
    Pair("Sales reached €88 million in 2022.", "contradicted", "company", "Sales reached", "order"),
    Pair("Lumen Robotics employs 430 people and is listed in Amsterdam.", "partly", "company", "It employs"),
    Pair("Bakker is chief executive; de Wit left in 2018.", "contradicted", "company", "De Wit is", "order"),
)
