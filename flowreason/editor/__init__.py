"""What an editor asks about a flow: findings, hover, definitions, renaming, completion, formatting.

Pure functions of a text and a place in it (an offset in characters) stand in a module each; `server.py` hands them to
an editor over the language server protocol and is the only one that knows pygls.
"""
