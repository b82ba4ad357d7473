// Names in the text: where one is defined (F12, or Ctrl and a click), and another name in all its places (F2).
import type { Extension } from "@codemirror/state"
import { EditorView } from "@codemirror/view"
import { button, h } from "./dom"
import { changesOf } from "./editor-assist"
import type { Answers } from "./editor-channel"
import { Offsets } from "./editor-offsets"

interface Host {
  view(): EditorView
  text(): string
  go(from: number, to: number): void
  note(words: string): void
  ask<Name extends "define" | "rename">(name: Name, text: string, more: { at: number; name?: string }): Promise<Answers[Name]>
}

export class Names {
  /** The line above the text in which a new name is typed. */
  readonly element: HTMLElement
  private readonly words = h("span", {})
  private readonly field = h("input", { type: "text", "aria-label": "The new name", spellcheck: "false", autocomplete: "off" })
  private readonly why = h("span", { class: "why", role: "status" })
  private at = 0

  constructor(private readonly host: Host) {
    const rename = (): void => void this.rename()
    this.element = h("div", { class: "renaming", hidden: true, role: "group", "aria-label": "Rename" }, this.words, this.field,
      button("Rename", rename), button("Cancel", () => this.close(), "", "quiet"), this.why)
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === this.field) rename()
      if (event.key === "Escape") this.close()
    })
  }

  /** Ctrl (or Cmd) and a click lead to what is defined. */
  following(): Extension {
    return EditorView.domEventHandlers({
      mousedown: (event, view) => {
        if (event.button !== 0 || !(event.ctrlKey || event.metaKey) || event.altKey) return false
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY })
        if (at === null) return false
        event.preventDefault()
        void this.define(at)
        return true
      },
    })
  }

  async define(place: number): Promise<void> {
    const text = this.host.text()
    const offsets = new Offsets(text)
    const said = await this.host.ask("define", text, { at: offsets.toServer(place) }).catch(() => null)
    const first = said?.spans[0]
    if (first) this.host.go(offsets.toBrowser(first[0]), offsets.toBrowser(first[1]))
    else if (said) this.host.note("This is not defined in this text.")
  }

  /** Begin to rename what stands at a place. */
  async start(place: number): Promise<void> {
    const text = this.host.text()
    const said = await this.host.ask("rename", text, { at: new Offsets(text).toServer(place) }).catch(() => null)
    if (!said?.name) {
      if (said) this.host.note(said.why)
      return
    }
    this.at = place
    this.words.replaceChildren("Rename ", h("code", {}, said.name), " to")
    this.field.value = said.name
    this.why.textContent = ""
    this.element.hidden = false
    this.field.focus()
    this.field.select()
  }

  private close(): void {
    this.element.hidden = true
    this.host.view().focus()
  }

  private async rename(): Promise<void> {
    const name = this.field.value.trim()
    this.why.textContent = name ? await this.renamed(name) : "A name is needed."
    if (!this.why.textContent) this.close()
  }

  /** Put a new name in all places of the one that stands there; says why that cannot be. */
  private async renamed(name: string): Promise<string> {
    const text = this.host.text()
    const view = this.host.view()
    const { doc } = view.state
    const offsets = new Offsets(text)
    try {
      const said = await this.host.ask("rename", text, { at: offsets.toServer(this.at), name })
      if (said.why || view.state.doc !== doc) return said.why
      view.dispatch({ changes: changesOf(said.edits, offsets), userEvent: "input.rename" })
      return ""
    } catch {
      return "The app does not answer."
    }
  }
}
