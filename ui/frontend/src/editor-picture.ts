// The picture beside the text: drawn anew as one types; what the cursor stands in is marked, and the other way round.
import type { ChangeDesc } from "@codemirror/state"
import { ChartView } from "./chart"
import { button, h } from "./dom"
import type { Chart } from "./editor-channel"
import { Offsets } from "./editor-offsets"

/** The scale at which words can be read; below it, the picture goes where the cursor is. */
const READABLE = 0.7

interface Spot {
  key: string
  from: number
  to: number
}

export class Picture {
  readonly element: HTMLElement
  closed: string[] = []
  private readonly stage = h("div", { class: "stage" })
  private readonly note = h("div", { class: "note", hidden: true, "aria-live": "polite" })
  private readonly hint = h("div", { class: "hint" }, "The picture appears once the flow has no mistakes.")
  private readonly view: ChartView
  private spots: Spot[] = []
  private chosen: string | null = null
  private begins = false
  /** Whether the person wants to see all of it, however small. */
  private whole = false

  constructor(private readonly pick: (from: number, to: number) => void, redraw: () => void) {
    this.view = new ChartView(this.stage, {
      select: (key) => this.picked(key),
      close: (keys) => { this.closed = keys; redraw() },
      place: () => undefined,
      person: () => undefined,
    })
    const { zoom } = this.view
    this.stage.append(this.hint, h("div", { class: "controls" },
      button("−", () => zoom.by(0.8), "smaller"), button("+", () => { this.whole = false; zoom.by(1.25) }, "larger"),
      button("Fit", () => { this.whole = true; zoom.fit(true) }, "the whole picture")))
    this.element = h("div", { class: "side" }, this.note, this.stage)
  }

  show(chart: Chart, text: string): void {
    const offsets = new Offsets(text)
    this.hint.hidden = true
    this.spots = chart.things.flatMap(({ key, span }) =>
      span ? [{ key, from: offsets.toBrowser(span[0]), to: offsets.toBrowser(span[1]) }] : [])
    this.view.setChart({ ...chart, kind: "chart", text, tokens: [], version: 0, whole: true })
    if (this.begins) this.view.begin()
    this.begins = false
    this.fresh("")
  }

  /** Whether the picture is that of the text; `why` says why it is not. */
  fresh(why: string): void {
    const stale = why !== "" && this.view.chart !== null
    this.stage.classList.toggle("stale", stale)
    this.note.hidden = !stale
    this.note.textContent = why
    if (this.view.chart === null && why) this.hint.textContent = why
  }

  clear(): void {
    this.closed = []
    this.spots = []
    this.chosen = null
    this.begins = true
  }

  /** The text has changed: what is drawn stands elsewhere in it now. */
  moved(changes: ChangeDesc): void {
    this.spots = this.spots
      .map(({ key, from, to }) => ({ key, from: changes.mapPos(from, 1), to: changes.mapPos(to, -1) }))
      .filter(({ from, to }) => from < to)
  }

  /** Mark what stands at a place of the text: the smallest thing around it, else what begins on its line. */
  mark(at: number, line: { from: number; to: number }): void {
    if (at === 0 && this.chosen === null) return // just opened: the picture shows its beginning
    const around = this.spots.filter(({ from, to }) => from <= at && at <= to).sort((a, b) => a.to - a.from - (b.to - b.from))
    const beside = this.spots.filter(({ from }) => line.from <= from && from <= line.to).sort((a, b) => a.from - b.from)
    const smallest = around[0]
    const key = (smallest && smallest.from >= line.from ? smallest : beside[0] ?? smallest)?.key ?? null
    if (key === this.chosen) return
    this.chosen = key
    const box = key === null ? undefined : this.view.spots.get(key)?.thing.box
    const small = box !== undefined && !this.whole && this.view.zoom.place.scale < READABLE
    this.view.select(key, !small)
    if (small) this.view.zoom.reveal({ x: box[0], y: box[1], width: box[2], height: box[3] }, true, READABLE)
  }

  private picked(key: string | null): void {
    this.chosen = key
    this.view.select(key)
    const spot = this.spots.find((each) => each.key === key)
    if (spot) this.pick(spot.from, spot.to)
  }

  resized(): void {
    this.view.resized()
  }

  stop(): void {
    this.view.zoom.stop()
  }
}
