"""The command line: parse, call one operation, render. Typer is loaded by `app` alone."""
