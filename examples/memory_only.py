"""Memory beside anybody's loop: what a tool told is found again, word for word, in any later run."""

from khala import Home, Namespace

with Home("home") as home:
    with home.session("Where do the cranes nest?", namespace=Namespace(tenant="acme")) as session:
        found = session.remember("search", {"query": "cranes"}, "Cranes nest in the bogs of Hossa, from April on.")

    with home.session("When do birds breed in Hossa?", namespace=Namespace(tenant="acme")) as session:
        for passage in session.recall("When do birds breed in Hossa?"):
            print(passage.passage, passage.tool, passage.result_id == found, passage.label.trust)
