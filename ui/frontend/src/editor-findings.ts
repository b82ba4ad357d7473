// What was found in the text: marked in it, listed under it, counted above it; and how it is mended.
import { completionStatus } from "@codemirror/autocomplete"
import { nextDiagnostic, setDiagnostics } from "@codemirror/lint"
import { ChangeSet } from "@codemirror/state"
import type { EditorView, ViewUpdate } from "@codemirror/view"
import { button, h } from "./dom"
import { changesOf, counted, diagnosticOf, finding } from "./editor-assist"
import type { Change, Look, Problem } from "./editor-channel"
import { Offsets } from "./editor-offsets"
import { CHOOSING, PAUSE, told } from "./editor-quiet"

export const STALE = "The picture is of the last text without mistakes."

/** The price of a run that asks nothing. */
const FREE = "no calls to the model"

interface Host {
  view(): EditorView
  go(at: number): void
  /** The picture is no longer that of the text. */
  stale(why: string): void
  fix(): void
}

export class Findings {
  readonly list = h("div", { class: "findings", role: "list", "aria-label": "What was found in the flow" })
  private readonly told = h("div", { class: "told", role: "status" })
  private readonly next = button("Next", () => this.goOn(), "Go to the next one (F8)", "quiet next")
  private readonly fixes = button("Mend all", () => this.host.fix(), "Make all fixes that are certain", "fixes")
  /** What was changed since the text that the findings are about. */
  private since: ChangeSet | null = null
  private shown: Problem[] = []
  /** When a key was pressed last; 0 where what was changed last was not typed. */
  private typedAt = 0
  private pausing = 0

  constructor(private readonly host: Host) {
    this.next.hidden = this.fixes.hidden = true
  }

  get bar(): HTMLElement[] {
    return [this.told, this.next, this.fixes]
  }

  clear(): void {
    clearTimeout(this.pausing)
    this.since = null
    this.shown = []
    this.typedAt = 0
  }

  note(words: string): void {
    this.told.textContent = words
  }

  changed(update: ViewUpdate): void {
    this.since = this.since?.compose(update.changes) ?? null
    const typed = update.transactions.some((each) => each.isUserEvent("input.type") || each.isUserEvent("delete"))
    this.typedAt = typed ? performance.now() : 0
  }

  /** Tell what was found in the text as it is: what is gone at once, what is new once the person has paused. */
  say(found: Look, text: string): void {
    clearTimeout(this.pausing)
    const { doc } = this.host.view().state
    this.since = ChangeSet.empty(doc.length)
    const chooses = completionStatus(this.host.view().state) !== null
    const left = this.typedAt + (chooses ? CHOOSING : PAUSE) - performance.now()
    const now = told(found.problems, this.shown, this.typedAt > 0 && left > 0)
    this.tell({ ...found, problems: now }, text)
    if (now.length < found.problems.length) {
      this.pausing = window.setTimeout(() => {
        if (this.host.view().state.doc === doc) this.say(found, text)
      }, Math.min(left, PAUSE))
    } else if (!found.ok) this.host.stale(found.note || STALE)
  }

  private tell(found: Look, text: string): void {
    const view = this.host.view()
    const { state } = view
    const offsets = new Offsets(text)
    this.shown = found.problems
    view.dispatch(setDiagnostics(state, found.problems.map((each) =>
      diagnosticOf(each, offsets, () => this.make(each.fix?.changes ?? [], text)))))
    this.list.replaceChildren(...found.problems.map((each) => {
      const from = offsets.toBrowser(each.from)
      return finding(each, state.doc.lineAt(from).number, found.codes[each.code],
        () => this.host.go(this.now(from)), () => this.make(each.fix?.changes ?? [], text))
    }))
    this.fixes.hidden = found.fixable < 2 || !found.problems.length
    this.fixes.textContent = `Mend ${found.fixable}`
    this.next.hidden = !found.problems.length
    const said = counted(found.problems) || (found.ok ? "No mistakes" : "")
    if (!said && !found.note) return // there is more to say when the person has paused
    const takes = /\(/.test(found.price) ? found.price.split(", ")[0] : found.price // formulas of tokens are for the title
    const price = takes === FREE ? "asks no model" : takes && `a run takes ${takes}`
    this.told.textContent = [found.note, said, price].filter(Boolean).join(" · ")
    this.told.title = [found.main, found.price && `A run takes ${found.price}.`].filter(Boolean).join("\n")
  }

  private goOn(): void {
    nextDiagnostic(this.host.view())
    this.host.view().focus()
  }

  /** Where a place of the text that was looked at is now. */
  private now(at: number): number {
    return this.since?.mapPos(at) ?? Math.min(at, this.host.view().state.doc.length)
  }

  /** Make changes to the text that was looked at, in what it has become since. */
  private make(changes: Change[], text: string): void {
    if (!this.since) return
    const view = this.host.view()
    const wanted = ChangeSet.of(changesOf(changes, new Offsets(text)), this.since.length).map(this.since.desc)
    view.dispatch({ changes: wanted, userEvent: "input.fix" })
    view.focus()
  }
}
