"""Public stand-ins and contract checks for whoever writes an adapter, a tool or an agent on khala.

A fake stands here only for what cannot run in a test (a language model), and says what it is.
"""
