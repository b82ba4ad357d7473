// The keys of the editor, told where somebody looks for them.
import { h } from "./dom"
import { Drop } from "./editor-drop"

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
const CTRL = isMac ? "⌘" : "Ctrl"

const KEYS: [keys: string, what: string][] = [
  [`${CTRL} Enter`, "Run the flow"],
  ["Ctrl Space", "Suggest what may stand here"],
  ["F2", "Rename, in all places"],
  [`F12, ${CTRL} click`, "Go to where it is defined"],
  ["F8", "Go to the next mistake"],
  ["Shift Alt F", "Format"],
  [`${CTRL} F`, "Find and replace"],
  [`${CTRL} /`, "Make a comment of the line, or no comment"],
  ["Tab, Shift Tab", "Indent more, or less"],
  ["Escape, then Tab", "Leave the text"],
]

/** The words of the search panel, as the rest of the app would put them. */
export const PHRASES = {
  next: "Next", previous: "Previous", all: "All", "match case": "Match case", regexp: "Pattern", "by word": "Whole words",
  replace: "Replace", "replace all": "Replace all", close: "Close", "No diagnostics": "No mistakes",
}

export const TAB = "Tab indents. To leave the text by keyboard, press Escape and then Tab."
const TOLD = 5000

/** Tell how the text is left, to those who come to it by Tab or press it there. */
export function leavable(text: HTMLElement): HTMLElement {
  const hint = h("div", { class: "leaving", hidden: true, "aria-hidden": "true" }, "Escape, then Tab leaves the text")
  let timer = 0
  text.addEventListener("keyup", ({ key }) => {
    if (key !== "Tab") return
    hint.hidden = false
    clearTimeout(timer)
    timer = window.setTimeout(() => { hint.hidden = true }, TOLD)
  })
  text.addEventListener("focusout", () => { hint.hidden = true })
  text.append(hint)
  return text
}

/** Who comes to the text by Tab, and has done nothing there, goes on by Tab: it indents nothing; gives what ends that. */
export function tabbedThrough(text: HTMLElement): () => void {
  let last = "", passing = false
  const heard = (event: Event): void => {
    last = event instanceof KeyboardEvent ? event.key : event.type
    if (last !== "Tab" && last !== "Shift") passing = false
  }
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, heard, true)
  text.addEventListener("focusin", () => { passing = last === "Tab" })
  text.addEventListener("keydown", (event) => { if (passing && event.key === "Tab") event.stopPropagation() }, true)
  return () => { for (const kind of ["keydown", "pointerdown"]) document.removeEventListener(kind, heard, true) }
}

/** The key that runs the flow sends an answer to a run below the editor, and begins no other; gives what ends that. */
export function keepToItself(): () => void {
  const heard = (event: KeyboardEvent): void => {
    const inRun = event.target instanceof Element && event.target.closest(".st-key-edit-run-view")
    if (inRun && event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.stopPropagation()
  }
  document.body.addEventListener("keydown", heard)
  return () => document.body.removeEventListener("keydown", heard)
}

export function keysDrop(): Drop {
  return new Drop("Keys", "Keys of the editor", () => [
    h("dl", { class: "keys" }, ...KEYS.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)])),
  ])
}
