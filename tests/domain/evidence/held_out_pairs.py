"""Sentences and the results they are to be judged by: the half that was written after the rules were tuned."""

# ruff: noqa: E501 (one pair is one line)

from __future__ import annotations

from labelled_pairs import Pair

__all__ = ["PAIRS", "TEXTS"]

TEXTS = {
    "lake": (
        "Lake Baikal is a rift lake in southern Siberia, Russia. With a maximum depth of 1,642 metres it is the deepest "
        "lake in the world. It contains 23,615 cubic kilometres of water, more than all North American Great Lakes "
        "combined. The lake freezes from January until May. Its only outflow is the Angara River. Around 2,500 animal "
        "species live in and around it, and two thirds of them are found nowhere else."
    ),
    "programmer": (
        "Grace Hopper joined the United States Navy Reserve in December 1943 and worked on the Harvard Mark I under "
        "Howard Aiken. In 1952 her team finished the first compiler, called A-0. She retired from the Navy on 14 August "
        "1986 at the age of 79. She did not invent COBOL alone, but her FLOW-MATIC language shaped it. The destroyer "
        "USS Hopper was named after her in 1996. She died in Arlington, Virginia."
    ),
    "paper": (
        "We train a transformer with 7.2 billion parameters on 1.4 trillion tokens. Training took 21 days on 512 GPUs. "
        "Our model reaches 68.9% on MMLU, while the baseline reaches 63.4%. Dropout was not used. On GSM8K the baseline "
        "is better than our model. The weights are released under the Apache 2.0 licence. The authors, Ines Duarte and "
        "Tomasz Wilk, thank Fatima Zahra for her comments."
    ),
    "flight": (
        "Flight KL1009 departs from Amsterdam at 07:15 and arrives in London Heathrow at 07:40. Economy passengers may "
        "carry one bag of up to 12 kg. Checked luggage costs 35 euros per bag. Tickets of the Light fare cannot be "
        "refunded. Flex tickets can be changed until 2 hours before departure. The distance is 370 km."
    ),
    "city": (
        "Ljubljana is the capital of Slovenia. The city had 284,293 inhabitants on 1 January 2020. Mayor Zoran Janković "
        "has been in office since 2012. The University of Ljubljana was founded in 1919 and has 38,000 students. The "
        "city centre was closed to cars in 2007. Its Central Market was designed by Jože Plečnik. The city lies 298 m "
        "above sea level and covers 163.8 square kilometres."
    ),
    "incident": (
        "On 2024-03-09 at 14:22 UTC the primary database db-7 ran out of disk space. Writes failed for 47 minutes. "
        "Engineer Mei Tanaka moved 1.2 TB of old logs to cold storage, which freed the disk. No customer records were "
        "lost. The alert had been silenced by Oscar Lindqvist two days earlier. We will raise the alert threshold from "
        "80% to 90%. The replica db-8 was not affected."
    ),
    "merger": (
        "Helvetia Foods agreed to buy Pampa Grains for €2.35 billion in cash. The deal, announced on 6 February 2022, "
        "values each share at €18.40. Pampa Grains employs 5,600 people in Argentina and Uruguay. Regulators in Brazil "
        "approved the takeover, but the European Commission has not decided yet. Shares of Helvetia Foods fell 3.1% on "
        "Monday. Its chairwoman, Astrid Keller, called the price fair."
    ),
    "product": (
        '{"sku": "TX-88", "title": "Trail Runner 3", "price": {"amount": 129.95, "currency": "EUR"}, "weight_g": 268, '
        '"in_stock": true, "sizes": [40, 41, 42], "rating": 4.6, "reviews": 1873, "released": "2023-09-05", '
        '"made_in": "Portugal"}'
    ),
    "arabic": "افتتح برج خليفة في 4 يناير 2010. يبلغ ارتفاعه 828 مترا. Burj Khalifa 🏙️ has 163 floors and 57 lifts.",
}  # fmt: skip

PAIRS = (
    # word for word
    Pair("Its only outflow is the Angara River.", "quoted", "lake", "Its only outflow"),
    Pair("The source says: “Dropout was not used.”", "quoted", "paper", "Dropout was not"),
    Pair("Tickets of the Light fare cannot be refunded.", "quoted", "flight", "Tickets of the Light"),
    Pair("The city centre was closed to cars in 2007 [run-5].", "quoted", "city", "The city centre"),
    Pair("*No customer records were lost.*", "quoted", "incident", "No customer"),
    Pair("يبلغ ارتفاعه 828 مترا.", "quoted", "arabic", "يبلغ ارتفاعه"),
    # other words, order and formats
    Pair("At its deepest, Lake Baikal has a depth of 1642 m.", "supported", "lake", "With a maximum depth"),
    Pair("The deepest lake in the world has a maximum depth of 1.642 km.", "supported", "lake", "With a maximum depth"),
    Pair("Lake Baikal is located in southern Siberia in Russia.", "supported", "lake", "Lake Baikal is a rift"),
    Pair("From January until May the lake freezes.", "supported", "lake", "The lake freezes"),
    Pair("The Angara River is its only outflow.", "supported", "lake", "Its only outflow"),
    Pair("It contains 23615 cubic kilometres of water.", "supported", "lake", "It contains"),
    Pair("About 2500 animal species live in and around the lake.", "supported", "lake", "Around 2,500"),
    Pair("Grace Hopper worked under Howard Aiken on the Harvard Mark I.", "supported", "programmer", "Grace Hopper joined"),
    Pair("In December 1943, Hopper joined the United States Navy Reserve.", "supported", "programmer", "Grace Hopper joined"),
    Pair("She retired from the Navy on August 14, 1986, aged 79.", "supported", "programmer", "She retired"),
    Pair("Her retirement from the Navy came on 1986-08-14.", "supported", "programmer", "She retired"),
    Pair("The first compiler, A-0, was finished by her team in 1952.", "supported", "programmer", "In 1952"),
    Pair("In 1996 a destroyer, USS Hopper, was named after her.", "supported", "programmer", "The destroyer"),
    Pair("COBOL was not invented by her alone.", "supported", "programmer", "She did not invent"),
    Pair("The transformer has 7,200 million parameters.", "supported", "paper", "We train"),
    Pair("It was trained on 1.4 trillion tokens.", "supported", "paper", "We train"),
    Pair("Training on 512 GPUs took three weeks.", "supported", "paper", "Training took"),
    Pair("The model reaches 68.9 percent on MMLU.", "supported", "paper", "Our model"),
    Pair("The baseline reaches 63.4% on MMLU.", "supported", "paper", "Our model"),
    Pair("They released the weights under the Apache 2.0 licence.", "supported", "paper", "The weights"),
    Pair("Flight KL1009 arrives in London Heathrow at 07:40.", "supported", "flight", "Flight KL1009"),
    Pair("A checked bag costs €35.", "supported", "flight", "Checked luggage"),
    Pair("Passengers in economy may carry one bag of up to 12 kilograms.", "supported", "flight", "Economy passengers"),
    Pair("Flex tickets can be changed until 120 minutes before departure.", "supported", "flight", "Flex tickets"),
    Pair("The capital of Slovenia is Ljubljana.", "supported", "city", "Ljubljana is the capital"),
    Pair("On January 1st, 2020 the city had 284 293 inhabitants.".replace("284 293", "284\u202f293"), "supported", "city", "The city had"),
    Pair("Jože Plečnik designed the Central Market.", "supported", "city", "Its Central Market"),
    Pair("Founded in 1919, the University of Ljubljana has 38,000 students.", "supported", "city", "The University"),
    Pair("The city covers 163.8 km².", "supported", "city", "The city lies"),
    Pair("Zoran Janković has been mayor since 2012.", "supported", "city", "Mayor Zoran"),
    Pair("On 9 March 2024 the primary database `db-7` ran out of disk space.", "supported", "incident", "On 2024-03-09"),
    Pair("Old logs of 1.2 TB were moved to cold storage by Mei Tanaka.", "supported", "incident", "Engineer Mei"),
    Pair("Oscar Lindqvist had silenced the alert two days earlier.", "supported", "incident", "The alert"),
    Pair("The alert threshold will be raised from 80 to 90 percent.", "supported", "incident", "We will raise"),
    Pair("Pampa Grains will be bought by Helvetia Foods for 2.35 billion euros.", "supported", "merger", "Helvetia Foods agreed"),
    Pair("The deal was announced on 06.02.2022.", "supported", "merger", "The deal"),
    Pair("Pampa Grains has 5600 employees in Argentina and Uruguay.", "supported", "merger", "Pampa Grains employs"),
    Pair("The European Commission has not yet decided.", "supported", "merger", "Regulators in Brazil"),
    Pair("The Trail Runner 3 weighs 268 g and is in stock.", "supported", "product", '{"sku"'),
    Pair("The Trail Runner 3 was released on September 5, 2023.", "supported", "product", '{"sku"'),
    Pair("Burj Khalifa has 57 lifts and 163 floors.", "supported", "arabic", "Burj Khalifa"),
    # half of it
    Pair("Lake Baikal is a rift lake in southern Siberia, and its water is drunk in Irkutsk.", "partly", "lake", "Lake Baikal is a rift"),
    Pair("The deal was announced on 6 February 2022, but shareholders rejected it.", "partly", "merger", "The deal"),
    Pair("Ljubljana is the capital of Slovenia; its symbol is a green dragon.", "partly", "city", "Ljubljana is the capital"),
    # contradicted
    Pair("With a maximum depth of 1,624 metres it is the deepest lake in the world.", "contradicted", "lake", "With a maximum depth", "number"),
    Pair("Lake Baikal has a maximum depth of 1,642 feet.", "contradicted", "lake", "With a maximum depth", "unit"),
    Pair("Its only outflow is the Lena River.", "contradicted", "lake", "Its only outflow", "name"),
    Pair("Around 25,000 animal species live in and around it.", "contradicted", "lake", "Around 2,500", "number"),
    Pair("Grace Hopper joined the United States Navy Reserve in December 1944.", "contradicted", "programmer", "Grace Hopper joined", "date"),
    Pair("Grace Hopper worked on the Harvard Mark I under John von Neumann.", "contradicted", "programmer", "Grace Hopper joined", "name"),
    Pair("She retired from the Navy on 14 August 1968.", "contradicted", "programmer", "She retired", "date"),
    Pair("She retired from the Navy at the age of 97.", "contradicted", "programmer", "She retired", "number"),
    Pair("The destroyer USS Aiken was named after her in 1996.", "contradicted", "programmer", "The destroyer", "name"),
    Pair("She died in Arlington, Texas.", "contradicted", "programmer", "She died", "name"),
    Pair("We train a transformer with 7.2 million parameters on 1.4 trillion tokens.", "contradicted", "paper", "We train", "unit"),
    Pair("Training took 21 days on 256 GPUs.", "contradicted", "paper", "Training took", "number"),
    Pair("Dropout was used.", "contradicted", "paper", "Dropout was not", "negation"),
    Pair("On GSM8K our model is better than the baseline.", "contradicted", "paper", "On GSM8K", "order"),
    Pair("The weights are released under the MIT licence.", "contradicted", "paper", "The weights", "name"),
    Pair("The authors thank Tomasz Wilk for his comments.", "contradicted", "paper", "The authors", "name"),
    Pair("Checked luggage costs 53 euros per bag.", "contradicted", "flight", "Checked luggage", "number"),
    Pair("Tickets of the Light fare can be refunded.", "contradicted", "flight", "Tickets of the Light", "negation"),
    Pair("Flight KL1009 departs from London Heathrow and arrives in Amsterdam.", "contradicted", "flight", "Flight KL1009", "order"),
    Pair("Flight KL1090 departs from Amsterdam at 07:15.", "contradicted", "flight", "Flight KL1009", "name"),
    Pair("The distance is 370 miles.", "contradicted", "flight", "The distance", "unit"),
    Pair("The city had 284,239 inhabitants on 1 January 2020.", "contradicted", "city", "The city had", "number"),
    Pair("Ljubljana is the capital of Slovakia.", "contradicted", "city", "Ljubljana is the capital", "name"),
    Pair("The University of Ljubljana was founded in 1991.", "contradicted", "city", "The University", "date"),
    Pair("The city centre was opened to cars in 2007.", "contradicted", "city", "The city centre", "negation"),
    Pair("Its Central Market was designed by Edvard Ravnikar.", "contradicted", "city", "Its Central Market", "name"),
    Pair("Writes failed for 74 minutes.", "contradicted", "incident", "Writes failed", "number"),
    Pair("The replica db-8 was affected.", "contradicted", "incident", "The replica", "negation"),
    Pair("The alert had been silenced by Mei Tanaka two days earlier.", "contradicted", "incident", "The alert", "name"),
    Pair("We will raise the alert threshold from 90% to 80%.", "contradicted", "incident", "We will raise", "order"),
    Pair("Pampa Grains agreed to buy Helvetia Foods for €2.35 billion in cash.", "contradicted", "merger", "Helvetia Foods agreed", "order"),
    Pair("The deal values each share at €14.80.", "contradicted", "merger", "The deal", "number"),
    Pair("Shares of Helvetia Foods rose 3.1% on Monday.", "contradicted", "merger", "Shares of", "negation"),
    Pair("The European Commission approved the takeover.", "contradicted", "merger", "Regulators in Brazil", "order"),
    Pair("Pampa Grains employs 5,600 people in Argentina and Paraguay.", "contradicted", "merger", "Pampa Grains employs", "name"),
    Pair("The Trail Runner 3 was released on 2023-09-06.", "contradicted", "product", '{"sku"', "date"),
    Pair("Burj Khalifa has 57 floors.", "contradicted", "arabic", "Burj Khalifa", "order"),
    # nothing says so
    Pair("Lake Baikal was declared a World Heritage Site in 1996.", "unsupported"),
    Pair("Grace Hopper studied mathematics at Yale.", "unsupported"),
    Pair("Training cost 2.1 million dollars.", "unsupported"),
    Pair("Passengers may bring a pet into the cabin.", "unsupported"),
    Pair("Ljubljana hosted the European Green Capital festival.", "unsupported"),
    Pair("Mei Tanaka was promoted after the incident.", "unsupported"),
    Pair("Astrid Keller founded Helvetia Foods.", "unsupported"),
    Pair("The Trail Runner 3 is waterproof.", "unsupported"),
    Pair("The Angara River is 1,779 km long.", "unsupported"),
    Pair("Oscar Lindqvist lives in Gothenburg.", "unsupported"),
)  # fmt: skip
