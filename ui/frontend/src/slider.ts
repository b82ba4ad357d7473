// The slider under a run: moves over its events, plays them again, and follows a run that goes on.

import { button, h, moment, seconds, throttled } from "./dom"
import type { Marks, Request, States } from "./messages"

const SPEEDS: [value: string, words: string][] = [
  ["1", "real time"], ["2", "2× faster"], ["5", "5× faster"], ["20", "20× faster"], ["all", "in 10 seconds"],
]
/** Seconds that the quickest replay takes. */
const QUICK = 10
const SEEK_EVERY = 60

/** What leads back from a moment that is looked at. */
function backWords(over: boolean): string {
  return over ? "Back to the end" : "Back to now"
}

export class SliderView {
  readonly element: HTMLElement
  playing = false
  private readonly play: HTMLButtonElement
  private readonly range = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "place in the run" })
  private readonly clock = h("output", { class: "clock" })
  private readonly said = h("span", { class: "said" })
  private readonly end: HTMLButtonElement
  private readonly speed: HTMLSelectElement
  private times: [number, number][] = []
  private at = 0
  private live = true
  private over = false
  private time = 0
  private until = 0
  private held = false
  private clockAt = 0
  private sent = -1
  private ticked = 0
  private frame = 0
  private readonly seek: (at: number) => void

  /** `told` hears the time at which a past moment is, also while the run is played again. */
  constructor(private readonly send: (request: Request) => void, private readonly told: (time: string) => void = () => {}) {
    this.seek = throttled((at: number) => { this.sent = at; this.send({ do: "seek", at }) }, SEEK_EVERY)
    this.play = button("▶", () => this.toggle(), "play", "play")
    this.end = button(backWords(true), () => this.toEnd(), "", "quiet")
    this.speed = h("select", { "aria-label": "speed of the replay" },
      ...SPEEDS.map(([value, words]) => h("option", { value, selected: value === "1" }, words)))
    this.range.addEventListener("input", () => this.dragged())
    this.range.addEventListener("pointerdown", () => { this.held = true })
    this.range.addEventListener("change", () => { this.held = false })
    this.range.addEventListener("pointerup", () => { this.held = false })
    this.range.addEventListener("keydown", (event) => this.key(event))
    this.element = h("div", { class: "slider" }, this.play, this.range, this.clock, this.said, this.speed, this.end)
  }

  setMarks(marks: Marks): void {
    this.times = marks.times
    this.range.max = String(Math.max(0, this.times.length - 1))
    this.show()
  }

  setStates(message: States): void {
    this.at = message.at
    this.live = message.live
    this.over = message.over
    this.time = message.time
    this.until = Math.max(message.until, message.live ? message.run.seconds : message.time)
    this.said.textContent = message.told
    this.said.title = message.told
    this.show()
  }

  private show(): void {
    const at = this.playing ? this.clockAt : this.time
    // as wide as it gets when one goes back, so that the slider stays where it is
    this.clock.style.minWidth = `${moment(this.until, this.until).length}ch`
    this.clock.textContent = this.live ? seconds(this.until) : moment(Math.min(at, this.until), this.until)
    if (!this.live) this.told(this.clock.textContent ?? "")
    this.end.textContent = this.live ? (this.over ? "At the end" : "Live") : backWords(this.over)
    this.end.disabled = this.live
    this.end.classList.toggle("on", this.live && !this.over)
    if (!this.held) this.range.value = String(this.index(this.at))
    const share = this.times.length > 1 ? Number(this.range.value) / (this.times.length - 1) : 0
    this.range.style.setProperty("--share", `${share * 100}%`)
    const text = `${this.clock.textContent}: ${this.said.textContent ?? ""}`
    this.range.setAttribute("aria-valuetext", text)
  }

  /** The last place that is not after so many events. */
  private index(at: number): number {
    let low = 0
    let high = this.times.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.times[middle]?.[0] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return Math.max(0, low)
  }

  private dragged(): void {
    this.pause()
    const place = this.times[Number(this.range.value)]
    if (!place) return
    this.time = place[1]
    this.live = false
    const last = Number(this.range.value) === this.times.length - 1
    this.seek(last && this.over ? -1 : place[0])
    this.show()
  }

  private key(event: KeyboardEvent): void {
    const by: Record<string, number> = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 20, PageDown: -20,
    }
    const step = by[event.key]
    if (event.key === "Home") this.seek(0)
    else if (event.key === "End") this.toEnd()
    else if (event.key === " ") this.toggle()
    else if (step !== undefined) {
      this.pause()
      this.send({ do: "step", by: step })
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  toEnd(): void {
    this.pause()
    this.seek(-1)
  }

  /** Go to a time of the run. */
  toTime(time: number): void {
    this.pause()
    let i = 0
    while (i + 1 < this.times.length && (this.times[i + 1]?.[1] ?? 0) <= time) i++
    const place = this.times[i]
    if (place) this.seek(place[0])
  }

  // --- replay ---

  toggle(): void {
    if (this.playing) {
      this.pause()
      return
    }
    const last = this.times[this.times.length - 1]
    if (!last) return
    this.clockAt = this.at >= last[0] ? 0 : this.time
    this.playing = true
    this.sent = -2
    this.ticked = performance.now()
    this.play.textContent = "❚❚"
    this.play.setAttribute("aria-label", "pause")
    this.play.title = "pause"
    this.frame = requestAnimationFrame((now) => this.tick(now))
  }

  private tick(now: number): void {
    if (!this.playing) return
    this.clockAt += ((now - this.ticked) / 1000) * this.pace()
    this.ticked = now
    let i = this.times.length - 1
    while (i > 0 && (this.times[i]?.[1] ?? 0) > this.clockAt) i--
    const place = this.times[i]
    if (i === this.times.length - 1) {
      this.toEnd()
      return
    }
    if (place && place[0] !== this.sent) this.seek(place[0])
    this.show()
    this.frame = requestAnimationFrame((then) => this.tick(then))
  }

  /** Seconds of the run in one second of the replay. */
  private pace(): number {
    const until = this.times[this.times.length - 1]?.[1] ?? 0
    return this.speed.value === "all" ? Math.max(1, until / QUICK) : Number(this.speed.value)
  }

  pause(): void {
    if (!this.playing) return
    this.playing = false
    cancelAnimationFrame(this.frame)
    this.play.textContent = "▶"
    this.play.setAttribute("aria-label", "play")
    this.play.title = "play"
    this.show()
  }
}
