"""Flows as plain data, for people and tools that make programs from pictures: `document_of` and `program_of`.

Invariant: a text becomes a document and the document that text again, to the letter, in the one style; the shape of a
document is published as `graph.schema.json`.
"""

from flowreason_dsl.plain.reading import DocumentError, Program, decoded, program_of
from flowreason_dsl.plain.shape import Fault, schema_text, shape_faults
from flowreason_dsl.plain.writing import document_of, statement_spans

__all__ = [
    "DocumentError",
    "Fault",
    "Program",
    "decoded",
    "document_of",
    "program_of",
    "schema_text",
    "shape_faults",
    "statement_spans",
]
