// The list of drafts that this browser keeps: opened, renamed, deleted, and brought back.
import { button, count, h } from "./dom"
import { Drop } from "./editor-drop"
import { drafts, forget, type Kept, write } from "./editor-storage"

/** What a draft goes by: its title, else the last flow of its text, else the name that it was opened under. */
export function titleOf(kept: Pick<Kept, "title" | "text" | "name">): string {
  const flows = [...kept.text.matchAll(/^\s*flow\s+([A-Za-z_]\w*)/gm)]
  return kept.title || flows[0]?.[1] || kept.name || "flow"
}

/** `just now`, `5 minutes ago`, `3 March`. */
export function ago(at: number, now = Date.now()): string {
  const minutes = Math.floor((now - at) / 60_000)
  if (minutes < 1) return "just now"
  if (minutes < 60) return `${count(minutes, "minute")} ago`
  if (minutes < 24 * 60) return `${count(Math.floor(minutes / 60), "hour")} ago`
  return new Date(at).toLocaleDateString("en", { day: "numeric", month: "long" })
}

/** The button "Drafts"; `here` names the draft that is open. */
export function draftsDrop(here: () => string, open: (kept: Kept) => void): Drop {
  let gone: Kept | null = null
  const drop: Drop = new Drop("Drafts", "What you typed before, kept in this browser", (again) => {
    const rows = drafts().map((kept) => row(kept, kept.id === here(), () => { drop.show(false); open(kept) }, () => {
      gone = kept
      forget(kept.id)
      again()
    }, again))
    const back = gone
    const undo = back && h("div", { class: "gone", role: "status" }, `${titleOf(back)} was deleted. `,
      button("Bring it back", () => { write(back); gone = null; again() }))
    const note = h("p", { class: "muted" }, rows.length ? "Kept in this browser only." : "What you type is kept here, in this browser.")
    return [...(undo ? [undo] : []), h("div", { class: "kepts", role: "list" }, ...rows), note]
  })
  return drop
}

function row(kept: Kept, isHere: boolean, open: () => void, remove: () => void, again: () => void): HTMLElement {
  const name = titleOf(kept)
  const told = [isHere ? "open now" : ago(kept.at), count(kept.text.trimEnd().split("\n").length, "line")].join(" · ")
  const words = h("span", { class: "words" }, button(name, open, `Open ${name}`, "name"), h("span", { class: "muted" }, told))
  const made = h("div", { class: "kept", role: "listitem" }, words,
    button("Rename", () => renaming(kept, words, again), `Rename ${name}`, "quiet"),
    isHere ? null : button("Delete", remove, `Delete ${name}`, "quiet"))
  return made
}

function renaming(kept: Kept, words: HTMLElement, again: () => void): void {
  const field = h("input", { type: "text", value: titleOf(kept), maxlength: 80, "aria-label": "The draft's name" })
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); again() }
    if (event.key === "Enter") { write({ ...kept, title: field.value.trim() }); again() }
  })
  field.addEventListener("blur", () => { if (field.isConnected) { write({ ...kept, title: field.value.trim() }); again() } })
  words.replaceChildren(field)
  field.focus()
  field.select()
}
