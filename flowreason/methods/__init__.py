"""How a question is answered: by a flow that is written for it, by one of the library, or by one's own.

Invariant: a method's flow gets the question as a value, whatever stands in it.
"""

from flowreason.methods.choose import Choice, choose
from flowreason.methods.costs import GRAPH, prices_of
from flowreason.methods.meant import AUTO, Chosen, Meant, Method, chosen_before, meant

__all__ = ["AUTO", "GRAPH", "Choice", "Chosen", "Meant", "Method", "choose", "chosen_before", "meant", "prices_of"]
