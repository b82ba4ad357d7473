"""The language server: hands what an editor asks to the functions of this package. The only one that knows pygls.

Invariant: whatever a text holds, a request is answered; findings that are sent are those of the text that the editor
shows.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from flowreason.editor import wire
from flowreason.editor.analysis import Analysis
from flowreason.editor.completion import complete
from flowreason.editor.edits import Edit, changes, formatted
from flowreason.editor.hover import hover
from flowreason.editor.places import definitions, references, symbols
from flowreason.editor.positions import Place, Positions
from flowreason.editor.problems import all_fixed, fixable, fixes_at, problems
from flowreason.editor.renaming import Refused, renamable, rename
from flowreason.editor.session import Session
from flowreason.editor.settings import settings_from

PAUSE = 0.15
"""Seconds without a change after which a text is checked."""

FIX_ALL = lsp.CodeActionKind.SourceFixAll
T = TypeVar("T")


class FlowServer(LanguageServer):
    """The server, with what it keeps of the editor."""

    def __init__(self, session: Session, version: str) -> None:
        # Whole texts: a flow is small, and no two sides then count its lines differently.
        super().__init__("flowreason", version, lsp.TextDocumentSyncKind.Full)
        self.session = session
        self.ended = False
        self.pulls_settings = False

    # --- open files ---

    def file(self, uri: str) -> Path | None:
        path = to_fs_path(uri) if uri.startswith("file:") else None
        return Path(path) if path else None

    def opened(self, path: Path) -> str | None:
        """The text of a file that is open."""
        for uri, document in self.workspace.text_documents.items():
            file = self.file(uri)
            if file is not None and file.resolve() == path:
                return str(document.source)
        return None

    def look(self, uri: str) -> tuple[Analysis, Positions]:
        """The latest look at an open file, and its positions as this editor counts them."""
        text = self._text(uri)
        analysis = self.session.analysis(uri, text, self.file(uri), self.opened)
        for complaint in self.session.complaints:
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, complaint))
        self.session.complaints.clear()
        return analysis, Positions(text, wire.encoding_of(self.workspace.position_encoding))

    def _text(self, uri: str) -> str:
        """The text of a file, open or on the disk; nothing for one that cannot be read."""
        try:
            return str(self.workspace.get_text_document(uri).source)
        except (OSError, ValueError):
            return ""

    def at(self, params: Any) -> tuple[Analysis, Positions, int]:
        """The look at the file of a request, and the offset that it is about."""
        analysis, positions = self.look(params.text_document.uri)
        return analysis, positions, positions.offset(Place(params.position.line, params.position.character))

    # --- findings ---

    async def check_later(self, uri: str) -> None:
        """Send the findings of a file once it has rested, unless it has changed again by then."""
        document = self.workspace.text_documents.get(uri)
        version = document.version if document is not None else None
        await asyncio.sleep(PAUSE)
        if not self._is_still(uri, version):
            return
        analysis, positions = self.look(uri)
        found = await asyncio.to_thread(problems, analysis)
        if self._is_still(uri, version):
            sent = [wire.diagnostic(each, positions, uri) for each in found]
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, sent, version))

    def _is_still(self, uri: str, version: int | None) -> bool:
        document = self.workspace.text_documents.get(uri)
        return document is not None and document.version == version

    async def check_users(self, uri: str) -> None:
        """Check the other open files that use files: what they use may have changed."""
        others = [each for each, text in self.workspace.text_documents.items() if each != uri and "use" in text.source]
        await asyncio.gather(*(self.check_later(each) for each in others))

    async def take_settings(self) -> None:
        """Ask the editor for its settings, where it can be asked."""
        if self.pulls_settings:
            items = [lsp.ConfigurationItem(section="flowreason")]
            found = await self.workspace_configuration_async(lsp.ConfigurationParams(items))
            self.session.settings = settings_from(found[0] if found else None, self.session.settings)

    async def check_all(self) -> None:
        await asyncio.gather(*(self.check_later(uri) for uri in list(self.workspace.text_documents)))


def make_server(session: Session, version: str) -> FlowServer:
    """A server that answers everything this package can."""
    server = FlowServer(session, version)
    for register in (_life, _texts, _answers, _renaming, _writing):
        register(server)
    return server


def serve(session: Session, version: str) -> int:
    """Serve an editor over stdin and stdout until it ends; gives the exit code."""
    server = make_server(session, version)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed must not get between the messages
    server.start_io(sys.stdin.buffer, out)
    return 0 if server.ended else 1


# --- the editor's life --------------------------------------------------------------------------------------


def _life(server: FlowServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(ls: FlowServer, params: lsp.InitializeParams) -> None:
        uri = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
        ls.session.root = ls.file(uri) if uri else None
        ls.session.settings = settings_from(params.initialization_options, ls.session.default)
        workspace = params.capabilities.workspace
        ls.pulls_settings = bool(workspace and workspace.configuration)

    @server.feature(lsp.INITIALIZED)
    async def initialized(ls: FlowServer, params: lsp.InitializedParams) -> None:
        await ls.take_settings()
        await ls.check_all()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(ls: FlowServer, params: lsp.DidChangeConfigurationParams) -> None:
        ls.session.settings = settings_from(params.settings, ls.session.default)
        await ls.take_settings()
        await ls.check_all()

    @server.feature(lsp.SHUTDOWN)
    def shutdown(ls: FlowServer, params: None) -> None:
        ls.ended = True


def _texts(server: FlowServer) -> None:
    def check(ls: FlowServer, uri: str) -> Coroutine[Any, Any, None]:
        return ls.check_later(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: FlowServer, params: lsp.DidOpenTextDocumentParams) -> None:
        await check(ls, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: FlowServer, params: lsp.DidChangeTextDocumentParams) -> None:
        await check(ls, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: FlowServer, params: lsp.DidSaveTextDocumentParams) -> None:
        await check(ls, params.text_document.uri)
        await ls.check_users(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: FlowServer, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.session.forget(params.text_document.uri)
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))


# --- questions ----------------------------------------------------------------------------------------------


def _answers(server: FlowServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def on_hover(ls: FlowServer, params: lsp.HoverParams) -> lsp.Hover | None:
        analysis, positions, offset = ls.at(params)
        found = hover(analysis, offset)
        return wire.hover(found, positions) if found is not None else None

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def on_definition(ls: FlowServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
        analysis, positions, offset = ls.at(params)
        return [wire.location(each, positions, params.text_document.uri) for each in definitions(analysis, offset)]

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def on_references(ls: FlowServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
        analysis, positions, offset = ls.at(params)
        spans = references(analysis, offset, params.context.include_declaration)
        return [lsp.Location(params.text_document.uri, wire.range_of(positions, span)) for span in spans]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def on_highlight(ls: FlowServer, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        analysis, positions, offset = ls.at(params)
        return [lsp.DocumentHighlight(wire.range_of(positions, span)) for span in references(analysis, offset)]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_symbols(ls: FlowServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis, positions = ls.look(params.text_document.uri)
        return [wire.symbol(each, positions) for each in symbols(analysis)]

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=list('.:{"`= ')))
    def on_completion(ls: FlowServer, params: lsp.CompletionParams) -> lsp.CompletionList:
        analysis, positions, offset = ls.at(params)
        return wire.completions(complete(analysis, offset), positions)


def _renaming(server: FlowServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def on_prepare(ls: FlowServer, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder:
        analysis, positions, offset = ls.at(params)
        found = _or_say(lambda: renamable(analysis, offset))
        return lsp.PrepareRenamePlaceholder(wire.range_of(positions, found.span), found.name)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def on_rename(ls: FlowServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        analysis, positions, offset = ls.at(params)
        spans = _or_say(lambda: rename(analysis, offset, params.new_name))
        edits = [Edit(span, params.new_name) for span in spans]
        return wire.workspace_edit(edits, positions, params.text_document.uri)


def _or_say(act: Callable[[], T]) -> T:
    try:
        return act()
    except Refused as refused:
        raise JsonRpcException(str(refused), lsp.LSPErrorCodes.RequestFailed.value) from refused


def _writing(server: FlowServer) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def on_formatting(ls: FlowServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        analysis, positions = ls.look(params.text_document.uri)
        return wire.text_edits(formatted(analysis.text), positions)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix, FIX_ALL]),
    )
    def on_actions(ls: FlowServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        analysis, positions = ls.look(params.text_document.uri)
        uri, wanted = params.text_document.uri, params.context.only
        actions: list[lsp.CodeAction] = []
        if _is_wanted(lsp.CodeActionKind.QuickFix, wanted):
            touched = fixes_at(analysis, wire.span_of(positions, params.range))
            actions += [wire.quick_fix(each, positions, uri) for each in touched]
        if _is_wanted(FIX_ALL, wanted) and (wanted or fixable(analysis) > 1):
            actions += _fix_all(analysis, positions, uri)
        return actions


def _is_wanted(kind: lsp.CodeActionKind, wanted: Any) -> bool:
    """Whether a kind, or one around it (`source` around `source.fixAll`), is asked for."""
    names = [str(getattr(each, "value", each)) for each in wanted or ()]
    return not wanted or any(kind.value == name or kind.value.startswith(name + ".") for name in names)


def _fix_all(analysis: Analysis, positions: Positions, uri: str) -> list[lsp.CodeAction]:
    after = all_fixed(analysis)
    if after is None:
        return []
    edit = wire.workspace_edit(changes(analysis.text, after), positions, uri)
    return [lsp.CodeAction(title="Fix all that is certain", kind=FIX_ALL, edit=edit)]
