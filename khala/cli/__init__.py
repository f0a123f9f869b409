"""The command line: parse, call the assembly, print. No rule of khala lives here."""
