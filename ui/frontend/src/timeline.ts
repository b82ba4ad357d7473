// The timeline: a bar for each step in each frame, drawn on a canvas so that thousands stay smooth.

import { AXIS, BarPen, LANE, type View } from "./barpen"
import { describe } from "./bars"
import { count, h, seconds, type Child } from "./dom"
import type { Bar, States, TimelineMessage } from "./messages"

const MOST_ZOOM = 4000
const LEAST_HIGH = 42
const MOST_HIGH = 122

export class TimelineView {
  readonly element: HTMLElement
  private readonly totals = h("div", { class: "totals" })
  private readonly canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": "timeline: arrow keys go from step to step, + and - zoom, 0 shows all" })
  private readonly tip = h("div", { class: "tip", hidden: true })
  private readonly said = h("div", { class: "unseen", "aria-live": "polite" })
  private readonly box: HTMLElement
  private readonly bars: Bar[] = []
  private chain = new Set<number>()
  private lanes = 0
  private breaks: TimelineMessage["breaks"] = []
  private pauses: TimelineMessage["pauses"] = []
  private told = ""
  private until = 0
  private now = 0
  private live = true
  private over = false
  private dark = false
  private paper = "#ffffff"
  private selected: { key: string; frame: string } | null = null
  private hover: Bar | null = null
  private cursor = -1
  /** What is seen: from which time on, at how many pixels a second; nothing: all of it. */
  private from = 0
  private scale = 0
  private scroll = 0
  private frame = 0
  private drag: { x: number; y: number; from: number; scroll: number; moved: boolean } | null = null
  private readonly watcher: ResizeObserver

  constructor(
    private readonly select: (key: string, frame: string) => void,
    private readonly seek: (time: number) => void,
  ) {
    this.box = h("div", { class: "canvas" }, this.canvas, this.tip)
    this.element = h("div", { class: "timeline" }, this.totals, this.box, this.said)
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    this.canvas.addEventListener("pointerdown", (event) => this.down(event))
    this.canvas.addEventListener("pointermove", (event) => this.move(event))
    this.canvas.addEventListener("pointerup", (event) => this.up(event))
    this.canvas.addEventListener("pointerleave", () => this.point(null))
    this.canvas.addEventListener("dblclick", () => { this.scale = 0; this.paint() })
    this.canvas.addEventListener("keydown", (event) => this.key(event))
    this.watcher = new ResizeObserver(() => this.paint())
    this.watcher.observe(this.box)
  }

  dispose(): void {
    this.watcher.disconnect()
    cancelAnimationFrame(this.frame)
  }

  setTheme(dark: boolean): void {
    this.dark = dark
    this.paper = getComputedStyle(this.element).backgroundColor || this.paper
    this.paint()
  }

  set(message: TimelineMessage): void {
    if (message.full) this.bars.length = 0
    for (const bar of message.bars) this.bars[bar.n] = bar
    this.chain = new Set(message.chain)
    this.lanes = message.lanes
    this.breaks = message.breaks
    this.pauses = message.pauses
    this.until = Math.max(this.until, message.seconds)
    this.box.style.height = `${Math.max(LEAST_HIGH, Math.min(MOST_HIGH, message.lanes * LANE + AXIS + 8))}px`
    this.tell(message)
    this.paint()
  }

  /** What the marks mean, of those that there are, with what they come to. */
  private tell(message: TimelineMessage): void {
    const some = (test: (bar: Bar) => boolean): boolean => this.bars.some((bar) => bar && !bar.again && test(bar))
    const waits = (what: string): boolean => some((bar) => bar.spans.some((span) => span[2] === what))
    const said: Child[] = [
      message.chain.length > 1 ? mark("chain", "decided how long it took", `${seconds(message.critical)} of ${seconds(message.seconds)}`) : null,
      waits("limit") ? mark("limit", "waiting for the model’s server", seconds(message.waited)) : null,
      waits("turn") && !waits("limit") ? mark("limit", "waiting for its turn") : null,
      waits("person") ? mark("person", "waiting for a person") : null,
      message.saved ? mark("saved", "answer reused from before", `${count(message.saved, "call")} saved`) : null,
      some((bar) => bar.status === "failed") ? mark("failed", "failed") : null,
      some((bar) => bar.status === "limit") ? mark("undone", "left undone: limit reached") : null,
      message.left_out ? h("span", {}, `${count(message.left_out, "more step")} not drawn`) : null,
    ]
    const stamp = said.map((each) => (each instanceof Node ? each.textContent : "")).join("|")
    if (stamp === this.told) return
    this.told = stamp
    this.totals.replaceChildren(h("b", {}, "When what ran"), ...said.filter((each): each is Node => each instanceof Node))
  }

  setStates(message: States): void {
    this.now = message.live && !message.over ? Math.max(message.time, message.run.seconds) : message.time
    this.live = message.live
    this.element.classList.toggle("past", !message.live && message.at < message.of)
    this.over = message.over
    this.until = Math.max(message.until, this.over ? 0 : this.until, this.live ? this.now : 0)
    this.paint()
  }

  setSelected(key: string | null, frame: string): void {
    this.selected = key === null ? null : { key, frame }
    this.paint()
  }

  // --- drawing ---

  private paint(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.draw())
  }

  private view(): View {
    const wide = this.box.clientWidth
    const high = this.box.clientHeight
    const all = Math.max(0.001, this.until)
    const least = (wide - 24) / all
    if (this.scale && this.scale <= least) this.scale = 0
    return {
      from: this.scale ? this.from : -8 / least, scale: this.scale || least, wide, high, scroll: this.scroll,
      until: this.until, dark: this.dark, paper: this.paper,
    }
  }

  private draw(): void {
    const high = this.box.clientHeight
    this.scroll = Math.max(0, Math.min(this.scroll, this.lanes * LANE + AXIS + 6 - high))
    const view = this.view()
    const { wide } = view
    if (!wide || !high) return
    const ratio = window.devicePixelRatio || 1
    if (this.canvas.width !== Math.round(wide * ratio) || this.canvas.height !== Math.round(high * ratio)) {
      this.canvas.width = Math.round(wide * ratio)
      this.canvas.height = Math.round(high * ratio)
    }
    const pen = this.canvas.getContext("2d")
    if (!pen) return
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, wide, high)
    const made = new BarPen(pen, view)
    pen.save()
    pen.beginPath()
    pen.rect(0, AXIS, wide, high - AXIS)
    pen.clip()
    for (const bar of this.bars) {
      if (!bar || bar.again) continue
      const [chosen, pointed] = [this.isChosen(bar), this.hover === bar]
      made.bar(bar, this.chain.has(bar.n), chosen, pointed, pointed || !!this.selected?.frame)
    }
    for (const [began, ended] of this.pauses) made.pause(began, ended)
    for (const [at, after] of this.breaks) made.resumed(at, after)
    pen.restore()
    made.axis()
    made.now(this.now, this.live)
  }

  private isChosen(bar: Bar): boolean {
    const { selected } = this
    return selected !== null && bar.key === selected.key && (!selected.frame || bar.frame === selected.frame)
  }

  // --- what a person does ---

  private barAt(x: number, y: number): Bar | null {
    const { from, scale } = this.view()
    const lane = Math.floor((y - AXIS - 1 + this.scroll) / LANE)
    if (y < AXIS) return null
    let found: Bar | null = null
    for (const bar of this.bars) {
      if (!bar || bar.again || bar.lane !== lane) continue
      const left = (bar.start - from) * scale
      const right = Math.max(left + 3, ((bar.end ?? Math.max(this.until, bar.start)) - from) * scale)
      if (x >= left - 2 && x <= right + 2) found = bar
    }
    return found
  }

  /** With Ctrl it zooms; else the page goes on scrolling, unless there are lanes out of sight. */
  private wheel(event: WheelEvent): void {
    const { from, scale, wide, high } = this.view()
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) {
      const to = Math.max(0, Math.min(this.scroll + event.deltaY, this.lanes * LANE + AXIS + 6 - high))
      if (to === this.scroll) return
      this.scroll = to
      event.preventDefault()
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      if (!this.scale) return
      event.preventDefault()
      this.from = this.kept(from + (event.deltaX || event.deltaY) / scale, scale, wide)
    } else {
      event.preventDefault()
      const at = from + event.offsetX / scale
      const all = (wide - 24) / Math.max(0.001, this.until)
      const next = Math.min(all * MOST_ZOOM, scale * Math.exp(-event.deltaY * 0.0022))
      if (next <= all) this.scale = 0
      else {
        this.scale = next
        this.from = this.kept(at - event.offsetX / next, next, wide)
      }
    }
    this.paint()
  }

  private kept(from: number, scale: number, wide: number): number {
    return Math.max(-8 / scale, Math.min(from, this.until - (wide - 24) / scale))
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return
    const { from } = this.view()
    this.drag = { x: event.offsetX, y: event.offsetY, from, scroll: this.scroll, moved: false }
    this.canvas.setPointerCapture(event.pointerId)
  }

  private move(event: PointerEvent): void {
    const { drag } = this
    const { scale, wide } = this.view()
    if (!drag) {
      this.point(this.barAt(event.offsetX, event.offsetY), event.offsetX, event.offsetY)
      return
    }
    if (drag.y < AXIS) {
      this.seek(drag.from + event.offsetX / scale)
      drag.moved = true
      return
    }
    if (!drag.moved && Math.hypot(event.offsetX - drag.x, event.offsetY - drag.y) < 4) return
    drag.moved = true
    this.point(null)
    if (this.scale) this.from = this.kept(drag.from - (event.offsetX - drag.x) / scale, scale, wide)
    this.scroll = drag.scroll - (event.offsetY - drag.y)
    this.paint()
  }

  private up(event: PointerEvent): void {
    const { drag } = this
    this.drag = null
    if (!drag || drag.moved) return
    const { from, scale } = this.view()
    if (event.offsetY < AXIS) {
      this.seek(from + event.offsetX / scale)
      return
    }
    const bar = this.barAt(event.offsetX, event.offsetY)
    if (bar) this.choose(bar)
  }

  private choose(bar: Bar): void {
    this.cursor = bar.n
    this.select(bar.key, bar.kind === "compile" ? "" : bar.frame)
  }

  private point(bar: Bar | null, x = 0, y = 0): void {
    if (this.hover !== bar) {
      this.hover = bar
      this.canvas.style.cursor = bar ? "pointer" : ""
      this.paint()
    }
    this.tip.hidden = !bar
    if (!bar) return
    this.tip.replaceChildren(h("b", {}, bar.label), ...describe(bar, this.until, this.chain.has(bar.n))
      .map((line) => h("div", {}, line)))
    const wide = this.box.clientWidth
    this.tip.style.left = `${Math.min(x + 14, Math.max(0, wide - this.tip.offsetWidth - 4))}px`
    this.tip.style.top = `${y + 16 + this.tip.offsetHeight > this.box.clientHeight ? Math.max(-40, y - this.tip.offsetHeight - 8) : y + 16}px`
  }

  private key(event: KeyboardEvent): void {
    const { scale } = this.view()
    const bar = this.next(event.key)
    if (event.key === "+" || event.key === "=") { this.from = this.view().from; this.scale = scale * 1.5 }
    else if (event.key === "-") this.scale = scale / 1.5
    else if (event.key === "0") this.scale = 0
    else if (bar === undefined) return
    event.preventDefault()
    event.stopPropagation()
    if (bar) this.go(bar)
    this.paint()
  }

  /** The bar that a key leads to; null where there is none, undefined for a key that leads nowhere. */
  private next(key: string): Bar | null | undefined {
    const drawn = this.bars.filter((bar) => bar && !bar.again)
    const at = drawn.findIndex((bar) => bar.n === this.cursor)
    const from = drawn[at]
    if (key === "Home" || (!from && key.startsWith("Arrow"))) return drawn[0] ?? null
    if (key === "End") return drawn[drawn.length - 1] ?? null
    if (key === "ArrowRight" || key === "ArrowLeft") return drawn[at + (key === "ArrowRight" ? 1 : -1)] ?? null
    if (!from || (key !== "ArrowDown" && key !== "ArrowUp")) return undefined
    const way = key === "ArrowDown" ? 1 : -1
    const away = (bar: Bar): number => Math.abs(bar.lane - from.lane) * 1e6 + Math.abs(bar.start - from.start)
    return drawn.filter((bar) => (bar.lane - from.lane) * way > 0).sort((one, other) => away(one) - away(other))[0] ?? null
  }

  private go(bar: Bar): void {
    const { scale, wide, high } = this.view()
    if (this.scale) this.from = this.kept(bar.start - wide / 3 / scale, scale, wide)
    const top = bar.lane * LANE
    if (top < this.scroll || top + LANE > this.scroll + high - AXIS) this.scroll = Math.max(0, top - (high - AXIS) / 2)
    this.choose(bar)
    this.said.textContent = [bar.label, ...describe(bar, this.until, this.chain.has(bar.n))].join(", ")
  }
}

/** What a mark means, and what all of it comes to, which is told of the whole run only. */
function mark(kind: string, words: string, amount = ""): HTMLElement {
  return h("span", { class: "mark" }, h("i", { class: `swatch ${kind}`, "aria-hidden": "true" }),
    h("span", {}, words, amount ? h("span", { class: "amount" }, `: ${amount}`) : null))
}
