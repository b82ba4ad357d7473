// The picture beside the text: drawn anew as one types; what the cursor stands in is marked, and the other way round.
import type { ChangeDesc } from "@codemirror/state"
import { ChartView } from "./chart"
import { boxOf, topmost } from "./chart-parts"
import { download, pngOf } from "./chart-save"
import { button, h } from "./dom"
import type { Chart } from "./editor-channel"
import { Offsets } from "./editor-offsets"
import { Ways } from "./editor-ways"

/** The scale at which words can be read; below it, the picture goes where the cursor is. */
const READABLE = 0.7
/** The least at which it begins, and the room that it has beside it then. */
const LEAST = 0.62
const BESIDE = 16

const ARROWS: Record<string, [number, number]> = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }

interface Spot {
  key: string
  from: number
  to: number
}

export class Picture {
  readonly element: HTMLElement
  closed: string[] = []
  private readonly stage = h("div", {
    class: "stage", tabindex: 0, role: "application",
    "aria-label": "picture of the flow: arrow keys go from step to step, Enter goes to its text, + and - zoom, 0 fits",
  })
  private readonly ways: Ways = new Ways(this.stage, () => this.view.zoom)
  private readonly note = h("div", { class: "note", hidden: true, "aria-live": "polite" })
  private readonly hint = h("div", { class: "hint" }, "The picture appears once the flow has no mistakes.")
  private readonly view: ChartView
  private spots: Spot[] = []
  /** What was changed in the text since the spots were found in it. */
  private since: ChangeDesc | null = null
  private chosen: string | null = null
  private begins = false
  /** Whether the person wants to see all of it, however small. */
  private whole = false
  /** Whether it has grown beyond what can be read of all of it, and nobody has moved it since. */
  private outgrown = false

  /** `css`: the colours of the picture on the screen. */
  constructor(private readonly pick: (from: number, to: number) => void, redraw: () => void, css: () => string) {
    this.view = new ChartView(this.stage, {
      select: (key) => this.picked(key),
      close: (keys) => { this.closed = keys; redraw() },
      place: (place) => this.ways.update(place, this.view.chart),
      person: () => { this.outgrown = false },
    })
    this.stage.addEventListener("keydown", (event) => this.key(event))
    const { zoom } = this.view
    this.stage.append(this.hint, this.ways.element, h("div", { class: "controls" },
      button("−", () => zoom.by(0.8), "smaller"), button("+", () => this.larger(), "larger"),
      button("Fit", () => this.fit(), "the whole picture"), this.save(css)))
    this.element = h("div", { class: "side" }, this.note, this.stage)
  }

  /** The picture as points, as it is on the screen: that needs nothing but the browser. */
  private save(css: () => string): HTMLButtonElement {
    const made = button("Save PNG", () => {
      const shot = this.view.shot(css())
      if (!shot) return
      pngOf(shot).then((blob) => download(blob, `${shot.name}.png`), () => { made.textContent = "Too large for a PNG" })
    }, "the picture as points, as it is now")
    return made
  }

  private larger(): void {
    this.whole = false
    this.view.zoom.by(1.25)
  }

  private fit(): void {
    this.whole = true
    this.view.fit()
  }

  /** Keys of the picture, as those of a run's. */
  private key(event: KeyboardEvent): void {
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return
    this.settle()
    const way = ARROWS[event.key]
    const spot = this.spots.find((each) => each.key === this.chosen)
    if (way) this.step(...way)
    else if (event.key === "+" || event.key === "=") this.larger()
    else if (event.key === "-") this.view.zoom.by(0.8)
    else if (event.key === "0") this.fit()
    else if (event.key === "Enter" && spot) this.pick(spot.from, spot.to)
    else return
    event.preventDefault()
  }

  private step(dx: number, dy: number): void {
    const next = this.view.neighbour(this.chosen, dx, dy)
    if (next === null) return
    this.chosen = next
    this.view.select(next, true)
  }

  show(chart: Chart, text: string): void {
    const offsets = new Offsets(text)
    this.hint.hidden = true
    this.since = null
    this.spots = chart.things.flatMap(({ key, span }) =>
      span ? [{ key, from: offsets.toBrowser(span[0]), to: offsets.toBrowser(span[1]) }] : [])
    const { zoom } = this.view
    const grown = Math.min(this.ways.wide / chart.width, this.ways.high / chart.height) < READABLE
    const outgrows = zoom.fitted && grown && !this.whole && this.view.chart !== null
    if (outgrows) zoom.fitted = false
    else if (this.outgrown && !grown) zoom.fitted = true
    this.outgrown = outgrows || (this.outgrown && grown)
    this.view.setChart({ ...chart, kind: "chart", text, tokens: [], version: 0, whole: true })
    if (this.begins) this.view.begin()
    this.begins = false
    this.across(outgrows)
    this.ways.update(zoom.place, chart)
    this.fresh("")
  }

  /** Where it shows its beginning, a little smaller if all of its width is in sight then. `anew`: it has to go there. */
  private across(anew = false): void {
    const { chart } = this.view
    const first = chart && topmost(chart.things)
    if (!chart || !first || !(anew || this.stage.classList.contains("cut"))) return
    const scale = this.ways.wide / (chart.width + 2 * BESIDE)
    const fits = scale >= LEAST && scale < READABLE
    if (anew || fits) this.view.zoom.top(boxOf(first), fits ? scale : READABLE)
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
    this.since = null
    this.chosen = null
    this.begins = true
    this.whole = this.outgrown = false
  }

  /** The text has changed: what is drawn stands elsewhere in it now. */
  moved(changes: ChangeDesc): void {
    this.since = this.since?.composeDesc(changes) ?? changes
  }

  /** The spots as they are now: many, so that they are not moved with each key. */
  private settle(): void {
    const { since } = this
    this.since = null
    if (since === null) return
    this.spots = this.spots
      .map(({ key, from, to }) => ({ key, from: since.mapPos(from, 1), to: since.mapPos(to, -1) }))
      .filter(({ from, to }) => from < to)
  }

  /** Mark what stands at a place of the text: the smallest thing around it, else what begins on its line. */
  mark(at: number, line: { from: number; to: number }): void {
    if (at === 0 && this.chosen === null) return // just opened: the picture shows its beginning
    this.settle()
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
    this.settle()
    this.chosen = key
    this.view.select(key)
    const spot = this.spots.find((each) => each.key === key)
    if (spot) this.pick(spot.from, spot.to)
  }

  resized(): void {
    this.ways.resized()
    this.view.resized()
    this.across()
    this.ways.update(this.view.zoom.place, this.view.chart)
  }

  stop(): void {
    this.view.zoom.stop()
  }
}
