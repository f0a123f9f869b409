"""Sentences and the results they are to be judged by, of other subjects and styles: frozen before the rules saw them.

Four labels said what rules of words could see and not what a reader says, three passages began too early; they were
corrected after the first run.
"""

# ruff: noqa: E501, RUF001 (one pair is one line; typographic dashes)

from __future__ import annotations

from labelled_pairs import Pair

__all__ = ["PAIRS", "TEXTS"]

TEXTS = {
    "enzyme": (
        "Abstract. We report the crystal structure of the cutinase HiC-2 at 1.85 Å resolution. The enzyme hydrolysed 92% of "
        "amorphous PET film within 48 hours at 65 °C, whereas the wild type reached only 37% under the same conditions. "
        "Two mutations, S121E and R280A, widen the active-site groove. Thermal stability rose by 9.4 °C. Surprisingly, "
        "activity was lost completely above pH 10. Crystalline PET was not degraded. The work was led by Ingrid Halvorsen "
        "at the University of Bergen and supported by grant 308812 of the Research Council of Norway."
    ),
    "quake": (
        "A magnitude 6.4 earthquake struck 23 kilometres south-west of Petrinja at 12:19 local time on 29 December 2020. Its "
        "hypocentre lay at a depth of 10 km. Seven people were killed and at least 26 injured. The Krško nuclear power plant in "
        "Slovenia, about 100 km from the epicentre, was shut down as a precaution. A foreshock of magnitude 5.2 had been "
        "recorded the day before. Zagreb, hit by its own earthquake in March of that year, saw little new damage."
    ),
    "ruling": (
        "In Marlow v. Tessera Logistics Ltd, decided on 14 February 2019, the Court of Appeal held by a majority of two to one "
        "that couriers engaged through the defendant's app were workers and not independent contractors. Lady Justice "
        "Okonkwo gave the leading judgment, with which Lord Justice Pryce agreed. Lord Justice Abernathy dissented. The court "
        "awarded the claimant £18,450 in unpaid holiday pay but refused her claim for aggravated damages. Permission to appeal "
        "to the Supreme Court was granted on 3 April 2019. The claimant was represented by Dinah Rees QC."
    ),
    "lease": (
        "7. RENT. The Tenant shall pay a monthly rent of EUR 1,340, due on the third working day of each month. 8. DEPOSIT. The "
        "deposit equals two months' rent and shall be returned within 60 days of the end of the tenancy. 9. NOTICE. Either "
        "party may terminate this agreement by giving three months' written notice. 10. PETS. The Tenant may not keep dogs in "
        "the premises; cats are permitted with the Landlord's consent. 11. SUBLETTING. Subletting is prohibited."
    ),
    "match": (
        "FULL TIME: Rosenborg 3-1 Molde. Emil Ceïde opened the scoring in the 12th minute with a free kick from 25 yards. Molde "
        "levelled through Eirik Hestad on the half hour. After the break Ole Selnæs restored the lead (58'), and substitute "
        "Noah Holm made it three in stoppage time. Molde finished with ten men after Kristoffer Haugen was sent off for a second "
        "yellow card. Attendance: 14,872. Rosenborg climb to second in the table, four points behind Bodø/Glimt."
    ),
    "marathon": (
        "| Place | Runner | Country | Time |\n|---|---|---|---|\n| 1 | Tigist Bekele | Ethiopia | 2:19:44 |\n"
        "| 2 | Sharon Cheptoo | Kenya | 2:20:10 |\n| 3 | Mizuki Tanabe | Japan | 2:21:57 |\n| 4 | Hanna Lindqvist | Sweden | 2:24:03 |\n"
    ),
    "filing": (
        "Total revenue for fiscal 2023 was $2.81 billion, up 7.5% from $2.61 billion in fiscal 2022. Gross margin narrowed from "
        "41.2% to 38.9%. Operating expenses were $864 million. The company repurchased 3.1 million shares at an average price "
        "of $47.20. As of September 30, 2023, cash and cash equivalents totalled $391.6 million and long-term debt $1.2 billion. "
        "No single customer accounted for more than 10% of revenue. Marguerite Dubois was appointed chief operating officer in "
        "May 2023, succeeding Alan Whitcombe, who retired."
    ),
    "rates": (
        "The Riksbank raised its policy rate by 25 basis points to 3.75% on 29 June 2023. Deputy governor Anna Breman entered a "
        "reservation. The bank also decided to increase the pace of its bond sales from SEK 3.5 billion to SEK 5 billion a "
        "month from September. Inflation measured by CPIF was 6.7% in May, down from 7.6% in April."
    ),
    "pytest": (
        "============ test session starts ============\nplatform linux -- Python 3.12.1, pytest-8.0.2\ncollected 418 items\n\n"
        "tests/test_cache.py ....F...\ntests/test_router.py ..........\n\nFAILED tests/test_cache.py::test_eviction_order - "
        "AssertionError: assert ['b', 'c'] == ['a', 'c']\nWARNING: 3 tests were skipped because redis is not installed\n"
        "====== 1 failed, 414 passed, 3 skipped in 27.31s ======\n"
    ),
    "commit": (
        "commit 9f3c2ab71e\nAuthor: Priya Raman <priya@example.org>\nDate:   Tue Mar 5 09:41:22 2024 +0100\n\n"
        "    Retry uploads on HTTP 503 with exponential backoff\n\n    The client now waits 0.5 s before the first retry and at most "
        "30 s in total.\n    Reported by Tomasz Wilk in #2217.\n\n uploader/client.py | 48 +++++++++++++++------\n"
        " 2 files changed, 61 insertions(+), 17 deletions(-)\n"
    ),
    "device": (
        '{"id": "sensor-0417", "model": "Vaisala HMP155", "location": {"site": "Kiruna", "elevation_m": 459}, "readings": '
        '[{"ts": "2024-01-17T06:00:00Z", "temp_c": -31.4, "humidity_pct": 78}, {"ts": "2024-01-17T12:00:00Z", "temp_c": -27.9, '
        '"humidity_pct": 74}], "battery_v": 3.61, "firmware": "2.8.1", "calibrated": "2023-06-30", "alarm": false}'
    ),
    "flight": (
        '{"booking": "QX7T2L", "passenger": {"first": "Leila", "last": "Farouk"}, "segments": [{"flight": "SK1417", "from": "CPH", '
        '"to": "ARN", "departs": "2024-08-02T07:10", "seat": "14C"}, {"flight": "AY806", "from": "ARN", "to": "HEL", "departs": '
        '"2024-08-02T10:25", "seat": "6A"}], "fare": {"amount": 214.6, "currency": "EUR"}, "refundable": false, "bags": 1}'
    ),
    "planets": (
        "| Moon | Planet | Diameter (km) | Discovered | Discoverer |\n|---|---|---|---|---|\n"
        "| Titan | Saturn | 5,150 | 1655 | Christiaan Huygens |\n| Triton | Neptune | 2,707 | 1846 | William Lassell |\n"
        "| Oberon | Uranus | 1,523 | 1787 | William Herschel |\n| Phobos | Mars | 22 | 1877 | Asaph Hall |\n"
    ),
    "ship": (
        "The icebreaker Ymer was launched on 3 September 1931 at the Kockums yard in Malmö. She was 78.6 metres long and displaced "
        "4,330 tonnes. Her diesel-electric engines delivered 9,000 horsepower. She rescued the crew of the steamer Hansa in "
        "February 1940. Ymer was decommissioned in 1976 and scrapped in Ystad the following year."
    ),
    "ship_two": (
        "Museum notes on Ymer: the ship carried a crew of 50 and could break ice up to 1.2 metres thick. Captain Gustaf Lindblad "
        "commanded her from 1934 until 1946. She was the first diesel-electric icebreaker in the world."
    ),
    "biography": (
        "Mirjam Adler (12 May 1903 – 8 November 1988) was an Austrian-born British architect. She studied under Clemens Holzmeister "
        "in Vienna, graduating in 1927. In 1938 she fled to London, where she worked for Wells Coates. Her best-known building is "
        "the Finsbury Nursery School of 1951. She taught at the Bartlett from 1955 to 1970 but never became a professor. Her "
        "sister, the pianist Ruth Adler, emigrated to Argentina."
    ),
    "drug": (
        "Veltorin is approved for adults with type 2 diabetes. The recommended starting dose is 5 mg once daily, which may be "
        "increased to 10 mg after four weeks. It must not be taken by patients with severe renal impairment. In trials the most "
        "common side effect was nausea, reported by 18% of patients compared with 6% on placebo. Store below 25 °C. Tablets "
        "may be split but not crushed."
    ),
    "weather": (
        "Storm Ingunn brought gusts of 207 km/h to Sklinna lighthouse on the night of 31 January 2024, the strongest wind measured "
        "in Norway since 1992. About 14,000 customers lost power in Trøndelag. The airport at Bodø was closed for eleven hours. "
        "Nobody was seriously hurt. A red warning had been issued the previous morning."
    ),
}

PAIRS = (
    # science
    Pair("Crystalline PET was not degraded.", "quoted", "enzyme", "Crystalline PET"),
    Pair(
        "The enzyme broke down 92% of amorphous PET film in 48 hours at 65 °C.",
        "supported",
        "enzyme",
        "The enzyme hydrolysed",
    ),
    Pair(
        "The enzyme hydrolysed 92 percent of amorphous PET film within two days at 65 °C.",
        "supported",
        "enzyme",
        "The enzyme hydrolysed",
    ),
    Pair("The crystal structure of HiC-2 was reported at a resolution of 1.85 Å.", "supported", "enzyme", "We report"),
    Pair("The wild type reached 37% under the same conditions.", "supported", "enzyme", "The enzyme hydrolysed"),
    Pair("The two mutations S121E and R280A widen the active-site groove.", "supported", "enzyme", "Two mutations"),
    Pair(
        "The mutations S112E and R280A widen the active-site groove.", "contradicted", "enzyme", "Two mutations", "name"
    ),
    Pair("Thermal stability rose by 4.9 °C.", "contradicted", "enzyme", "Thermal stability", "number"),
    Pair(
        "The work was led by Ingrid Halvorsen of the University of Bergen.", "supported", "enzyme", "The work was led"
    ),
    Pair(
        "The work was led by Ingrid Halvorsen at the University of Oslo.",
        "contradicted",
        "enzyme",
        "The work was led",
        "name",
    ),
    Pair("Crystalline PET was degraded.", "contradicted", "enzyme", "Crystalline PET", "negation"),
    Pair("Activity was lost completely above pH 10.", "quoted", "enzyme", "activity was lost"),
    Pair("Activity was lost completely above pH 12.", "contradicted", "enzyme", "Surprisingly", "number"),
    Pair("The enzyme was patented in 2021.", "unsupported"),
    Pair(
        "An earthquake of magnitude 6.4 struck 23 km south-west of Petrinja on December 29, 2020.",
        "supported",
        "quake",
        "A magnitude 6.4",
    ),
    Pair("The earthquake killed seven people and injured at least 26.", "supported", "quake", "Seven people"),
    Pair("7 people were killed.", "supported", "quake", "Seven people"),
    Pair("The hypocentre lay 10,000 metres deep.", "supported", "quake", "Its hypocentre"),
    Pair("The hypocentre lay at a depth of 10,000 metres.", "supported", "quake", "Its hypocentre"),
    Pair("The earthquake struck Petrinja on 28 December 2020.", "contradicted", "quake", "A magnitude 6.4", "date"),
    Pair(
        "A magnitude 4.6 earthquake struck 23 kilometres south-west of Petrinja.",
        "contradicted",
        "quake",
        "A magnitude 6.4",
        "number",
    ),
    Pair("The Krško nuclear power plant in Slovenia was shut down as a precaution.", "supported", "quake", "The Krško"),
    Pair(
        "The Krško nuclear power plant in Slovenia was not shut down.", "contradicted", "quake", "The Krško", "negation"
    ),
    Pair(
        "A foreshock of magnitude 5.2 had been recorded the day before, and seven people were killed.",
        "supported",
        "quake",
        "A foreshock",
    ),
    Pair("Its hypocentre lay at a depth of 10 miles.", "contradicted", "quake", "Its hypocentre", "unit"),
    # law
    Pair("Lord Justice Abernathy dissented.", "quoted", "ruling", "Lord Justice Abernathy"),
    Pair("Lady Justice Okonkwo gave the leading judgment.", "supported", "ruling", "Lady Justice"),
    Pair(
        "Lord Justice Pryce gave the leading judgment, with which Lady Justice Okonkwo agreed.",
        "contradicted",
        "ruling",
        "Lady Justice",
        "order",
    ),
    Pair("Lord Justice Pryce dissented.", "contradicted", "ruling", "Lord Justice Abernathy", "name"),
    Pair(
        "The Court of Appeal decided Marlow v. Tessera Logistics Ltd on 14 February 2019.",
        "supported",
        "ruling",
        "In Marlow",
    ),
    Pair(
        "The court held by a majority of two to one that couriers were workers and not independent contractors.",
        "supported",
        "ruling",
        "In Marlow",
    ),
    Pair("The court awarded the claimant £18,450 in unpaid holiday pay.", "supported", "ruling", "The court awarded"),
    Pair(
        "The court awarded the claimant £18,540 in unpaid holiday pay.",
        "contradicted",
        "ruling",
        "The court awarded",
        "number",
    ),
    Pair(
        "The court awarded the claimant $18,450 in unpaid holiday pay.",
        "contradicted",
        "ruling",
        "The court awarded",
        "unit",
    ),
    Pair("Her claim for aggravated damages was refused.", "supported", "ruling", "The court awarded"),
    Pair(
        "Permission to appeal to the Supreme Court was granted on April 3rd, 2019.", "supported", "ruling", "Permission"
    ),
    Pair(
        "Permission to appeal to the Supreme Court was granted on 3 May 2019.",
        "contradicted",
        "ruling",
        "Permission",
        "date",
    ),
    Pair(
        "Permission to appeal to the Supreme Court was not granted.", "contradicted", "ruling", "Permission", "negation"
    ),
    Pair("The Supreme Court later overturned the decision.", "unsupported"),
    Pair(
        "The claimant was represented by Dinah Rees QC, and Lord Justice Abernathy wrote the leading judgment.",
        "partly",
        "ruling",
        "The claimant was",
    ),
    Pair("The monthly rent is EUR 1,340.", "supported", "lease", "The Tenant shall pay"),
    Pair("The tenant pays a monthly rent of 1340 euros.", "supported", "lease", "The Tenant shall pay"),
    Pair(
        "The tenant shall pay a monthly rent of EUR 1,430.", "contradicted", "lease", "The Tenant shall pay", "number"
    ),
    Pair("The deposit equals three months' rent.", "contradicted", "lease", "deposit equals", "number"),
    Pair(
        "The deposit shall be returned within 60 days of the end of the tenancy.",
        "supported",
        "lease",
        "deposit equals",
    ),
    Pair(
        "The deposit shall be returned within 60 weeks of the end of the tenancy.",
        "contradicted",
        "lease",
        "deposit equals",
        "unit",
    ),
    Pair(
        "Either party may terminate the agreement by giving three months' written notice.",
        "supported",
        "lease",
        "Either",
    ),
    Pair("The tenant may keep dogs in the premises.", "contradicted", "lease", "The Tenant may not", "negation"),
    Pair("Cats are permitted with the landlord's consent.", "quoted", "lease", "cats are permitted"),
    Pair("Subletting is permitted.", "contradicted", "lease", "Subletting is", "negation"),
    Pair("The rent includes heating and water.", "unsupported"),
    # sport
    Pair("Rosenborg won 3-1 against Molde.", "supported", "match", "FULL TIME"),
    Pair("Attendance: 14,872.", "quoted", "match", "Attendance"),
    Pair("The attendance was 14,872.", "supported", "match", "Attendance"),
    Pair("The attendance was 14,782.", "contradicted", "match", "Attendance", "number"),
    Pair("Emil Ceïde opened the scoring in the 12th minute with a free kick.", "supported", "match", "Emil Ceïde"),
    Pair(
        "Eirik Hestad opened the scoring in the 12th minute with a free kick.",
        "contradicted",
        "match",
        "Emil Ceïde",
        "name",
    ),
    Pair("Emil Ceïde opened the scoring in the 21st minute.", "contradicted", "match", "Emil Ceïde", "number"),
    Pair("Molde finished with ten men after Kristoffer Haugen was sent off.", "supported", "match", "Molde finished"),
    Pair(
        "Rosenborg finished with ten men after Kristoffer Haugen was sent off.",
        "contradicted",
        "match",
        "Molde finished",
        "name",
    ),
    Pair("Noah Holm made it three in stoppage time.", "quoted", "match", "Noah Holm made"),
    Pair("Rosenborg are second in the table, four points behind Bodø/Glimt.", "supported", "match", "Rosenborg climb"),
    Pair(
        "Rosenborg climb to second in the table, five points behind Bodø/Glimt.",
        "contradicted",
        "match",
        "Rosenborg climb",
        "number",
    ),
    Pair("Noah Holm was injured in the second half.", "unsupported"),
    Pair("Tigist Bekele of Ethiopia ran 2:19:44.", "supported", "marathon", "Tigist"),
    Pair("Sharon Cheptoo of Kenya came 2 in 2:20:10.", "supported", "marathon", "Sharon"),
    Pair("Mizuki Tanabe of Japan ran 2:20:10.", "contradicted", "marathon", "Mizuki", "number"),
    Pair("Mizuki Tanabe of Kenya ran 2:21:57.", "contradicted", "marathon", "Mizuki", "name"),
    Pair("Hanna Lindqvist of Sweden won in 2:24:03.", "unsupported"),
    # finance
    Pair("Total revenue for fiscal 2023 was $2,810 million.", "supported", "filing", "Total revenue"),
    Pair("Revenue rose 7.5% to $2.81 billion in fiscal 2023.", "supported", "filing", "Total revenue"),
    Pair("Total revenue for fiscal 2023 was $2.18 billion.", "contradicted", "filing", "Total revenue", "number"),
    Pair("Total revenue for fiscal 2022 was $2.81 billion.", "contradicted", "filing", "Total revenue", "order"),
    Pair("Gross margin narrowed from 41.2 percent to 38.9 percent.", "supported", "filing", "Gross margin"),
    Pair("Gross margin widened from 38.9% to 41.2%.", "contradicted", "filing", "Gross margin", "order"),
    Pair("Operating expenses were $864 thousand.", "contradicted", "filing", "Operating expenses", "unit"),
    Pair(
        "The company bought back 3.1 million shares at an average price of $47.20.",
        "supported",
        "filing",
        "The company repurchased",
    ),
    Pair(
        "The company repurchased 3.1 million shares at an average price of $42.70.",
        "contradicted",
        "filing",
        "The company repurchased",
        "number",
    ),
    Pair("Long-term debt totalled $1.2 billion as of September 30, 2023.", "supported", "filing", "As of September"),
    Pair(
        "Cash and cash equivalents totalled $391.6 million on 30 September 2023.",
        "supported",
        "filing",
        "As of September",
    ),
    Pair(
        "Marguerite Dubois succeeded Alan Whitcombe as chief operating officer in May 2023.",
        "supported",
        "filing",
        "Marguerite",
    ),
    Pair(
        "Alan Whitcombe was appointed chief operating officer in May 2023, succeeding Marguerite Dubois.",
        "contradicted",
        "filing",
        "Marguerite",
        "order",
    ),
    Pair("No single customer accounted for more than 10% of revenue.", "quoted", "filing", "No single"),
    Pair("One customer accounted for more than 10% of revenue.", "contradicted", "filing", "No single", "negation"),
    Pair("The company plans to issue new shares in 2024.", "unsupported"),
    Pair(
        "The Riksbank raised its policy rate by 0.25 percentage points to 3.75% on 29 June 2023.",
        "supported",
        "rates",
        "The Riksbank",
    ),
    Pair("The Riksbank raised its policy rate to 3.75% on June 29, 2023.", "supported", "rates", "The Riksbank"),
    Pair(
        "The Riksbank lowered its policy rate by 25 basis points to 3.75% on 29 June 2023.",
        "contradicted",
        "rates",
        "The Riksbank",
        "negation",
    ),
    Pair(
        "The Riksbank raised its policy rate by 50 basis points to 3.75%.",
        "contradicted",
        "rates",
        "The Riksbank",
        "number",
    ),
    Pair("CPIF inflation was 6.7% in May, down from 7.6% in April.", "supported", "rates", "Inflation measured"),
    Pair("CPIF inflation was 7.6% in May and 6.7% in April.", "contradicted", "rates", "Inflation measured", "order"),
    Pair("Deputy governor Anna Breman entered a reservation.", "quoted", "rates", "Deputy governor"),
    Pair("Governor Erik Thedéen entered a reservation.", "unsupported"),
    # code output
    Pair("414 tests passed, 1 failed and 3 were skipped.", "supported", "pytest", "1 failed"),
    Pair("441 tests passed and 1 failed.", "contradicted", "pytest", "1 failed", "number"),
    Pair("The failing test is `test_eviction_order` in `tests/test_cache.py`.", "supported", "pytest", "FAILED"),
    Pair(
        "The failing test is `test_eviction_order` in `tests/test_router.py`.",
        "contradicted",
        "pytest",
        "FAILED",
        "name",
    ),
    Pair("Three tests were skipped because redis is not installed.", "supported", "pytest", "WARNING"),
    Pair("Three tests were skipped because redis is installed.", "contradicted", "pytest", "WARNING", "negation"),
    Pair("pytest collected 418 items.", "supported", "pytest", "collected"),
    Pair("The tests ran on Python 3.11.1.", "contradicted", "pytest", "platform", "number"),
    Pair("The client now waits 0.5 s before the first retry.", "supported", "commit", "The client"),
    Pair("The client waits 500 ms before the first retry.", "supported", "commit", "The client"),
    Pair("The client waits 5 s before the first retry.", "contradicted", "commit", "The client", "number"),
    Pair("Uploads are retried on HTTP 503 with exponential backoff.", "supported", "commit", "Retry uploads"),
    Pair(
        "Uploads are retried on HTTP 502 with exponential backoff.", "contradicted", "commit", "Retry uploads", "number"
    ),
    Pair("The problem was reported by Tomasz Wilk in #2217.", "supported", "commit", "Reported by"),
    Pair("It was reported by Priya Raman in #2217.", "contradicted", "commit", "Reported by", "name"),
    # JSON records and tables
    Pair("Sensor-0417 is a Vaisala HMP155 in Kiruna.", "supported", "device", "sensor-0417"),
    Pair("The battery of sensor-0417 was at 3.61 V.", "supported", "device", "sensor-0417"),
    Pair("The battery of sensor-0417 was at 3.16 V.", "contradicted", "device", "sensor-0417", "number"),
    Pair("The sensor was calibrated on 30 June 2023.", "supported", "device", "calibrated"),
    Pair("The sensor was calibrated on 30 July 2023.", "contradicted", "device", "calibrated", "date"),
    Pair("The firmware of the sensor is 2.8.1.", "supported", "device", "firmware"),
    Pair("The booking QX7T2L is not refundable.", "supported", "flight", "QX7T2L"),
    Pair("The fare amount is 214.60 EUR.", "supported", "flight", "fare"),
    Pair("The fare amount is 241.60 EUR.", "contradicted", "flight", "fare", "number"),
    Pair("Flight SK1417 goes from CPH to ARN.", "supported", "flight", "SK1417"),
    Pair("Flight SK1417 goes from ARN to CPH.", "contradicted", "flight", "SK1417", "order"),
    Pair("Leila Farouk has seat 14C on flight SK1417.", "supported", "flight", "SK1417"),
    Pair("Titan has a diameter of 5,150 km.", "supported", "planets", "Titan"),
    Pair("Titan has a diameter of 5,510 km.", "contradicted", "planets", "Titan", "number"),
    Pair("Triton was discovered by William Lassell in 1846.", "supported", "planets", "Triton"),
    Pair("Triton was discovered by William Herschel in 1846.", "contradicted", "planets", "Triton", "name"),
    Pair("Phobos is a moon of Jupiter.", "contradicted", "planets", "Phobos", "name"),
    # history, several sources
    Pair(
        "The icebreaker Ymer was launched on 3 September 1931 at the Kockums yard in Malmö.",
        "quoted",
        "ship",
        "The icebreaker",
    ),
    Pair("Ymer was 78.6 m long and displaced 4,330 tonnes.", "supported", "ship", "She was"),
    Pair("Ymer was launched in 1931, and it carried a crew of 50.", "supported", "ship_two", "Museum notes"),
    Pair(
        "Ymer was launched in September 1931 and could break ice up to 1.2 metres thick.",
        "supported",
        "ship_two",
        "Museum notes",
    ),
    Pair("Ymer carried a crew of 50, and she sank in 1942.", "partly", "ship_two", "Museum notes"),
    Pair("Captain Gustaf Lindblad commanded Ymer from 1934 to 1946.", "supported", "ship_two", "Captain"),
    Pair(
        "Captain Gustaf Lindblad commanded her from 1943 until 1946.", "contradicted", "ship_two", "Captain", "number"
    ),
    Pair("Ymer was decommissioned in 1967.", "contradicted", "ship", "Ymer was", "number"),
    Pair("Her diesel-electric engines delivered 9,000 kilowatts.", "contradicted", "ship", "Her diesel", "unit"),
    Pair("She rescued the crew of the steamer Hansa in February 1940.", "quoted", "ship", "She rescued"),
    Pair("She rescued the crew of the steamer Hansa in 1941.", "contradicted", "ship", "She rescued", "date"),
    Pair("Mirjam Adler was born on 12 May 1903.", "supported", "biography", "Mirjam Adler"),
    Pair("Mirjam Adler died on 8 November 1988.", "supported", "biography", "Mirjam Adler"),
    Pair("Mirjam Adler was born on 8 November 1903.", "contradicted", "biography", "Mirjam Adler", "date"),
    Pair(
        "Adler studied under Clemens Holzmeister in Vienna and graduated in 1927.",
        "supported",
        "biography",
        "She studied",
    ),
    Pair(
        "In 1938 she fled to Paris, where she worked for Wells Coates.", "contradicted", "biography", "In 1938", "name"
    ),
    Pair("She became a professor at the Bartlett.", "contradicted", "biography", "She taught", "negation"),
    Pair("Her sister Ruth Adler, a pianist, emigrated to Argentina.", "supported", "biography", "Her sister"),
    Pair("Her sister Ruth Adler emigrated to Brazil.", "contradicted", "biography", "Her sister", "name"),
    Pair("The Finsbury Nursery School was built in 1951.", "supported", "biography", "Her best-known"),
    # medicine, weather
    Pair("The recommended starting dose of Veltorin is 5 mg once daily.", "supported", "drug", "The recommended"),
    Pair("The recommended starting dose is 5 g once daily.", "contradicted", "drug", "The recommended", "unit"),
    Pair("Veltorin must not be taken by patients with severe renal impairment.", "supported", "drug", "It must not"),
    Pair(
        "Veltorin may be taken by patients with severe renal impairment.",
        "contradicted",
        "drug",
        "It must not",
        "negation",
    ),
    Pair("Nausea was reported by 18% of patients, compared with 6% on placebo.", "supported", "drug", "In trials"),
    Pair(
        "Nausea was reported by 6% of patients compared with 18% on placebo.",
        "contradicted",
        "drug",
        "In trials",
        "order",
    ),
    Pair("The tablets may be split but not crushed.", "supported", "drug", "Tablets may"),
    Pair("Veltorin is approved for children.", "unsupported"),
    Pair(
        "Gusts of 207 km/h were measured at Sklinna lighthouse on the night of 31 January 2024.",
        "supported",
        "weather",
        "Storm Ingunn",
    ),
    Pair("About 14,000 customers in Trøndelag lost power.", "supported", "weather", "About 14,000"),
    Pair("About 41,000 customers lost power in Trøndelag.", "contradicted", "weather", "About 14,000", "number"),
    Pair("The airport at Bodø was closed for 11 hours.", "supported", "weather", "The airport"),
    Pair("The airport at Bodø was closed for eleven days.", "contradicted", "weather", "The airport", "unit"),
    Pair("Nobody was seriously hurt.", "quoted", "weather", "Nobody"),
    Pair("Many people were seriously hurt.", "contradicted", "weather", "Nobody", "negation"),
    Pair("It was the strongest wind measured in Norway since 1992.", "supported", "weather", "Storm Ingunn"),
)
