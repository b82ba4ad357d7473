// The flow's text beside its chart: coloured words, the place of what is selected, and drafts while it is written.

import { button, count, h } from "./dom"
import { Offsets } from "./editor-offsets"
import type { ChartMessage, Thing, Token, Writing } from "./messages"

type Draft = Writing["drafts"][number]

function faulty(draft: Draft): boolean {
  return draft.diagnostics.some((each) => each.severity === "error")
}

export class SourceView {
  readonly element = h("div", { class: "source" })
  private readonly note = h("div", { class: "note", "aria-live": "polite" })
  private readonly code = h("div", { class: "lines", role: "list", "aria-label": "the flow's text" })
  private readonly drafts = h("div", { class: "drafts" })
  private text = ""
  private tokens: Token[] = []
  private sent: Thing[] = []
  private things: Thing[] = []
  private offsets = new Offsets("")
  private lit: [number, number] | null = null
  private starts: number[] = []
  private offered = ""
  private shown = ""

  constructor(private readonly select: (key: string) => void) {
    this.element.append(this.note, this.code, this.drafts)
    this.code.addEventListener("click", (event) => this.clicked(event))
  }

  setChart(chart: ChartMessage): void {
    this.sent = chart.things
    if (chart.whole) {
      this.setText(chart.text, chart.tokens)
      this.note.textContent = ""
      this.element.classList.remove("writing")
    }
    this.setThings()
  }

  setWriting(writing: Writing): void {
    if (!writing.whole) {
      this.setText(writing.text, writing.tokens)
      this.setThings()
      const written = writing.statements ? `, ${count(writing.statements, "statement")} so far` : ""
      this.note.textContent = writing.done ? "" : `The model is writing the flow${written} …`
    }
    this.element.classList.toggle("writing", !writing.whole && !writing.done)
    this.showDrafts(writing)
  }

  /** Places are counted in characters where they come from, and in UTF-16 units here. */
  private setThings(): void {
    const { offsets } = this
    this.things = this.sent.map((thing) => thing.span === null ? thing : {
      ...thing, span: [offsets.toBrowser(thing.span[0]), offsets.toBrowser(thing.span[1])],
    })
  }

  private setText(text: string, tokens: Token[]): void {
    if (text === this.text && tokens.length === this.tokens.length) return
    this.text = text
    this.offsets = new Offsets(text)
    const { offsets } = this
    this.tokens = tokens.map(([from, to, kind]) => [offsets.toBrowser(from), offsets.toBrowser(to), kind])
    this.starts = [0]
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) this.starts.push(i + 1)
    this.paint()
  }

  /** Lights up the place of what is selected. */
  light(key: string | null): void {
    const span = key === null ? null : this.things.find((thing) => thing.key === key)?.span ?? null
    if (span?.[0] === this.lit?.[0] && span?.[1] === this.lit?.[1]) return
    this.lit = span
    this.paint()
  }

  private paint(): void {
    const lines: HTMLElement[] = []
    let token = 0
    for (let i = 0; i < this.starts.length; i++) {
      const start = this.starts[i] ?? 0
      const end = (this.starts[i + 1] ?? this.text.length + 1) - 1
      while (token < this.tokens.length && (this.tokens[token]?.[1] ?? 0) <= start) token++
      lines.push(this.line(i, start, end, token))
    }
    this.code.replaceChildren(...lines)
  }

  private line(number: number, start: number, end: number, token: number): HTMLElement {
    const { lit } = this
    const isLit = lit !== null && lit[0] < Math.max(end, start + 1) && lit[1] > start
    const row = h("div", { class: isLit ? "row lit" : "row", role: "listitem", "data-line": number },
      h("span", { class: "number", "aria-hidden": "true" }, String(number + 1)))
    const words = h("code", {})
    let at = start
    for (let i = token; i < this.tokens.length; i++) {
      const [from, to, kind] = this.tokens[i] as Token
      if (from >= end) break
      const a = Math.max(from, start)
      const b = Math.min(to, end)
      if (a > at) this.piece(words, at, a, "")
      if (b > a) this.piece(words, a, b, kind)
      at = Math.max(at, b)
    }
    if (end > at) this.piece(words, at, end, "")
    row.append(words)
    return row
  }

  /** A stretch of text, parted where the lit place begins and ends. */
  private piece(into: HTMLElement, from: number, to: number, kind: string): void {
    const cuts = [from, ...(this.lit ?? []).filter((cut) => cut > from && cut < to), to]
    for (let i = 0; i + 1 < cuts.length; i++) {
      const [a, b] = [cuts[i] as number, cuts[i + 1] as number]
      const inside = this.lit !== null && a >= this.lit[0] && b <= this.lit[1]
      const style = `${kind ? `t-${kind}` : ""}${inside ? " in" : ""}`.trim()
      into.append(style ? h("span", { class: style }, this.text.slice(a, b)) : this.text.slice(a, b))
    }
  }

  private clicked(event: Event): void {
    if (window.getSelection()?.toString()) return
    const row = (event.target as Element).closest("[data-line]")
    if (!row) return
    const number = Number(row.getAttribute("data-line"))
    const key = this.thingAt(this.starts[number] ?? 0, (this.starts[number + 1] ?? this.text.length + 1) - 1)
    if (key !== null) this.select(key)
  }

  /** What stands in a line: what begins there, else the smallest thing around it. */
  private thingAt(start: number, end: number): string | null {
    let best: [number, string] | null = null
    for (const thing of this.things) {
      if (!thing.span || thing.span[0] >= end || thing.span[1] <= start) continue
      const begins = thing.span[0] >= start
      const size = thing.span[1] - thing.span[0]
      const cost = begins ? thing.span[0] - start - 1e6 - (thing.kind === "loop" ? 1e5 : 0) : size
      if (best === null || cost < best[0]) best = [cost, thing.key]
    }
    return best?.[1] ?? null
  }

  /** What was found in drafts, and what became of them. */
  private showDrafts(writing: Writing): void {
    const bad = writing.drafts.filter(faulty)
    const last = writing.drafts[writing.drafts.length - 1]
    const stamp = JSON.stringify([bad.map((draft) => draft.text), last, writing.fallback, writing.done])
    if (stamp === this.offered) return
    this.offered = stamp
    this.drafts.replaceChildren()
    if (writing.fallback) this.drafts.append(h("p", { class: "warn" }, `A plain flow was used instead: ${writing.fallback}`))
    if (bad.length) {
      const said = writing.fallback ? "given up" : last && !faulty(last) ? "mended before it ran" : "being mended"
      this.drafts.append(h("h4", {}, `${count(bad.length, "draft")} had faults, ${said}`), ...bad.map((draft) => this.draft(draft, writing.drafts.indexOf(draft) + 1)))
    }
    if (last?.mended?.length) {
      this.drafts.append(h("h4", {}, "Mended without asking the model again"), h("ul", {}, ...last.mended.map((each) => h("li", {}, each))))
    }
    if (last && !faulty(last) && !writing.fallback && last.diagnostics.length) {
      this.drafts.append(h("h4", {}, "Worth a look"), found(last))
    }
  }

  private draft(draft: Draft, number: number): HTMLElement {
    const text = h("pre", { class: "draft", hidden: this.shown !== draft.text }, draft.text)
    const show = button(`Show draft ${number}`, () => {
      text.hidden = !text.hidden
      this.shown = text.hidden ? "" : draft.text
      show.textContent = text.hidden ? `Show draft ${number}` : `Hide draft ${number}`
    }, "", "quiet")
    return h("section", {}, found(draft), show, text)
  }
}

function found(draft: Draft): HTMLElement {
  return h("ul", {}, ...draft.diagnostics.map((each) => h("li", { class: each.severity },
    h("b", {}, `line ${each.line} `), each.message, each.help ? h("small", {}, each.help) : null)))
}
