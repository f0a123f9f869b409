"""A question over documents, in a home that remembers."""

import asyncio

from khala import Home

with Home("./khala-home") as home:
    agent = home.agent(tools=home.corpus("python-docs"))  # or the path of a folder
    report = asyncio.run(agent.run("How does Python determine the metaclass of a class?"))
    print(report.status, report.spend.tool_calls, "calls")
    graph = home.graph(report.run_id)
    for source in graph.sources():
        print(f'[{source.result_id}] "{source.quote}"')
    print("without evidence:", graph.unsupported())
