// The run view: flowchart, look panel, source, timeline and slider of one run, fed by its stream.
//
// Streamlit calls the function below again whenever the data changes, and once more each time the view is put on a page
// anew: what a person has set is kept by run, apart from the elements.

import { ChartView } from "./chart"
import { controlsOf } from "./chart-controls"
import { button, h } from "./dom"
import { legendOf } from "./legend"
import { LookView } from "./look"
import { memoryOf, type Memory } from "./memory"
import type { Hello, Message, Request, States } from "./messages"
import { SliderView } from "./slider"
import { SourceView } from "./source"
import { Stream } from "./stream"
import { STYLES } from "./styles"
import { TimelineView } from "./timeline"
import { watchTheme } from "./theme"

interface Data {
  stream: string
  height: number
  title: string
}

interface Component {
  data: Data
  parentElement: HTMLElement | ShadowRoot
  setStateValue(name: string, value: unknown): void
  setTriggerValue(name: string, value: unknown): void
}

const NARROW = 780
const TELL_AFTER = 300
const views = new WeakMap<object, RunView>()

const WORDS: Record<string, string> = {
  writing: "Writing the flow", pricing: "May it run?", running: "Running", asking: "Waits for you", paused: "Paused",
  answered: "Answered", failed: "Failed", limit: "Stopped at a limit", cancelled: "Cancelled", waiting: "Waits for a person",
}

class RunView {
  private readonly root: HTMLElement
  private readonly colours = h("style", {})
  private readonly status = h("span", { class: "status", role: "status" })
  private readonly numbers = h("span", { class: "numbers" })
  private readonly lost = h("div", { class: "lost", hidden: true, role: "alert" })
  private readonly hint = h("div", { class: "hint" }, "The flowchart appears here as soon as there is something to draw.")
  private readonly search = h("input", { type: "search", placeholder: "Find a step", "aria-label": "find a step" })
  private readonly hits = h("span", { class: "hits", "aria-live": "polite" })
  private readonly followed = button("Follow", () => this.setFollow(!this.memory.follow), "keep what is running in sight")
  private readonly stage = h("div", {
    class: "stage", tabindex: 0, role: "application",
    "aria-label": "flowchart: arrow keys go from step to step, + and - zoom, 0 fits, / finds",
  })
  private readonly grip = h("div", { class: "grip", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "width of the panel" })
  private readonly side = h("aside", { class: "side" })
  private readonly pane = h("div", { class: "pane", tabindex: -1 })
  private readonly tabs: Record<"look" | "source", HTMLButtonElement>
  private readonly shown: HTMLButtonElement
  private readonly said = h("div", { class: "unseen", "aria-live": "polite" })
  private readonly chart: ChartView
  private readonly look: LookView
  private readonly source: SourceView
  private readonly timeline: TimelineView
  private readonly slider: SliderView
  private readonly scrolls = { look: 0, source: 0 }
  private readonly watcher: ResizeObserver
  private readonly unwatch: () => void
  private stream: Stream
  private hello: Hello | null = null
  private dark = false
  private found: string[] = []
  private foundAt = -1
  private telling: ReturnType<typeof setTimeout> | undefined
  private last: States | null = null

  constructor(private component: Component, private memory: Memory) {
    this.look = new LookView({
      frame: (frame) => this.select(this.memory.key, frame),
      inner: (frame) => { this.memory.inner = frame; this.ask() },
      select: (key, frame) => this.select(key, frame, true),
      fork: (flow, node, frame) => this.component.setTriggerValue("fork", { flow, node, frame }),
    })
    this.source = new SourceView((key) => this.select(key, "", true))
    this.slider = new SliderView((request) => this.send(request))
    this.timeline = new TimelineView((key, frame) => this.select(key, frame, true), (time) => this.slider.toTime(time))
    this.chart = new ChartView(this.stage, {
      select: (key) => this.select(key, ""),
      close: (keys) => { this.memory.closed = keys; this.send({ do: "close", keys }) },
      place: (place, fitted) => { this.memory.place = place; this.memory.fitted = fitted },
      person: () => this.setFollow(false),
    })
    this.tabs = {
      look: button("Look", () => this.setTab("look")),
      source: button("Flow", () => this.setTab("source")),
    }
    this.shown = button("Panel", () => this.setSide(!this.memory.side), "show or hide the panel")
    this.root = h("div", { class: "fr" }, this.top(), this.lost, this.middle(), this.timeline.element, this.slider.element, this.said)
    component.parentElement.append(h("style", {}, STYLES), this.colours, this.root)
    this.watcher = new ResizeObserver(() => this.resized())
    this.watcher.observe(this.root)
    this.watcher.observe(this.stage)
    this.unwatch = watchTheme(this.root, (dark) => this.setTheme(dark))
    this.recall()
    this.stream = this.open()
  }

  // --- the frame ---

  private top(): HTMLElement {
    this.search.addEventListener("input", () => this.find())
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.jump(this.memory.key !== this.found[this.foundAt] ? 0 : event.shiftKey ? -1 : 1)
      else if (event.key === "Escape") { this.search.value = ""; this.find(); this.stage.focus() }
      else return
      event.preventDefault()
    })
    return h("div", { class: "top" }, this.status, this.numbers,
      h("div", { class: "find" }, this.search, this.hits), this.followed, this.shown)
  }

  private middle(): HTMLElement {
    const controls = controlsOf(this.chart, () => this.hello ? legendOf(this.hello) : [], () => this.colours.textContent ?? "")
    this.stage.append(this.hint, ...controls)
    this.stage.addEventListener("keydown", (event) => this.key(event))
    const tabs = h("div", { class: "tabs", role: "tablist" }, this.tabs.look, this.tabs.source,
      button("✕", () => this.setSide(false), "hide the panel", "quiet hide"))
    for (const tab of [this.tabs.look, this.tabs.source]) tab.setAttribute("role", "tab")
    this.side.append(tabs, this.pane)
    this.pane.addEventListener("scroll", () => { this.scrolls[this.memory.tab] = this.pane.scrollTop }, { passive: true })
    this.grip.addEventListener("pointerdown", (event) => this.resize(event))
    this.grip.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowLeft" ? 24 : event.key === "ArrowRight" ? -24 : 0
      if (by) { event.preventDefault(); this.setWidth(this.memory.width + by) }
    })
    return h("div", { class: "main" }, this.stage, this.grip, this.side)
  }

  private recall(): void {
    const { memory } = this
    this.root.style.height = `${this.component.data.height}px`
    this.setWidth(memory.width)
    this.setSide(memory.side)
    this.setTab(memory.tab)
    if (memory.place) this.chart.restore(memory.place, memory.fitted)
    this.chart.follow = memory.follow
    this.followed.setAttribute("aria-pressed", String(memory.follow))
    this.timeline.setSelected(memory.key, memory.frame)
    this.chart.select(memory.key)
  }

  private open(): Stream {
    return new Stream(this.component.data.stream, (message) => this.take(message), (linked, gone) => {
      this.lost.hidden = linked
      this.lost.textContent = gone
        ? "This run is not in memory any more. Open it again from the list of runs."
        : "The connection to the app is lost. Trying again …"
    }, () => this.greeting())
  }

  private greeting(): Request[] {
    const { key, frame, inner, closed, at } = this.memory
    const said: Request[] = []
    if (closed.length) said.push({ do: "close", keys: closed })
    if (at >= 0) said.push({ do: "seek", at })
    if (key !== null) said.push({ do: "select", key, frame, inner })
    return said
  }

  private send(request: Request): void {
    this.stream.send(request)
  }

  update(component: Component): void {
    const before = this.component.data.stream
    this.component = component
    this.root.style.height = `${component.data.height}px`
    if (component.data.stream === before) return
    this.stream.close()
    this.memory = memoryOf(component.data.stream)
    this.recall()
    this.stream = this.open()
  }

  dispose(): void {
    clearTimeout(this.telling)
    this.slider.pause()
    this.stream.close()
    this.watcher.disconnect()
    this.unwatch()
    this.timeline.dispose()
    this.chart.zoom.stop()
  }

  // --- what the stream tells ---

  private take(message: Message): void {
    switch (message.kind) {
      case "hello": this.hello = message; this.paint(); this.chart.greet(message); break
      case "chart":
        this.hint.hidden = true
        this.chart.setChart(message)
        this.chart.select(this.memory.key)
        this.source.setChart(message)
        this.find(false)
        this.light(false)
        break
      case "writing": {
        const { scrollTop, scrollHeight, clientHeight } = this.pane
        this.source.setWriting(message, this.chart.chart?.whole ?? false)
        if (!message.done && this.memory.tab === "source" && scrollHeight - scrollTop - clientHeight < 60) {
          this.pane.scrollTop = this.pane.scrollHeight
        }
        break
      }
      case "states": this.states(message); break
      case "timeline": this.timeline.set(message); break
      case "marks": this.slider.setMarks(message); break
      case "look": this.look.set(message); break
      case "gone": break
    }
  }

  private states(message: States): void {
    const ends = message.over && this.last !== null && !this.last.over && message.live
    this.last = message
    this.chart.setStates(message, !message.live && !this.slider.playing)
    this.slider.setStates(message)
    this.timeline.setStates(message)
    this.status.textContent = WORDS[message.status] ?? message.status
    this.status.classList.toggle("failed", message.status === "failed")
    this.numbers.textContent = message.run.numbers + (message.run.limit ? ` · limit reached: ${message.run.limit}` : "")
    this.followed.hidden = message.over
    if (ends && this.memory.follow) this.chart.ended()
    const at = message.live ? -1 : message.at
    if (at !== this.memory.at) {
      this.memory.at = at
      this.tell()
    }
  }

  // --- what a person does ---

  private select(key: string | null, frame: string, reveal = false): void {
    const { memory } = this
    if (key !== memory.key) memory.inner = ""
    memory.key = key
    memory.frame = frame
    if (key !== null && memory.tab === "source" && !reveal) this.setTab("look")
    if (key !== null && reveal && memory.tab === "source" && frame) this.setTab("look")
    this.chart.select(key, reveal)
    this.timeline.setSelected(key, frame)
    this.light(true)
    this.ask()
    const spot = key === null ? undefined : this.chart.spots.get(key)
    this.said.textContent = spot ? `${spot.thing.title}, ${spot.state[1] || spot.state[0]}` : ""
    this.tell()
  }

  private ask(): void {
    const { key, frame, inner } = this.memory
    this.send({ do: "select", key, frame, inner })
  }

  private light(reveal: boolean): void {
    const { key } = this.memory
    this.source.light(key === null ? null : this.chart.spots.get(key)?.thing.span ?? null)
    if (reveal && this.memory.tab === "source") this.revealSource()
  }

  /** Tells the page what is selected, a little later, and only where that is news. */
  private tell(): void {
    clearTimeout(this.telling)
    this.telling = setTimeout(() => {
      if (this.slider.playing) { this.tell(); return }
      const { key, frame, at } = this.memory
      const value = key === null ? null : { key, frame, at }
      const stamp = JSON.stringify(value)
      if (stamp === this.memory.told) return
      this.memory.told = stamp
      this.component.setStateValue("selected", value)
    }, TELL_AFTER)
  }

  private setFollow(follow: boolean): void {
    if (this.memory.follow !== follow || this.chart.follow !== follow) {
      this.memory.follow = follow
      this.chart.follow = follow
      this.followed.setAttribute("aria-pressed", String(follow))
      if (follow) this.chart.setFollow(true)
    }
  }

  private fit(): void {
    this.chart.fit()
  }

  private full(): void {
    const { zoom } = this.chart
    zoom.by(1 / zoom.place.scale)
  }

  private find(jump = true): void {
    this.found = this.chart.find(this.search.value)
    this.foundAt = Math.min(this.foundAt, this.found.length - 1)
    this.chart.setHits(this.found)
    this.countHits()
    if (jump) { this.foundAt = -1; if (this.found.length) this.jump(1, false) }
  }

  private jump(by: number, select = true): void {
    if (!this.found.length) return
    this.foundAt = (this.foundAt + by + this.found.length) % this.found.length
    this.countHits()
    const key = this.found[this.foundAt]
    if (key === undefined) return
    const [x, y, width, height] = this.chart.spots.get(key)?.thing.box ?? [0, 0, 0, 0]
    this.chart.zoom.reveal({ x, y, width, height }, false, 0.5)
    if (select) this.select(key, "")
  }

  private countHits(): void {
    const { value } = this.search
    this.hits.textContent = !value.trim() ? "" : this.found.length ? `${this.foundAt + 1} of ${this.found.length}` : "none"
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return
    const moves: Record<string, [number, number]> = {
      ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0],
    }
    const move = moves[event.key]
    if (move) {
      const next = this.chart.neighbour(this.memory.key, ...move)
      if (next !== null) this.select(next, "", true)
    } else if (event.key === "+" || event.key === "=") this.chart.zoom.by(1.3)
    else if (event.key === "-") this.chart.zoom.by(1 / 1.3)
    else if (event.key === "0") this.fit()
    else if (event.key === "1") this.full()
    else if (event.key === "f") this.setFollow(!this.memory.follow)
    else if (event.key === "/") this.search.focus()
    else if (event.key === "Enter") { this.setSide(true); this.setTab("look"); this.pane.focus() }
    else if (event.key === "Escape") this.select(null, "")
    else if (event.key === " ") this.slider.toggle()
    else return
    event.preventDefault()
  }

  // --- the panel ---

  private setTab(tab: "look" | "source"): void {
    if (this.pane.firstElementChild) this.scrolls[this.memory.tab] = this.pane.scrollTop
    this.memory.tab = tab
    for (const [name, each] of Object.entries(this.tabs)) each.setAttribute("aria-selected", String(name === tab))
    const view = tab === "look" ? this.look.element : this.source.element
    if (this.pane.firstElementChild !== view) this.pane.replaceChildren(view)
    this.pane.scrollTop = this.scrolls[tab]
    if (tab === "source") this.revealSource()
  }

  private revealSource(): void {
    const line = this.source.element.querySelector<HTMLElement>(".lit")
    if (!line) return
    const top = line.offsetTop - this.pane.offsetTop
    if (top < this.pane.scrollTop || top > this.pane.scrollTop + this.pane.clientHeight - 40) {
      this.pane.scrollTop = Math.max(0, top - this.pane.clientHeight / 3)
    }
  }

  private setSide(side: boolean): void {
    this.memory.side = side
    this.side.hidden = !side
    this.grip.hidden = !side
    this.shown.setAttribute("aria-pressed", String(side))
  }

  private setWidth(width: number): void {
    const most = Math.max(260, (this.root.clientWidth || 1200) - 320)
    this.memory.width = Math.max(240, Math.min(most, width))
    this.side.style.flexBasis = `${this.memory.width}px`
  }

  private resize(event: PointerEvent): void {
    event.preventDefault()
    this.grip.setPointerCapture(event.pointerId)
    const began = event.clientX + this.memory.width
    const move = (moved: PointerEvent): void => this.setWidth(began - moved.clientX)
    const end = (): void => {
      this.grip.removeEventListener("pointermove", move)
      this.grip.removeEventListener("pointerup", end)
    }
    this.grip.addEventListener("pointermove", move)
    this.grip.addEventListener("pointerup", end)
  }

  private resized(): void {
    const narrow = this.root.clientWidth > 0 && this.root.clientWidth < NARROW
    this.root.classList.toggle("narrow", narrow)
    this.side.style.flexBasis = narrow ? "auto" : `${this.memory.width}px`
    this.chart.resized()
  }

  // --- colours ---

  private setTheme(dark: boolean): void {
    this.dark = dark
    this.root.classList.toggle("dark", dark)
    this.timeline.setTheme(dark)
    this.paint()
  }

  private paint(): void {
    if (this.hello) this.colours.textContent = this.dark ? this.hello.dark : this.hello.light
  }
}

export default function (component: Component): () => void {
  const known = views.get(component.parentElement)
  if (known) known.update(component)
  else views.set(component.parentElement, new RunView(component, memoryOf(component.data.stream)))
  return () => {
    views.get(component.parentElement)?.dispose()
    views.delete(component.parentElement)
  }
}
