// What the text field of the editor is made of that is the same for every text.
import { closeBrackets } from "@codemirror/autocomplete"
import { history } from "@codemirror/commands"
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language"
import { lintGutter } from "@codemirror/lint"
import { highlightSelectionMatches, search } from "@codemirror/search"
import { EditorState, type Extension } from "@codemirror/state"
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, lineNumbers,
} from "@codemirror/view"
import { PHRASES, TAB } from "./editor-keys"
import { hangingLines } from "./editor-layout"

export const STEADY: Extension = [
  lineNumbers(), highlightActiveLineGutter(), highlightActiveLine(), highlightSpecialChars(),
  history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightSelectionMatches(),
  EditorState.phrases.of(PHRASES), indentUnit.of("  "), search({ top: true }), lintGutter(),
  EditorView.lineWrapping, hangingLines,
  EditorView.contentAttributes.of({ "aria-label": "The flow", "aria-description": TAB, spellcheck: "false" }),
]
