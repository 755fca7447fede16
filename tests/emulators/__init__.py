"""Providers that are not there: real HTTP servers that speak their wire formats, faults included.

`python -m tests.emulators bfl|gemini|openai --port N` runs one; tests start them with
`tests.emulators.running`. Everything here is installed with the embedded stack.
"""
