// The run view: flowchart, look panel, source, timeline and slider of one run, fed by its stream.
//
// Streamlit calls the function below again whenever the data changes, and once more each time the view is put on a page
// anew: what a person has set is kept by run, apart from the elements.

import { ChartView } from "./chart"
import { controlsOf } from "./chart-controls"
import { h } from "./dom"
import { HeadView } from "./head"
import { legendOf } from "./legend"
import { LookView } from "./look"
import { memoryOf, type Memory } from "./memory"
import type { Hello, Message, Request, States } from "./messages"
import { RUN_STYLES } from "./run-styles"
import { SideView } from "./side"
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
/** What of the window's height the page needs beside a run, and the least that a run can do with. */
const AROUND = 240
const LEAST_HIGH = 520
const views = new WeakMap<object, RunView>()

class RunView {
  private readonly root: HTMLElement
  private readonly colours = h("style", {})
  private readonly lost = h("div", { class: "lost", hidden: true, role: "alert" })
  private readonly hint = h("div", { class: "hint" }, nothingYet(false, true))
  private readonly stage = h("div", {
    class: "stage", tabindex: 0, role: "application",
    "aria-label": "flowchart: arrow keys go from step to step, + and - zoom, 0 fits, / finds",
  })
  private readonly said = h("div", { class: "unseen", "aria-live": "polite" })
  private readonly head: HeadView
  private readonly side: SideView
  private readonly chart: ChartView
  private readonly look: LookView
  private readonly source: SourceView
  private readonly timeline: TimelineView
  private readonly slider: SliderView
  private readonly watcher: ResizeObserver
  private readonly unwatch: () => void
  private stream: Stream
  private hello: Hello | null = null
  private dark = false
  private narrow = false
  private found: string[] = []
  private foundAt = -1
  private telling: ReturnType<typeof setTimeout> | undefined
  private readonly measured = (): void => this.measure()

  constructor(private component: Component, private memory: Memory) {
    this.look = new LookView({
      frame: (frame) => this.select(this.memory.key, frame),
      find: (text) => { this.memory.find = text; this.ask() },
      inner: (frame) => { this.memory.inner = frame; this.ask() },
      select: (key, frame) => this.select(key, frame, true),
      fork: (flow, node, frame) => this.component.setTriggerValue("fork", { flow, node, frame }),
    })
    this.source = new SourceView((key) => this.select(key, "", true))
    this.slider = new SliderView((request) => this.send(request), (time) => this.head.tick(time))
    this.timeline = new TimelineView((key, frame) => this.select(key, frame, true), (time) => this.slider.toTime(time))
    this.chart = new ChartView(this.stage, {
      select: (key) => this.select(key, ""),
      close: (keys) => { this.memory.closed = keys; this.send({ do: "close", keys }) },
      place: (place, fitted) => { this.memory.place = place; this.memory.fitted = fitted },
      person: () => this.setFollow(false),
    })
    this.head = new HeadView({
      find: () => this.find(),
      jump: (by) => this.jump(this.memory.key !== this.found[this.foundAt] ? 0 : by),
      leave: () => this.stage.focus(),
      follow: () => this.setFollow(!this.memory.follow),
      panel: () => this.side.show(!this.side.shown),
    })
    this.side = new SideView(memory, { look: this.look.element, source: this.source.element },
      (shown) => this.head.setPanel(shown))
    this.root = h("div", { class: "fr" }, this.head.element, this.lost, this.middle(), this.slider.element,
      this.timeline.element, this.said)
    component.parentElement.append(h("style", {}, STYLES), h("style", {}, RUN_STYLES), this.colours, this.root)
    this.watcher = new ResizeObserver(() => this.resized())
    this.watcher.observe(this.root)
    this.watcher.observe(this.stage)
    window.addEventListener("resize", this.measured)
    this.unwatch = watchTheme(this.root, (dark) => this.setTheme(dark))
    this.recall()
    this.stream = this.open()
  }

  // --- the frame ---

  private middle(): HTMLElement {
    const controls = controlsOf(this.chart, () => this.hello ? legendOf(this.hello) : [], () => this.colours.textContent ?? "")
    this.stage.append(h("div", { class: "shades" }), this.hint, ...controls)
    this.stage.addEventListener("keydown", (event) => this.key(event))
    return h("div", { class: "main" }, this.stage, this.side.grip, this.side.element)
  }

  private recall(): void {
    const { memory } = this
    this.measure()
    this.side.recall(memory)
    if (memory.place) this.chart.restore(memory.place, memory.fitted)
    this.chart.follow = memory.follow
    this.head.setFollow(memory.follow)
    this.timeline.setSelected(memory.key, memory.frame)
    this.chart.select(memory.key)
  }

  /** As high as it was told to be, and no higher than the window. */
  private measure(): void {
    const high = Math.max(LEAST_HIGH, Math.min(this.component.data.height, window.innerHeight - AROUND))
    this.root.style.height = `${high}px`
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
    const { key, frame, inner, find, closed, at } = this.memory
    const said: Request[] = []
    if (closed.length) said.push({ do: "close", keys: closed })
    if (at >= 0) said.push({ do: "seek", at })
    if (key !== null) said.push({ do: "select", key, frame, inner, find })
    return said
  }

  private send(request: Request): void {
    this.stream.send(request)
  }

  update(component: Component): void {
    const before = this.component.data.stream
    this.component = component
    this.measure()
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
    window.removeEventListener("resize", this.measured)
    this.unwatch()
    this.timeline.dispose()
    this.chart.zoom.stop()
  }

  // --- what the stream tells ---

  private take(message: Message): void {
    switch (message.kind) {
      case "hello": this.hello = message; this.paint(); this.chart.greet(message); break
      case "chart":
        this.hint.hidden = message.things.length > 0
        this.chart.setChart(message)
        this.chart.select(this.memory.key)
        this.source.setChart(message)
        this.find(false)
        this.light(false)
        break
      case "writing": {
        const { atEnd } = this.side
        this.source.setWriting(message)
        if (!message.whole && this.memory.tab === "source" && atEnd) this.side.pane.scrollTop = this.side.pane.scrollHeight
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
    const { memory } = this
    if (!message.over) memory.watched = true
    const ends = message.over && message.live && memory.watched
    if (ends) memory.watched = false
    this.chart.setStates(message, !message.live && !this.slider.playing)
    this.timeline.setStates(message)
    this.head.setStates(message)
    this.slider.setStates(message)
    this.hint.textContent = nothingYet(message.over, message.live)
    if (ends && memory.follow) this.chart.ended()
    const at = message.live ? -1 : message.at
    if (at !== memory.at) {
      memory.at = at
      this.tell()
    }
  }

  // --- what a person does ---

  private select(key: string | null, frame: string, reveal = false): void {
    const { memory } = this
    if (key !== memory.key) memory.inner = memory.find = ""
    memory.key = key
    memory.frame = frame
    if (key !== null && memory.tab === "source" && !reveal) this.side.setTab("look")
    if (key !== null && reveal && memory.tab === "source" && frame) this.side.setTab("look")
    if (key !== null && this.narrow && !this.side.shown) this.side.show(true)
    this.chart.select(key, reveal)
    this.timeline.setSelected(key, frame)
    this.light(true)
    this.ask()
    const spot = key === null ? undefined : this.chart.spots.get(key)
    this.said.textContent = spot ? `${spot.thing.title}, ${spot.state[1] || spot.state[0]}` : ""
    this.tell()
  }

  private ask(): void {
    const { key, frame, inner, find } = this.memory
    this.send({ do: "select", key, frame, inner, find })
  }

  private light(reveal: boolean): void {
    const { key } = this.memory
    this.source.light(key)
    if (reveal && this.memory.tab === "source") this.side.revealLit()
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
      this.head.setFollow(follow)
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
    this.found = this.chart.find(this.head.search.value)
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
    const none = this.head.search.value.trim() ? "none" : ""
    this.head.setHits(this.found.length ? `${this.foundAt + 1} of ${this.found.length}` : none)
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
    else if (event.key === "/") this.head.search.focus()
    else if (event.key === "Enter") { this.side.show(true); this.side.setTab("look"); this.side.pane.focus() }
    else if (event.key === "Escape") this.select(null, "")
    else if (event.key === " ") this.slider.toggle()
    else return
    event.preventDefault()
  }

  private resized(): void {
    const wide = this.root.clientWidth
    this.narrow = wide > 0 && wide < NARROW
    this.root.classList.toggle("narrow", this.narrow)
    this.side.resized(wide, this.narrow)
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

/** What stands in the place of a chart that has nothing in it. */
function nothingYet(over: boolean, live: boolean): string {
  if (!live) return "At this moment there was no flow yet."
  return over ? "The run ended before there was a flow to draw." : "The flowchart appears here as soon as there is something to draw."
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
