// The flowchart: built once from what the server drew, and patched while the run goes on.

import { around, boxOf, fitting, foldButton, neighbour, tellEdges, together, topmost } from "./chart-parts"
import { Reuse } from "./chart-reuse"
import { fileName, type Shot } from "./chart-save"
import { holding, named, progress } from "./chart-words"
import { h, s, throttled } from "./dom"
import type { ChartMessage, Hello, States, Thing, ThingState } from "./messages"
import { Zoom, type Box, type Place } from "./zoom"

export interface Spot {
  thing: Thing
  group: SVGElement
  text: SVGElement | null
  sign: SVGElement | null
  /** How wide the words of its state may be. */
  room: number
  state: ThingState
}

const WAITING: ThingState = ["waiting", "", ""]
/** Edges that light up at once; of more only these move. */
const MOST_PULSES = 24
/** A chart opens at least as large as this, and what runs is followed so. */
const READABLE = 0.75
/** All of a chart is shown at first if that takes no more than this. */
const NEARLY = 0.66
/** Where the drawing begins below the upper edge of the stage, without and with a hint above it. */
const [UNDER_EDGE, UNDER_HINT] = [8, 40]
/** Below this nothing can be read, and what is chosen elsewhere is brought nearer. */
const SMALL = 0.5
/** The room for a state in the head of a loop, and what stands beside it in a box. */
const HEAD_ROOM = 240
const BESIDE = 28
const FOLD = 24
/** Milliseconds between two words of how far the run is. */
const TELL = 2000

export interface ChartCalls {
  select(key: string | null): void
  close(keys: string[]): void
  place(place: Place, fitted: boolean): void
  person(): void
}

export class ChartView {
  readonly zoom: Zoom
  readonly spots = new Map<string, Spot>()
  chart: ChartMessage | null = null
  follow = true
  private readonly svg: SVGElement
  private readonly world: SVGElement
  private resting: ReturnType<typeof setTimeout> | undefined
  private readonly layer = s("g", { class: "drawing" })
  private readonly reuse = new Reuse(this.layer)
  private readonly over: SVGElement
  private edges: Element[] = []
  private into = new Map<string, number[]>()
  private lit = new Set<number>()
  private selected: string | null = null
  private hits: string[] = []
  private running: string[] = []
  private anchor: { key: string; x: number; y: number } | null = null
  private restored = false
  private readonly began = new Map<string, number>()
  private clock = 0
  private signs = new Map<string, string>()
  private words = new Map<string, string>()
  /** Whether it stands as it began, and nobody has moved it. */
  private begun = false
  /** Whether the run has ended, and its end is still to be shown. */
  private ends = false
  private readonly told = h("div", { class: "unseen", "aria-live": "polite" })
  private readonly tell = throttled((text: string) => { if (this.told.textContent !== text) this.told.textContent = text }, TELL)

  constructor(readonly stage: HTMLElement, private readonly calls: ChartCalls) {
    this.over = s("g", { class: "over" })
    this.world = s("g", { class: "world" }, this.layer, this.over)
    this.svg = s("svg", { class: "flowreason", role: "graphics-document", "aria-label": "flowchart", width: 1, height: 1 }, this.world)
    stage.append(this.svg, this.told)
    this.zoom = new Zoom(
      stage,
      (place) => {
        this.move(place)
        calls.place(place, this.zoom.fitted)
      },
      () => ({ width: this.chart?.width ?? 1, height: this.chart?.height ?? 1 }),
      () => { this.stands(false); this.setFollow(false); calls.person() },
      (target) => this.clicked(target),
    )
  }

  /** Moves the drawing as a whole: as a picture while it moves, and drawn anew, sharp, once it rests. */
  private move(place: Place): void {
    const { style } = this.svg
    style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`
    style.willChange = "transform"
    clearTimeout(this.resting)
    this.resting = setTimeout(() => {
      style.willChange = "auto"
      if (this.chart) tellEdges(this.stage, place, this.chart)
    }, 180)
  }

  restore(place: Place, fitted: boolean): void {
    this.restored = !fitted
    this.zoom.to(place)
    this.zoom.fitted = fitted
  }

  /** What the signs of states look like, and the words for kinds. */
  greet(hello: Hello): void {
    this.signs = new Map(hello.states.map(([state, , , path]) => [state, path]))
    this.words = new Map(hello.kinds.map(([kind, words]) => [kind, words]))
  }

  // --- what is drawn ---

  setChart(chart: ChartMessage): void {
    const first = this.chart === null
    const known = new Set(this.spots.keys())
    this.chart = chart
    const made = this.reuse.made(chart.elements)
    const things = new Map(chart.things.map((thing) => [thing.key, thing]))
    const before = new Map([...this.spots].map(([key, spot]) => [key, spot.state]))
    this.spots.clear()
    this.edges = []
    for (const element of made) {
      const style = element.getAttribute("class") ?? ""
      if (style.startsWith("edge")) this.edges.push(element)
      const node = element.getAttribute("data-node")
      if (node === null) continue
      const thing = things.get(`${element.getAttribute("data-flow")}:${node}`)
      if (thing) this.spot(thing, element, !first && !known.has(thing.key))
    }
    this.into = new Map()
    chart.edges?.forEach(([, ends], number) => {
      for (const end of ends) this.into.set(end, [...(this.into.get(end) ?? []), number])
    })
    this.lit = new Set()
    this.svg.setAttribute("width", String(chart.width))
    this.svg.setAttribute("height", String(chart.height))
    this.reuse.put([...made, ...this.foldButtons(chart)])
    this.svg.setAttribute("aria-label", `flowchart of ${this.flow()}`)
    for (const [key, spot] of this.spots) this.patch(spot, before.get(key) ?? WAITING)
    this.settle(first)
    this.mark()
  }

  private flow(): string {
    return this.chart?.things.find((thing) => thing.kind !== "loop")?.flow ?? "flow"
  }

  private spot(thing: Thing, group: SVGElement, isNew: boolean): void {
    const head = group.classList.contains("head")
    const text = group.querySelector<SVGElement>(":scope > .state")
    const sign = group.querySelector<SVGElement>(":scope > .badge > .sign")
    if (head && text) text.setAttribute("dx", String(-FOLD))
    group.setAttribute("role", "button")
    group.setAttribute("id", `thing-${this.spots.size}`)
    if (thing.kind === "later") group.classList.add("later")
    if (isNew) group.classList.add("fresh")
    const room = head ? HEAD_ROOM : thing.box[2] - BESIDE
    this.spots.set(thing.key, { thing, group, text, sign, room, state: WAITING })
  }

  /** Where the drawing stands after it changed. */
  private settle(first: boolean): void {
    const anchor = this.anchor
    this.anchor = null
    const spot = anchor ? this.spots.get(anchor.key) : undefined
    if ((first && !this.restored) || this.begun) this.begin()
    else if (this.zoom.fitted) this.zoom.fit()
    else if (anchor && spot) {
      const { place } = this.zoom
      const [x, y] = spot.thing.box
      this.zoom.to({ ...place, x: anchor.x - x * place.scale, y: anchor.y - y * place.scale })
    }
  }

  /** At first all is in sight, where that can be read; else where it begins is. */
  begin(): void {
    const whole = this.zoom.whole()
    const first = topmost(this.chart?.things ?? [])
    this.stands(whole.scale < NEARLY && this.stage.clientWidth > 0)
    const box = around(first ? [first] : []) ?? { x: 0, y: 0, width: 1, height: 1 }
    if (!this.begun) this.zoom.fit()
    else this.zoom.top(box, READABLE, this.stage.closest(".narrow") ? UNDER_HINT : UNDER_EDGE)
  }

  /** Whether it stands as it began, with more of it outside of sight. */
  private stands(begun: boolean): void {
    this.begun = begun
    this.stage.classList.toggle("cut", begun)
  }

  /** All of it in sight, as a person wants it: what runs is not followed any more where that would be nearer. */
  fit(): void {
    if (this.zoom.whole().scale < NEARLY && this.follow) {
      this.setFollow(false)
      this.calls.person()
    }
    this.stands(false)
    this.zoom.fit(true)
  }

  /** A run that was followed is over: all of it is shown, where that can be read, else what came of it. */
  ended(): void {
    this.ends = !this.stage.clientWidth
    if (this.ends) return // it is not on the page yet
    if (this.zoom.whole().scale >= NEARLY) this.zoom.fit(true)
    else {
      const answer = [...this.spots.values()].find(({ thing, state }) => thing.kind === "answer" && state[0] !== "waiting")
      if (answer) this.reveal(boxOf(answer.thing), READABLE)
    }
  }

  private reveal(box: Box, least = 0): void {
    this.stands(false)
    this.zoom.reveal(box, false, least)
  }

  resized(): void {
    if (this.ends) this.ended()
    if (this.chart && this.begun) this.begin()
    else if (this.chart && this.zoom.fitted) this.zoom.fit()
  }

  /** The drawing as it is now, to be saved. */
  shot(css: string): Shot | null {
    const { chart, layer } = this
    return chart && { name: fileName(this.flow()), width: chart.width, height: chart.height, layer, css }
  }

  private foldButtons(chart: ChartMessage): SVGElement[] {
    const closed = new Set(chart.closed)
    const found: SVGElement[] = []
    for (const { thing } of this.spots.values()) {
      const region = `${thing.flow}:${thing.region}`
      if (thing.kind !== "loop" || !chart.foldable.includes(region)) continue
      const shut = closed.has(region)
      found.push(foldButton(region, thing, shut, () => this.toggle(region, thing)))
    }
    return found
  }

  private toggle(region: string, thing: Thing): void {
    if (!this.chart) return
    const closed = new Set(this.chart.closed)
    if (closed.has(region)) closed.delete(region)
    else closed.add(region)
    const { place } = this.zoom
    this.anchor = { key: thing.key, x: thing.box[0] * place.scale + place.x, y: thing.box[1] * place.scale + place.y }
    this.calls.close([...closed])
  }

  /** Close all loops, or open them where all are closed. */
  closeLoops(): void {
    const { chart } = this
    if (chart) this.calls.close(chart.closed.length < chart.foldable.length ? chart.foldable : [])
  }

  // --- how far it is ---

  setStates(message: States, calm: boolean): void {
    if (message.full) {
      for (const [key, spot] of this.spots) {
        if (!(key in message.things)) this.patch(spot, WAITING)
      }
    }
    const began: string[] = []
    for (const [key, state] of Object.entries(message.things)) {
      const spot = this.spots.get(key)
      if (!spot) continue
      if (state[0] === "running" && (spot.state[0] !== "running" || spot.state[1] !== state[1])) began.push(key)
      if (state[0] === "running" && spot.state[0] !== "running") this.began.set(key, ++this.clock)
      this.patch(spot, state)
    }
    this.light(message.lit, calm ? [] : began, !message.full && !calm)
    this.running = message.running
    if (message.live && message.of > 0) this.tell(progress([...this.spots.values()]))
    if (this.follow && message.live && !message.over) this.keepInSight()
  }

  private patch(spot: Spot, state: ThingState): void {
    const [before] = spot.state
    if (before !== state[0]) {
      spot.group.classList.remove(`s-${before}`)
      if (state[0] !== "waiting") spot.group.classList.add(`s-${state[0]}`)
    }
    if (spot.text && spot.state[1] !== state[1]) spot.text.textContent = fitting(state[1], spot.room)
    if (spot.sign && before !== state[0]) spot.sign.setAttribute("d", this.signs.get(state[0]) ?? "")
    spot.state = state
    spot.group.setAttribute("aria-label", named(spot, this.words.get(spot.thing.kind) ?? spot.thing.kind))
  }

  private light(lit: number[], began: string[], pulses: boolean): void {
    const now = new Set(lit)
    let left = pulses ? MOST_PULSES : 0
    for (const number of this.lit) if (!now.has(number)) this.edges[number]?.classList.remove("lit", "pulse")
    for (const number of now) {
      if (this.lit.has(number)) continue
      this.edges[number]?.classList.add("lit")
      if (left-- > 0) this.pulse(number)
    }
    for (const key of began) {
      for (const number of this.into.get(key) ?? []) {
        if (now.has(number) && this.lit.has(number) && left-- > 0) this.pulse(number)
      }
    }
    this.lit = now
  }

  private pulse(number: number): void {
    const edge = this.edges[number]
    if (!edge || edge.classList.contains("pulse")) return
    edge.classList.add("pulse")
    setTimeout(() => edge.classList.remove("pulse"), 700)
  }

  // --- what is looked at ---

  setFollow(follow: boolean): void {
    this.follow = follow
    if (follow) this.keepInSight(true)
  }

  private keepInSight(asked = false): void {
    const box = this.busy()
    if (!box || (this.zoom.fitted && this.zoom.place.scale >= NEARLY && !asked)) return
    this.reveal(box, READABLE)
  }

  /** Around what runs: all of it where it can be seen together, else what began last. */
  private busy(): Box | null {
    const running = this.running.map((key) => this.spots.get(key)?.thing).filter((thing) => thing !== undefined)
    const inner = running.filter((thing) => thing.kind !== "loop")
    const latest = (inner.length ? inner : running).sort((a, b) => (this.began.get(b.key) ?? 0) - (this.began.get(a.key) ?? 0))
    const scale = Math.max(READABLE, this.zoom.place.scale)
    const [wide, high] = [this.stage.clientWidth * 0.7 / scale, this.stage.clientHeight * 0.7 / scale]
    return around(together(latest, wide, high))
  }

  select(key: string | null, reveal = false): void {
    this.selected = key
    this.mark()
    const spot = key === null ? undefined : this.spots.get(key)
    if (spot) this.stage.setAttribute("aria-activedescendant", spot.group.id)
    else this.stage.removeAttribute("aria-activedescendant")
    if (spot && reveal) this.reveal(boxOf(spot.thing), this.zoom.place.scale < SMALL ? READABLE : 0)
  }

  setHits(keys: string[]): void {
    this.hits = keys
    this.mark()
  }

  private mark(): void {
    const around = (key: string, style: string): SVGElement | null => {
      const spot = this.spots.get(key)
      if (!spot) return null
      const [x, y, width, height] = spot.thing.box
      return s("rect", { class: style, x: x - 5, y: y - 5, width: width + 10, height: height + 10, rx: 11 })
    }
    const marks = this.hits.map((key) => around(key, "hit"))
    if (this.selected !== null) marks.push(around(this.selected, "selected"))
    this.over.replaceChildren(...marks.filter((each) => each !== null))
  }

  private clicked(target: Element): void {
    const region = target.closest("[data-fold]")?.getAttribute("data-fold")
    if (region) {
      const spot = [...this.spots.values()].find(({ thing }) => thing.kind === "loop" && `${thing.flow}:${thing.region}` === region)
      if (spot) this.toggle(region, spot.thing)
      return
    }
    const group = target.closest("[data-node]")
    if (!group) return this.stage.contains(target) ? this.calls.select(null) : undefined
    const key = `${group.getAttribute("data-flow")}:${group.getAttribute("data-node")}`
    if (this.spots.has(key)) this.calls.select(key)
  }

  /** The thing that comes next in a direction. */
  neighbour(key: string | null, dx: number, dy: number): string | null {
    if (!this.chart) return null
    const from = key === null ? undefined : this.spots.get(key)?.thing
    return from ? neighbour(this.chart, from, dx, dy) : topmost(this.chart.things)?.key ?? null
  }

  /** The things whose words hold a text. */
  find(text: string): string[] {
    return this.chart ? holding([...this.spots.values()], text) : []
  }
}
