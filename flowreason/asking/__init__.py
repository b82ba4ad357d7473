"""How a model is asked: the words of a prompt, the shape of a reply, and how a reply becomes a value.

Pure text work: nothing here waits, and nothing here knows the engine.
"""
