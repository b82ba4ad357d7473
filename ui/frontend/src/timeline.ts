// The timeline: a bar for each step in each frame, drawn on a canvas so that thousands stay smooth.

import { DARK, describe, LIGHT, tick, type Tints } from "./bars"
import { count, h, seconds } from "./dom"
import type { Bar, States, TimelineMessage } from "./messages"

const LANE = 15
const BAR = 11
const AXIS = 18
const MOST_ZOOM = 4000

export class TimelineView {
  readonly element: HTMLElement
  private readonly totals = h("div", { class: "totals" })
  private readonly canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": "timeline of the steps" })
  private readonly tip = h("div", { class: "tip", hidden: true })
  private readonly said = h("div", { class: "unseen", "aria-live": "polite" })
  private readonly box: HTMLElement
  private readonly bars: Bar[] = []
  private chain = new Set<number>()
  private lanes = 0
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
    this.until = Math.max(this.until, message.seconds)
    this.totals.replaceChildren(
      h("b", {}, seconds(message.seconds)), ` in all · longest chain ${seconds(message.critical)}`,
      ` · ${count(message.calls, "call")} · ${count(message.tokens, "token")}`,
      message.saved ? ` · ${count(message.saved, "reply", "replies")} free` : "",
      message.waited >= 0.05 ? ` · ${seconds(message.waited)} waiting for limits of the server` : "",
      message.left_out ? ` · ${count(message.left_out, "more bar")} not drawn` : "",
    )
    this.paint()
  }

  setStates(message: States): void {
    this.now = message.time
    this.live = message.live
    this.over = message.over
    this.until = Math.max(message.until, this.over ? 0 : this.until)
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

  private view(): { from: number; scale: number; wide: number; high: number } {
    const wide = this.box.clientWidth
    const high = this.box.clientHeight
    const all = Math.max(0.001, this.until)
    const least = (wide - 24) / all
    if (this.scale && this.scale <= least) this.scale = 0
    return { from: this.scale ? this.from : -8 / least, scale: this.scale || least, wide, high }
  }

  private draw(): void {
    const { from, scale, wide, high } = this.view()
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
    this.scroll = Math.max(0, Math.min(this.scroll, this.lanes * LANE + AXIS + 6 - high))
    pen.save()
    pen.beginPath()
    pen.rect(0, AXIS, wide, high - AXIS)
    pen.clip()
    for (const bar of this.bars) if (bar) this.bar(pen, bar, from, scale, wide, high)
    pen.restore()
    this.axis(pen, from, scale, wide, high)
  }

  private x(time: number, from: number, scale: number): number {
    return (time - from) * scale
  }

  private bar(pen: CanvasRenderingContext2D, bar: Bar, from: number, scale: number, wide: number, high: number): void {
    const end = bar.end ?? Math.max(this.until, bar.start)
    const left = this.x(bar.start, from, scale)
    const right = Math.max(left + 2, this.x(end, from, scale))
    const top = AXIS + 3 + bar.lane * LANE - this.scroll
    if (right < 0 || left > wide || top + LANE < AXIS || top > high) return
    const tints = this.dark ? DARK : LIGHT
    const tint = tints[bar.kind] ?? (tints["other"] as Tints[string])
    const chosen = this.selected !== null && bar.key === this.selected.key
      && (!this.selected.frame || bar.frame === this.selected.frame)
    const width = right - left
    pen.globalAlpha = bar.status === "skipped" || bar.status === "cancelled" ? 0.45 : 1
    pen.fillStyle = tint.fill
    pen.fillRect(left, top, width, BAR)
    this.hatch(pen, bar, left, top, width)
    this.waits(pen, bar, from, scale, top)
    pen.strokeStyle = bar.status === "failed" ? (this.dark ? "#f06a6a" : "#cf3a3a") : tint.stroke
    pen.lineWidth = bar.status === "failed" ? 2 : 1
    if (bar.end === null) pen.setLineDash([4, 3])
    if (width > 3) pen.strokeRect(left + 0.5, top + 0.5, width - 1, BAR - 1)
    pen.setLineDash([])
    if (this.chain.has(bar.n)) {
      pen.fillStyle = this.dark ? "#e2e8f0" : "#1e293b"
      pen.fillRect(left, top + BAR, width, 2.5)
    }
    if (width > 44) {
      pen.save()
      pen.beginPath()
      pen.rect(left, top, width - 4, BAR)
      pen.clip()
      pen.fillStyle = this.dark ? "#e2e8f0" : "#1e293b"
      pen.font = "9.5px Helvetica, Arial, sans-serif"
      pen.fillText(bar.label, Math.max(left, 0) + 4, top + BAR - 2.6)
      pen.restore()
    }
    if (chosen || this.hover === bar) {
      const readyAt = this.x(bar.ready, from, scale)
      pen.strokeStyle = this.dark ? "#7ea6ff" : "#3f6fd8"
      pen.lineWidth = 1.5
      if (left - readyAt > 3 && (this.hover === bar || this.selected?.frame)) {
        pen.setLineDash([2, 3])
        pen.beginPath()
        pen.moveTo(readyAt, top + BAR / 2)
        pen.lineTo(left, top + BAR / 2)
        pen.stroke()
        pen.setLineDash([])
      }
      pen.strokeRect(left - 1.5, top - 1.5, width + 3, BAR + 3)
    }
    pen.globalAlpha = 1
  }

  /** A hatch tells the state where colour alone would. */
  private hatch(pen: CanvasRenderingContext2D, bar: Bar, left: number, top: number, width: number): void {
    const { status } = bar
    if (status === "failed") this.stripes(pen, left, top, width, this.dark ? "#f06a6a" : "#cf3a3a", 4, 1.4)
    else if (status === "cancelled") this.stripes(pen, left, top, width, this.dark ? "#94a3b8" : "#64748b", 5, 1)
    else if (bar.free && !bar.calls) {
      pen.fillStyle = this.dark ? "#e2e8f0" : "#ffffff"
      for (let x = left + 3; x < left + width - 2; x += 5) pen.fillRect(x, top + BAR / 2 - 1, 2, 2)
    }
  }

  private stripes(
    pen: CanvasRenderingContext2D, left: number, top: number, width: number, colour: string, every: number, line: number,
  ): void {
    pen.save()
    pen.beginPath()
    pen.rect(left, top, width, BAR)
    pen.clip()
    pen.strokeStyle = colour
    pen.lineWidth = line
    pen.beginPath()
    const first = Math.max(left, 0)
    for (let x = first - BAR - ((first - left) % every); x < Math.min(left + width, 4000); x += every) {
      pen.moveTo(x, top + BAR)
      pen.lineTo(x + BAR, top)
    }
    pen.stroke()
    pen.restore()
  }

  private waits(pen: CanvasRenderingContext2D, bar: Bar, from: number, scale: number, top: number): void {
    for (const [began, ended, what] of bar.spans) {
      const left = this.x(began, from, scale)
      const width = Math.max(2, this.x(ended ?? Math.max(this.until, began), from, scale) - left)
      pen.fillStyle = this.paper
      pen.fillRect(left, top + 1, width, BAR - 2)
      if (what === "limit") this.stripes(pen, left, top, width, this.dark ? "#f2b824" : "#a86f00", 4, 1)
      else {
        pen.fillStyle = this.dark ? "#e2a05a" : "#e0964a"
        for (let x = left + 2; x < left + width - 1; x += 4) pen.fillRect(x, top + BAR / 2 - 1, 2, 2)
      }
    }
  }

  private axis(pen: CanvasRenderingContext2D, from: number, scale: number, wide: number, high: number): void {
    const ink = this.dark ? "#94a3b8" : "#64748b"
    pen.font = "10px Helvetica, Arial, sans-serif"
    pen.fillStyle = ink
    pen.strokeStyle = this.dark ? "rgba(148,163,184,0.18)" : "rgba(100,116,139,0.13)"
    pen.lineWidth = 1
    const step = tick(90 / scale)
    for (let time = Math.max(0, Math.ceil(from / step) * step); this.x(time, from, scale) < wide - 34; time += step) {
      const x = Math.round(this.x(time, from, scale)) + 0.5
      pen.beginPath()
      pen.moveTo(x, AXIS - 4)
      pen.lineTo(x, high)
      pen.globalCompositeOperation = "destination-over"
      pen.stroke()
      pen.globalCompositeOperation = "source-over"
      pen.fillText(step < 1 ? `${+time.toFixed(4)} s` : time < 120 ? `${Math.round(time)} s` : seconds(time), x + 3, 11)
    }
    const now = this.x(this.now, from, scale)
    if (!this.live) {
      pen.fillStyle = this.paper
      pen.globalAlpha = 0.66
      pen.fillRect(now, AXIS, Math.max(0, wide - now), high - AXIS)
      pen.globalAlpha = 1
    }
    pen.strokeStyle = this.dark ? "#7ea6ff" : "#3f6fd8"
    pen.lineWidth = 1.5
    pen.beginPath()
    pen.moveTo(now, 2)
    pen.lineTo(now, high)
    pen.stroke()
  }

  // --- what a person does ---

  private barAt(x: number, y: number): Bar | null {
    const { from, scale } = this.view()
    const lane = Math.floor((y - AXIS - 1 + this.scroll) / LANE)
    if (y < AXIS) return null
    let found: Bar | null = null
    for (const bar of this.bars) {
      if (!bar || bar.lane !== lane) continue
      const left = this.x(bar.start, from, scale)
      const right = Math.max(left + 3, this.x(bar.end ?? Math.max(this.until, bar.start), from, scale))
      if (x >= left - 2 && x <= right + 2) found = bar
    }
    return found
  }

  private wheel(event: WheelEvent): void {
    const { from, scale, wide } = this.view()
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
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
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 }
    const step = steps[event.key]
    const { scale, wide } = this.view()
    if (step !== undefined) this.cursor = Math.max(0, Math.min(this.bars.length - 1, this.cursor + step))
    else if (event.key === "ArrowDown") this.scroll += LANE
    else if (event.key === "ArrowUp") this.scroll -= LANE
    else if (event.key === "+") { this.from = this.view().from; this.scale = scale * 1.5 }
    else if (event.key === "-") this.scale = scale / 1.5
    else if (event.key === "0") this.scale = 0
    else return
    event.preventDefault()
    event.stopPropagation()
    const bar = step === undefined ? undefined : this.bars[this.cursor]
    if (bar) {
      if (this.scale) this.from = this.kept(bar.start - wide / 3 / scale, scale, wide)
      this.choose(bar)
      this.said.textContent = [bar.label, ...describe(bar, this.until, this.chain.has(bar.n))].join(", ")
    }
    this.paint()
  }
}
