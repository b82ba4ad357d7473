// Draws the timeline on a canvas: bars, what they waited for, the axis, pauses, and where the run was resumed.

import { DARK, LIGHT, tick, type Tints } from "./bars"
import { seconds } from "./dom"
import type { Bar } from "./messages"

export const LANE = 16
export const BAR = 12
export const AXIS = 18
const FONT = "Helvetica, Arial, sans-serif"

/** What is seen: from which time on, at how many pixels a second, how far down, in what colours. */
export interface View {
  from: number
  scale: number
  wide: number
  high: number
  scroll: number
  until: number
  dark: boolean
  paper: string
}

export class BarPen {
  private readonly ink: string
  private readonly soft: string
  private readonly accent: string
  private readonly bad: string
  private readonly warn: string

  constructor(private readonly pen: CanvasRenderingContext2D, private readonly view: View) {
    this.ink = view.dark ? "#e2e8f0" : "#1e293b"
    this.soft = view.dark ? "#94a3b8" : "#64748b"
    this.accent = view.dark ? "#7ea6ff" : "#3f6fd8"
    this.warn = view.dark ? "#f2b824" : "#a86f00"
    this.bad = view.dark ? "#f06a6a" : "#cf3a3a"
  }

  x(time: number): number {
    return (time - this.view.from) * this.view.scale
  }

  bar(bar: Bar, critical: boolean, chosen: boolean, pointed: boolean, waited: boolean): void {
    const { pen, view } = this
    const left = this.x(bar.start)
    const right = Math.max(left + 3, this.x(bar.end ?? Math.max(view.until, bar.start)))
    const top = AXIS + 3 + bar.lane * LANE - view.scroll
    if (right < 0 || left > view.wide || top + LANE < AXIS || top > view.high) return
    const tints = view.dark ? DARK : LIGHT
    const tint = tints[bar.kind] ?? (tints["other"] as Tints[string])
    const width = right - left
    const failed = bar.status === "failed"
    const limit = bar.status === "limit"
    pen.globalAlpha = ["skipped", "spared", "cancelled"].includes(bar.status) ? 0.45 : 1
    pen.fillStyle = tint.fill
    if (!limit) pen.fillRect(left, top, width, BAR)
    this.hatch(bar, left, top, width)
    this.waits(bar, top)
    pen.strokeStyle = failed ? this.bad : limit ? this.warn : tint.stroke
    pen.lineWidth = failed || limit ? 2 : 1
    if (bar.end === null) pen.setLineDash([4, 3])
    if (width > 3) pen.strokeRect(left + 0.5, top + 0.5, width - 1, BAR - 1)
    pen.setLineDash([])
    if (critical) {
      pen.fillStyle = this.ink
      pen.fillRect(left, top + BAR, width, 2.5)
    }
    if (width > 40) this.name(bar, left, right, top)
    if (chosen || pointed) this.around(bar, left, top, width, waited)
    pen.globalAlpha = 1
  }

  private name(bar: Bar, left: number, right: number, top: number): void {
    const { pen } = this
    pen.save()
    pen.beginPath()
    pen.rect(left, top, right - left - 4, BAR)
    pen.clip()
    pen.fillStyle = this.ink
    pen.font = `10px ${FONT}`
    pen.fillText(bar.label, Math.max(left, 0) + 4, top + BAR - 3)
    pen.restore()
  }

  /** What is chosen or pointed at; `waited`: with how long it waited for what it needs. */
  private around(bar: Bar, left: number, top: number, width: number, waited: boolean): void {
    const { pen } = this
    const ready = this.x(bar.ready)
    pen.strokeStyle = this.accent
    pen.lineWidth = 1.5
    if (waited && left - ready > 3) {
      pen.setLineDash([2, 3])
      pen.beginPath()
      pen.moveTo(ready, top + BAR / 2)
      pen.lineTo(left, top + BAR / 2)
      pen.stroke()
      pen.setLineDash([])
    }
    pen.strokeRect(left - 1.5, top - 1.5, width + 3, BAR + 3)
  }

  /** A hatch tells the state where colour alone would. */
  private hatch(bar: Bar, left: number, top: number, width: number): void {
    const { status } = bar
    if (status === "failed") this.stripes(left, top, width, this.bad, 4, 1.4)
    else if (status === "cancelled") this.stripes(left, top, width, this.soft, 5, 1)
    else if (bar.free && !bar.calls) this.dots(left, top, width, 5, this.view.dark ? "#e2e8f0" : "#ffffff")
  }

  private dots(left: number, top: number, width: number, every: number, colour: string): void {
    this.pen.fillStyle = colour
    const last = Math.min(left + width, this.view.wide) - 1
    for (let x = left + 2; x < last; x += every) if (x > -3) this.pen.fillRect(x, top + BAR / 2 - 1, 2, 2)
  }

  private stripes(left: number, top: number, width: number, colour: string, every: number, line: number): void {
    const { pen } = this
    pen.save()
    pen.beginPath()
    pen.rect(left, top, width, BAR)
    pen.clip()
    pen.strokeStyle = colour
    pen.lineWidth = line
    pen.beginPath()
    const first = Math.max(left, 0)
    for (let x = first - BAR - ((first - left) % every); x < Math.min(left + width, this.view.wide); x += every) {
      pen.moveTo(x, top + BAR)
      pen.lineTo(x + BAR, top)
    }
    pen.stroke()
    pen.restore()
  }

  private waits(bar: Bar, top: number): void {
    const { pen, view } = this
    for (const [began, ended, what] of bar.spans) {
      const left = this.x(began)
      const width = Math.max(2, this.x(ended ?? Math.max(view.until, began)) - left)
      pen.fillStyle = view.paper
      pen.fillRect(left, top + 1, width, BAR - 2)
      if (what === "person") this.dots(left, top, width, 4, view.dark ? "#e2a05a" : "#c9741c")
      else this.stripes(left, top, width, view.dark ? "#f2b824" : "#a86f00", 4, 1)
    }
  }

  // --- around the bars ---

  axis(): void {
    const { pen, view } = this
    pen.font = `10px ${FONT}`
    pen.fillStyle = this.soft
    pen.strokeStyle = view.dark ? "rgba(148,163,184,0.18)" : "rgba(100,116,139,0.13)"
    pen.lineWidth = 1
    const step = tick(90 / view.scale)
    for (let time = Math.max(0, Math.ceil(view.from / step) * step); this.x(time) < view.wide - 34; time += step) {
      const x = Math.round(this.x(time)) + 0.5
      pen.beginPath()
      pen.moveTo(x, AXIS - 4)
      pen.lineTo(x, view.high)
      pen.globalCompositeOperation = "destination-over"
      pen.stroke()
      pen.globalCompositeOperation = "source-over"
      pen.fillText(step < 1 ? `${+time.toFixed(4)} s` : time < 120 ? `${Math.round(time)} s` : seconds(time), x + 3, 11)
    }
  }

  /** A stretch of time in which a person had paused the run. */
  pause(began: number, ended: number | null): void {
    const left = this.x(began)
    const width = Math.max(3, this.x(ended ?? this.view.until) - left)
    this.pen.fillStyle = this.view.dark ? "rgba(148,163,184,0.16)" : "rgba(100,116,139,0.12)"
    this.pen.fillRect(left, AXIS, width, this.view.high - AXIS)
    if (width > 44) this.word("paused", left + 5)
  }

  /** Where the run was resumed: the time between is left out, and said. */
  resumed(at: number, after: number | null): void {
    const { pen, view } = this
    const x = Math.round(this.x(at)) + 0.5
    pen.strokeStyle = this.soft
    pen.lineWidth = 1
    for (const shift of [-2, 2]) {
      pen.beginPath()
      for (let y = AXIS; y < view.high; y += 8) {
        pen.lineTo(x + shift - 2, y)
        pen.lineTo(x + shift + 2, y + 4)
      }
      pen.stroke()
    }
    this.word(after === null ? "resumed" : `resumed after ${seconds(after)}`, x + 7)
  }

  private word(text: string, left: number): void {
    const { pen, view } = this
    pen.font = `italic 10px ${FONT}`
    const wide = pen.measureText(text).width
    const x = left + wide > view.wide ? left - wide - 16 : left
    pen.fillStyle = view.paper
    pen.fillRect(x - 2, view.high - 15, wide + 4, 13)
    pen.fillStyle = this.soft
    pen.fillText(text, x, view.high - 5)
  }

  /** The moment that is looked at; what comes after it is veiled. */
  now(time: number, live: boolean): void {
    const { pen, view } = this
    const now = this.x(time)
    if (!live) {
      pen.fillStyle = view.paper
      pen.globalAlpha = 0.66
      pen.fillRect(now, AXIS, Math.max(0, view.wide - now), view.high - AXIS)
      pen.globalAlpha = 1
    }
    pen.strokeStyle = this.accent
    pen.lineWidth = 1.5
    pen.beginPath()
    pen.moveTo(now, 2)
    pen.lineTo(now, view.high)
    pen.stroke()
  }
}
