"""Question → flow: a model writes it, the language checks it, and what is wrong goes back to be mended."""

from flowreason.compiler.compile import Compiled, compile_question
from flowreason.compiler.draft import Draft, declaration

__all__ = ["Compiled", "Draft", "compile_question", "declaration"]
