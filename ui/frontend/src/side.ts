// The panel beside the chart, with its two leaves; where there is little room, a sheet that comes up from below.

import { button, h } from "./dom"
import type { Memory } from "./memory"

type Tab = "look" | "source"
const LEAST = 240
const CHART_LEAST = 320

export class SideView {
  readonly element = h("aside", { class: "side", "aria-label": "panel" })
  readonly grip = h("div", {
    class: "grip", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "width of the panel",
    "aria-valuemin": LEAST,
  })
  readonly pane = h("div", { class: "pane", tabindex: 0, role: "tabpanel", "aria-label": "what is chosen above" })
  private readonly tabs: Record<Tab, HTMLButtonElement>
  private readonly scrolls: Record<Tab, number> = { look: 0, source: 0 }
  private narrow = false
  private room = 1200
  /** Whether the sheet is up, where there is little room. */
  private up = false

  constructor(
    private memory: Memory,
    private readonly leaves: Record<Tab, HTMLElement>,
    private readonly onShown: (shown: boolean) => void,
  ) {
    this.tabs = {
      look: button("Look", () => this.setTab("look")),
      source: button("Flow", () => this.setTab("source")),
    }
    for (const tab of Object.values(this.tabs)) tab.setAttribute("role", "tab")
    const tabs = h("div", { class: "tabs" },
      h("div", { role: "tablist", "aria-label": "what the panel shows" }, this.tabs.look, this.tabs.source),
      button("✕", () => this.show(false), "hide the panel", "quiet hide"))
    this.element.append(tabs, this.pane)
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.narrow && this.up) this.show(false)
    })
    this.pane.addEventListener("scroll", () => { this.scrolls[this.memory.tab] = this.pane.scrollTop }, { passive: true })
    this.grip.addEventListener("pointerdown", (event) => this.drag(event))
    this.grip.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowLeft" ? 24 : event.key === "ArrowRight" ? -24 : 0
      if (by) { event.preventDefault(); this.setWidth(this.memory.width + by) }
    })
  }

  recall(memory: Memory): void {
    this.memory = memory
    this.up = false
    this.setWidth(memory.width)
    this.place()
    this.setTab(memory.tab)
  }

  get shown(): boolean {
    return this.narrow ? this.up : this.memory.side
  }

  show(shown: boolean): void {
    if (this.narrow) this.up = shown
    else this.memory.side = shown
    this.place()
  }

  setTab(tab: Tab): void {
    if (this.pane.firstElementChild) this.scrolls[this.memory.tab] = this.pane.scrollTop
    this.memory.tab = tab
    for (const [name, each] of Object.entries(this.tabs)) each.setAttribute("aria-selected", String(name === tab))
    const leaf = this.leaves[tab]
    if (this.pane.firstElementChild !== leaf) this.pane.replaceChildren(leaf)
    this.pane.scrollTop = this.scrolls[tab]
    if (tab === "source") this.revealLit()
  }

  /** Brings what is lit up in the text of the flow into sight. */
  revealLit(): void {
    const line = this.leaves.source.querySelector<HTMLElement>(".lit")
    if (!line) return
    const top = line.offsetTop - this.pane.offsetTop
    if (top < this.pane.scrollTop || top > this.pane.scrollTop + this.pane.clientHeight - 40) {
      this.pane.scrollTop = Math.max(0, top - this.pane.clientHeight / 3)
    }
  }

  /** Whether the end of the text is in sight, so that it stays so while it grows. */
  get atEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.pane
    return scrollHeight - scrollTop - clientHeight < 60
  }

  resized(room: number, narrow: boolean): void {
    this.room = room || this.room
    if (narrow !== this.narrow) {
      this.narrow = narrow
      this.up = false
    }
    this.place()
  }

  private place(): void {
    const { shown, narrow } = this
    this.element.hidden = !shown
    this.element.classList.toggle("sheet", narrow)
    this.grip.hidden = !shown || narrow
    this.element.style.flexBasis = narrow ? "auto" : `${this.memory.width}px`
    this.onShown(shown)
  }

  private setWidth(width: number): void {
    const most = Math.max(LEAST, this.room - CHART_LEAST)
    this.memory.width = Math.max(LEAST, Math.min(most, width))
    this.grip.setAttribute("aria-valuenow", String(Math.round(this.memory.width)))
    this.grip.setAttribute("aria-valuemax", String(most))
    this.element.style.flexBasis = `${this.memory.width}px`
  }

  private drag(event: PointerEvent): void {
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
}
