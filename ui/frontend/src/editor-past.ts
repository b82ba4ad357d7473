// What can be undone: kept in this tab beside the text, for when the page is left or loaded again.
// Invariant: a past is taken up only by the draft and the text that it is of.
import { historyField } from "@codemirror/commands"
import { EditorState, type Extension } from "@codemirror/state"

interface Past {
  id: string
  text: string
  history: unknown
}

const KEY = "flowreason-editor-past"
const MOST = 1_000_000

export function keepPast(id: string, state: EditorState): void {
  try {
    const { history } = state.toJSON({ history: historyField }) as { history?: unknown }
    const past = JSON.stringify({ id, text: state.doc.toString(), history } satisfies Past)
    if (past.length <= MOST) sessionStorage.setItem(KEY, past)
    else sessionStorage.removeItem(KEY)
  } catch {
    // a browser that keeps nothing: the text is there, and what was before it is not
  }
}

/** A text to begin with: with its past, where that is known. */
export function withPast(id: string, text: string, extensions: Extension): EditorState {
  try {
    const past = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Past | null
    if (past?.id === id && past.text === text && past.history) {
      const json = { doc: text, selection: { main: 0, ranges: [{ anchor: 0, head: 0 }] }, history: past.history }
      return EditorState.fromJSON(json, { extensions }, { history: historyField })
    }
  } catch {
    // what is there makes no sense
  }
  return EditorState.create({ doc: text, extensions })
}
