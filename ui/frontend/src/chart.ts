// The flowchart: built once from what the server drew, and patched while the run goes on.

import { drawn, s } from "./dom"
import type { ChartMessage, States, Thing, ThingState } from "./messages"
import { Zoom, type Box, type Place } from "./zoom"

interface Spot {
  thing: Thing
  group: SVGElement
  text: SVGElement | null
  sign: SVGElement | null
  state: ThingState
}

const WAITING: ThingState = ["waiting", "", ""]
const LONGEST = 42
/** Edges that light up at once; of more only these move. */
const MOST_PULSES = 24
const READABLE = 0.62
const LEGIBLE = 0.5
/** Below this nothing can be read, and what is chosen elsewhere is brought nearer. */
const SMALL = 0.4

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
  private readonly layer: SVGElement
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

  constructor(readonly stage: HTMLElement, private readonly calls: ChartCalls) {
    this.layer = s("g", { class: "drawing" })
    this.over = s("g", { class: "over" })
    this.world = s("g", { class: "world" }, this.layer, this.over)
    this.svg = s("svg", { class: "flowreason", role: "group", "aria-label": "flowchart", width: 1, height: 1 }, this.world)
    stage.append(this.svg)
    this.zoom = new Zoom(
      stage,
      (place) => {
        this.move(place)
        calls.place(place, this.zoom.fitted)
      },
      () => ({ width: this.chart?.width ?? 1, height: this.chart?.height ?? 1 }),
      () => { this.setFollow(false); calls.person() },
      (target) => this.clicked(target),
    )
  }

  /** Moves the drawing as a whole: as a picture while it moves, and drawn anew, sharp, once it rests. */
  private move(place: Place): void {
    const { style } = this.svg
    style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`
    style.willChange = "transform"
    clearTimeout(this.resting)
    this.resting = setTimeout(() => { style.willChange = "auto" }, 180)
  }

  restore(place: Place, fitted: boolean): void {
    this.restored = !fitted
    this.zoom.to(place)
    this.zoom.fitted = fitted
  }

  // --- what is drawn ---

  setChart(chart: ChartMessage): void {
    const first = this.chart === null
    const known = new Set(this.spots.keys())
    this.chart = chart
    const made = chart.elements.map(drawn).filter((each) => each !== null)
    const things = new Map(chart.things.map((thing) => [thing.key, thing]))
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
    this.layer.replaceChildren(...made, ...this.foldButtons(chart))
    this.settle(first)
    this.mark()
  }

  private spot(thing: Thing, group: SVGElement, isNew: boolean): void {
    const texts = [...group.children].filter((each) => each.classList.contains("state")) as SVGElement[]
    const sign = texts.find((each) => each.classList.contains("label")) ?? null
    const text = texts.find((each) => !each.classList.contains("label")) ?? null
    if (group.classList.contains("head") && text) text.setAttribute("x", String(Number(text.getAttribute("x")) - 24))
    group.setAttribute("role", "img")
    if (thing.kind === "later") group.classList.add("later")
    if (isNew) group.classList.add("fresh")
    this.spots.set(thing.key, { thing, group, text, sign, state: WAITING })
  }

  /** Where the drawing stands after it changed. */
  private settle(first: boolean): void {
    const anchor = this.anchor
    this.anchor = null
    const spot = anchor ? this.spots.get(anchor.key) : undefined
    if (first && !this.restored) this.begin()
    else if (this.zoom.fitted) this.zoom.fit()
    else if (anchor && spot) {
      const { place } = this.zoom
      const [x, y] = spot.thing.box
      this.zoom.to({ ...place, x: anchor.x - x * place.scale, y: anchor.y - y * place.scale })
    }
  }

  /** At first all is in sight, where that can be read; else its top is. */
  begin(): void {
    const whole = this.zoom.whole()
    if (whole.scale >= LEGIBLE || this.stage.clientWidth === 0) this.zoom.fit()
    else {
      this.zoom.fitted = false
      const place = this.zoom.whole(LEGIBLE)
      this.zoom.to({ ...place, y: 8 })
    }
  }

  resized(): void {
    if (this.zoom.fitted && this.chart) this.zoom.fit()
  }

  private foldButtons(chart: ChartMessage): SVGElement[] {
    const closed = new Set(chart.closed)
    const found: SVGElement[] = []
    for (const { thing } of this.spots.values()) {
      const region = `${thing.flow}:${thing.region}`
      if (thing.kind !== "loop" || !chart.foldable.includes(region)) continue
      const shut = closed.has(region)
      const [x, y, width] = thing.box
      const label = shut ? `open the loop ${thing.title}` : `close the loop ${thing.title}`
      const at = `translate(${x + width - (shut ? 30 : 28)} ${y + (shut ? 9 : 6)})`
      const sign = shut ? "M5 9H13M9 5V13" : "M5 9H13"
      const made = s("g", { class: "fold", role: "button", tabindex: 0, "aria-label": label, transform: at },
        s("title", {}, label), s("rect", { width: 18, height: 18, rx: 4 }), s("path", { d: sign }))
      const act = (): void => this.toggle(region, thing)
      made.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act() }
      })
      made.setAttribute("data-fold", region)
      found.push(made)
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

  /** Close all loops, or open them. */
  closeAll(shut: boolean): void {
    if (this.chart) this.calls.close(shut ? this.chart.foldable : [])
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
    if (this.follow && message.live && !message.over) this.keepInSight()
  }

  private patch(spot: Spot, state: ThingState): void {
    const [before] = spot.state
    if (before !== state[0]) {
      spot.group.classList.remove(`s-${before}`)
      if (state[0] !== "waiting") spot.group.classList.add(`s-${state[0]}`)
    }
    if (spot.text && spot.state[1] !== state[1]) spot.text.textContent = fitting(state[1])
    if (spot.sign && spot.state[2] !== state[2]) spot.sign.textContent = state[2]
    spot.state = state
    spot.group.setAttribute("aria-label", `${spot.thing.title}, ${state[1] || state[0]}`)
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

  stateOf(key: string): ThingState {
    return this.spots.get(key)?.state ?? WAITING
  }

  // --- what is looked at ---

  setFollow(follow: boolean): void {
    this.follow = follow
    if (follow) this.keepInSight(true)
  }

  private keepInSight(asked = false): void {
    const box = this.busy()
    if (!box || (this.zoom.fitted && this.zoom.place.scale >= READABLE && !asked)) return
    this.zoom.reveal(box, false, READABLE)
  }

  /** Around what runs: all of it where it can be seen together, else what began last. */
  private busy(): Box | null {
    const running = this.running.map((key) => this.spots.get(key)?.thing).filter((thing) => thing !== undefined)
    const inner = running.filter((thing) => thing.kind !== "loop")
    const latest = (inner.length ? inner : running).sort((a, b) => (this.began.get(b.key) ?? 0) - (this.began.get(a.key) ?? 0))
    const scale = Math.max(READABLE, this.zoom.place.scale)
    const [wide, high] = [this.stage.clientWidth * 0.7 / scale, this.stage.clientHeight * 0.7 / scale]
    let seen = latest.slice(0, 1)
    for (let many = 2; many <= latest.length; many++) {
      const box = around(latest.slice(0, many))
      if (!box || box.width > wide || box.height > high) break
      seen = latest.slice(0, many)
    }
    return around(seen)
  }

  select(key: string | null, reveal = false): void {
    this.selected = key
    this.mark()
    const spot = key === null ? undefined : this.spots.get(key)
    if (spot && reveal) this.zoom.reveal(boxOf(spot.thing), false, this.zoom.place.scale < SMALL ? READABLE : 0)
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
    const fold = target.closest("[data-fold]")
    if (fold) {
      const region = fold.getAttribute("data-fold") ?? ""
      const spot = [...this.spots.values()].find(({ thing }) => thing.kind === "loop" && `${thing.flow}:${thing.region}` === region)
      if (spot) this.toggle(region, spot.thing)
      return
    }
    const group = target.closest("[data-node]")
    if (!group) {
      if (this.stage.contains(target)) this.calls.select(null)
      return
    }
    const key = `${group.getAttribute("data-flow")}:${group.getAttribute("data-node")}`
    if (this.spots.has(key)) this.calls.select(key)
  }

  /** The thing that lies next in a direction. */
  neighbour(key: string | null, dx: number, dy: number): string | null {
    const from = key === null ? undefined : this.spots.get(key)?.thing
    const things = [...this.spots.values()].map((spot) => spot.thing)
    if (!from) return things.sort((a, b) => a.box[1] - b.box[1] || a.box[0] - b.box[0])[0]?.key ?? null
    const [x, y] = middle(from)
    let best: [number, string] | null = null
    for (const thing of things) {
      const [tx, ty] = middle(thing)
      const along = (tx - x) * dx + (ty - y) * dy
      const across = Math.abs((tx - x) * dy) + Math.abs((ty - y) * dx)
      if (thing.key === from.key || along <= 4) continue
      const cost = along + 2.5 * across
      if (best === null || cost < best[0]) best = [cost, thing.key]
    }
    return best?.[1] ?? null
  }

  /** The things whose words hold a text. */
  find(text: string): string[] {
    const wanted = text.trim().toLowerCase()
    if (!wanted || !this.chart) return []
    const found: string[] = []
    for (const { thing, group } of this.spots.values()) {
      const words = `${thing.title}\n${thing.id}\n${group.textContent ?? ""}`
      if (words.toLowerCase().includes(wanted)) found.push(thing.key)
    }
    const order = (key: string): number => this.spots.get(key)?.thing.box[1] ?? 0
    return found.sort((a, b) => order(a) - order(b))
  }
}

function middle(thing: Thing): [number, number] {
  const [x, y, width, height] = thing.box
  return thing.kind === "loop" ? [x + width / 2, y + Math.min(height, 30) / 2] : [x + width / 2, y + height / 2]
}

function boxOf(thing: Thing): Box {
  const [x, y, width, height] = thing.box
  return { x, y, width, height }
}

function around(things: Thing[]): Box | null {
  if (!things.length) return null
  const left = Math.min(...things.map((thing) => thing.box[0]))
  const top = Math.min(...things.map((thing) => thing.box[1]))
  const right = Math.max(...things.map((thing) => thing.box[0] + thing.box[2]))
  const bottom = Math.max(...things.map((thing) => thing.box[1] + thing.box[3]))
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** A state that is too long for its place loses what is said last. */
function fitting(text: string): string {
  if (text.length <= LONGEST) return text
  const parts = text.split(" · ")
  while (parts.length > 1 && parts.join(" · ").length > LONGEST) parts.pop()
  const said = parts.join(" · ")
  return said.length <= LONGEST ? said : `${said.slice(0, LONGEST - 1)}…`
}
