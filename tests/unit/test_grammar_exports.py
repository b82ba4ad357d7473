"""The exported grammars keep to what each taker can take, and reach the servers that can force them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lark import Lark

import flowreason as fr
from flowreason.cli.app import run_command
from flowreason.ports import ModelInfo, Request
from flowreason.providers import OpenAIProvider
from flowreason_dsl import grammar_for
from flowreason_dsl.export import reserved_words
from flowreason_dsl.export.expressions import read_expression
from flowreason_dsl.export.parts import Many, Named, Row, Text
from flowreason_dsl.export.reading import read_grammar
from flowreason_dsl.export.spacing import spaced
from flowreason_dsl.export.words import other_words
from tests.sampling import Gbnf, accepts, matcher
from tests.server import Server, refuses

PLAIN = 'flow river(question: text) -> text {\n  answer ask "Which one? {question}"\n}\n'
INNER = 'flow outer() -> text {\n  answer solve "Which river is it?"\n}\n'


# --- what each taker can take ------------------------------------------------------------------------------------


def test_the_lark_form_keeps_to_the_dialect_of_llguidance() -> None:
    text = grammar_for("lark")
    assert not re.search(r"\(\?|\\b|%\w|^\w+\.\d|\*\?|\+\?[^ )]", text, re.MULTILINE)
    assert all(re.match(r"(?:[a-z][a-z_0-9]*|_?[A-Z][A-Z_0-9]*): \S", line) for line in text.splitlines())


def test_lark_itself_reads_the_lark_form() -> None:
    words = Lark(grammar_for("lark"), parser="earley", lexer="dynamic").terminals
    assert {"NAME", "TEMPLATE", "BLOCK"} <= {terminal.name for terminal in words}


def test_llama_cpp_takes_the_repetitions() -> None:
    """It multiplies the bound of a repetition with the productions that the repeated part is made of, up to 2,000."""
    grammar = Gbnf(grammar_for("gbnf"))
    loops = [node for rule in grammar.rules.values() for node in grammar.nodes(rule) if node.kind == "many"]
    assert max((node.most or node.least or 1) * len(grammar.nodes(node.parts[0])) for node in loops) < 2000


@pytest.mark.parametrize("syntax", ["gbnf", "ebnf"])
def test_no_production_sends_llama_cpp_into_a_loop(syntax: Any) -> None:
    grammar = Gbnf(grammar_for(syntax))
    for name in grammar.rules:
        seen: set[str] = set()
        reached = grammar.leading(grammar.rules[name])
        while reached - seen:
            seen |= reached
            reached = {first for each in reached for first in grammar.leading(grammar.rules[each])}
        assert name not in seen
    loops = [node for rule in grammar.rules.values() for node in grammar.nodes(rule) if node.kind == "many"]
    assert [node for node in loops if node.most is None and grammar.empty(node.parts[0])] == []


def test_names_of_the_gbnf_are_those_that_llama_cpp_reads() -> None:
    names = re.findall(r"^(\S+) ::=", grammar_for("gbnf"), re.MULTILINE)
    assert names[0] == "root"
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) for name in names)


def test_an_unknown_notation_is_named() -> None:
    with pytest.raises(ValueError, match="lark, gbnf, ebnf"):
        grammar_for("yaml")  # type: ignore[arg-type]


# --- words that must not run together ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ("answer 4", True),
        ("answer4", True),  # a name
        ("answer`4`", False),
        ("repeat 4until `x` { }", False),
        ("x = 4y = 5", False),
        ("x = 4 y = 5", True),
        ('x = ask"Where?"', False),
        ("if = 4", False),
        ("iffy = 4", True),
        ("x = p.if", True),
        ("x = p . name", False),
        ('x = f ("a")', False),
        ("x = 1e999", False),
        ('answer "{a + 1}"', False),
        ('answer "{a[0].b} {{}}"', True),
        ("answer ```\nn = 1\nn\n```", True),
        ("# a note\n# another\nanswer 4", True),
    ],
)
def test_blanks_stand_where_tokens_would_run_together(body: str, fits: bool) -> None:
    text = f"flow f() {{ {body} }}"
    assert (accepts(matcher(grammar_for("lark")), text) is None) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('tool look() -> "a" "What lies there." flow f() { }', True),
        ('tool look() -> "a""What lies there." flow f() { }', False),
        ('flow f() -> "{a}" | "[b]" { answer 4 }', True),
        ('flow f() -> "{d[" | "]}" { answer 4 }', False),  # the lexer would see one template with a key in it
        ("flow\nf() { }", False),
        ("flow f() { } flow g() { }", True),
    ],
)
def test_what_the_parser_would_read_otherwise_is_left_out(text: str, fits: bool) -> None:
    assert (accepts(matcher(grammar_for("lark")), text) is None) is fits


def test_other_words_are_exactly_those_that_are_not_reserved() -> None:
    pattern = re.compile(_as_expression(other_words(["if", "in", "int"])))
    for word in ("i", "iff", "inn", "inti", "in_", "x", "_", "If", "ins9"):
        assert pattern.fullmatch(word), word
    for word in ("if", "in", "int", "", "9a"):
        assert not pattern.fullmatch(word), word
    every = re.compile(_as_expression(other_words(reserved_words())))
    assert not any(map(every.fullmatch, reserved_words()))
    assert all(every.fullmatch(word + "s") for word in reserved_words() - {"a", "pas"})


def _as_expression(part: Any) -> str:
    match part:
        case Text(value):
            return value
        case Named():
            return "[A-Za-z0-9_]"
        case Row(parts):
            return "".join(map(_as_expression, parts))
        case Many(inner, least, most):
            return f"(?:{_as_expression(inner)}){{{least},{'' if most is None else most}}}"
    if hasattr(part, "options"):
        return "(?:" + "|".join(map(_as_expression, part.options)) + ")"
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in part.ranges) + "]"


# --- what has no counterpart is refused, not lost ----------------------------------------------------------------


@pytest.mark.parametrize("pattern", [r"\bif", r"a(?=b)", r"(?:ab)", r"a.b", r"\w+", "a)b", "[ab", "(ab"])
def test_an_expression_that_other_notations_lack_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="no plain regular expression"):
        read_expression(pattern)


@pytest.mark.parametrize(
    "text", ['start: "a"\n%declare B', 'start: x{"a"}\nx{y}: y', "start: A\nA: /a/i", "start: A\nA: /(?=a)a/"]
)
def test_a_grammar_that_other_notations_lack_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"counterpart|plain regular"):
        read_grammar(text + "\n")


@pytest.mark.parametrize("text", ['start: "a"* "b"*', 'start: "a" tail\ntail: "." | "b"'])
def test_rules_that_blanks_cannot_be_put_into_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"always be there|no telling which"):
        spaced(read_grammar(text + "\n"), Text(" "))


# --- the compiler uses it ----------------------------------------------------------------------------------------


def bodies(server: Server, **settings: Any) -> list[dict[str, Any]]:
    """What a server is sent to solve a question with a provider of these settings."""
    provider = OpenAIProvider("heron", base_url=server.url, api="chat", **settings)
    assert fr.solve("Which river flows through Bonn?", provider=provider, store=None).ok
    return [seen.body for seen in server.requests]


def says(body: dict[str, Any]) -> str:
    return PLAIN if "flow" in body["messages"][0]["content"] else "The Rhine."


@pytest.mark.parametrize("syntax", ["lark", "gbnf"])
def test_a_server_that_forces_grammars_is_sent_the_grammar_for_the_flow_alone(syntax: Any) -> None:
    with Server(answer=says) as server:
        first, *later = bodies(server, grammar=syntax)
    assert first["structured_outputs"]["grammar"] == grammar_for(syntax)
    assert "no code fence" in first["messages"][-1]["content"]
    assert later and not any("structured_outputs" in body for body in later)


def test_a_server_of_which_nothing_is_known_is_sent_no_grammar() -> None:
    with Server(answer=says) as server:
        assert not any({"structured_outputs", "grammar", "ebnf", "tools"} & set(body) for body in bodies(server))


def test_a_server_that_refuses_the_grammar_is_asked_without() -> None:
    with Server(answer=says) as server:
        server.always(refuses("structured_outputs", "grammar is not supported"))
        sent = ["structured_outputs" in body for body in bodies(server, grammar="gbnf")]
    assert sent[:2] == [True, False] and not any(sent[1:])


def test_a_flow_that_is_written_while_another_runs_is_forced_too() -> None:
    provider = Forcing(lambda request: PLAIN if "Write a flow" in request.messages[-1].content else "The Rhine.")
    assert fr.loads(INNER).run(provider=provider).ok
    writing, answering = provider.requests
    assert writing.grammar is not None and writing.grammar.definition == grammar_for("ebnf")
    assert answering.grammar is None


class Forcing(fr.ScriptedProvider):
    """A scripted server that can force an EBNF."""

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo("scripted", grammar="ebnf")


def test_the_environment_says_which_grammar_the_server_forces(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer=says) as server:
        monkeypatch.setenv("FLOWREASON_BASE_URL", server.url)
        monkeypatch.setenv("FLOWREASON_MODEL", "heron")
        monkeypatch.setenv("FLOWREASON_GRAMMAR", "lark")
        assert fr.solve("Which river flows through Bonn?").ok
        assert server.requests[0].body["structured_outputs"]["grammar"] == grammar_for("lark")


def test_a_recording_made_with_a_grammar_replays(tmp_path: Any) -> None:
    inner = Forcing(lambda request: PLAIN if request.grammar else "The Rhine.")
    recorder = fr.Recorder(inner, tmp_path / "replies.jsonl")
    first = fr.solve("Which river?", provider=recorder)
    assert any(isinstance(each, Request) and each.grammar for each in inner.requests)
    assert fr.solve("Which river?", provider=fr.Recorded(tmp_path / "replies.jsonl")).answer == first.answer


# --- on the command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taker", "syntax"), [("openai", "lark"), ("llguidance", "lark"), ("gbnf", "gbnf"), ("ebnf", "ebnf")]
)
def test_the_command_prints_the_grammar_alone(taker: str, syntax: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["grammar", "--for", taker]) == 0
    assert capfd.readouterr() == (grammar_for(syntax), "")


def test_the_command_names_the_takers_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["grammar", "--for", "yaml"]) == 2
    assert "'llguidance'" in capfd.readouterr().err
