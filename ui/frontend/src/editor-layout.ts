// How the text lies: lines that are too long go on under their own beginning; the grip parts text and picture.
import { type Extension, RangeSetBuilder } from "@codemirror/state"
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view"

const DEEPEST = 24
const made = new Map<number, Decoration>()

function hung(depth: number): Decoration {
  const known = made.get(depth)
  if (known) return known
  const style = `padding-left: calc(8px + ${depth}ch); text-indent: -${depth}ch`
  const fresh = Decoration.line({ attributes: { style } })
  made.set(depth, fresh)
  return fresh
}

/** Lines of the text that are seen, each hung on its own indentation and a little more. */
function hanging(view: EditorView): DecorationSet {
  const found = new RangeSetBuilder<Decoration>()
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to;) {
      const line = view.state.doc.lineAt(at)
      const spaces = /^ */.exec(line.text)?.[0].length ?? 0
      if (line.length > spaces && line.text[spaces] !== "\t") found.add(line.from, line.from, hung(Math.min(spaces, DEEPEST) + 4))
      at = line.to + 1
    }
  }
  return found.finish()
}

export const hangingLines: Extension = ViewPlugin.fromClass(class {
  decorations: DecorationSet

  constructor(view: EditorView) {
    this.decorations = hanging(view)
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.viewportChanged) this.decorations = hanging(update.view)
  }
}, { decorations: (plugin) => plugin.decorations })

/** Have a grip set how much of a frame the text takes. */
export function gripped(grip: HTMLElement, frame: HTMLElement, writing: HTMLElement): void {
  const wide = (x: number): void => {
    const box = frame.getBoundingClientRect()
    const share = Math.min(0.8, Math.max(0.2, (x - box.left) / box.width))
    writing.style.flex = `0 0 ${(100 * share).toFixed(1)}%`
    grip.setAttribute("aria-valuenow", String(Math.round(100 * share)))
  }
  grip.addEventListener("pointerdown", (event) => grip.setPointerCapture(event.pointerId))
  grip.addEventListener("pointermove", (event) => { if (grip.hasPointerCapture(event.pointerId)) wide(event.clientX) })
  grip.setAttribute("aria-valuemin", "20")
  grip.setAttribute("aria-valuemax", "80")
  grip.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowLeft" ? -30 : event.key === "ArrowRight" ? 30 : 0
    if (!step) return
    event.preventDefault()
    wide(writing.getBoundingClientRect().right + step)
  })
}

/** Bring the run below into sight, under the page's menu. */
export function reveal(): void {
  const run = document.querySelector<HTMLElement>(".st-key-edit-run-view")
  if (!run) return
  run.style.scrollMarginTop = "4.5rem"
  run.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" })
}
