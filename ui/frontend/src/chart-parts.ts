// Pieces of the flowchart: what stands around things, what lies next to one, and what fits into a line.

import { s } from "./dom"
import type { ChartMessage, Thing } from "./messages"
import type { Box, Place } from "./zoom"

const FONT = "11px 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
let ruler: CanvasRenderingContext2D | null = null

/** How wide a state is when it is drawn. */
export function wide(text: string): number {
  ruler ??= document.createElement("canvas").getContext("2d")
  if (!ruler) return text.length * 6
  ruler.font = FONT
  return ruler.measureText(text).width
}

/** A state that is too long for its place loses what is said last. */
export function fitting(text: string, room: number): string {
  const parts = text.split(" · ")
  while (parts.length > 1 && wide(parts.join(" · ")) > room) parts.pop()
  const said = [...parts.join(" · ")]
  while (said.length > 1 && wide(said.join("")) > room) said.splice(-2, 2, "…")
  return said.join("")
}

/** The button in the head of a loop that opens and closes it. */
export function foldButton(region: string, thing: Thing, shut: boolean, act: () => void): SVGElement {
  const [x, y, width] = thing.box
  const label = shut ? `open the loop ${thing.title}` : `close the loop ${thing.title}`
  const at = `translate(${x + width - (shut ? 30 : 28)} ${y + (shut ? 9 : 6)})`
  const sign = shut ? "M5 9H13M9 5V13" : "M5 9H13"
  const made = s("g", { class: "fold", role: "button", tabindex: 0, "aria-label": label, transform: at },
    s("title", {}, label), s("rect", { width: 18, height: 18, rx: 4 }), s("path", { d: sign }))
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act() }
  })
  made.setAttribute("data-fold", region)
  return made
}

/** Tells at which sides of the stage the drawing goes on. */
export function tellEdges(stage: HTMLElement, place: Place, size: { width: number; height: number }): void {
  const [wide, high] = [stage.clientWidth, stage.clientHeight]
  const sides: [string, boolean][] = [
    ["more-left", place.x < -8], ["more-right", place.x + size.width * place.scale > wide + 8],
    ["more-up", place.y < -8], ["more-down", place.y + size.height * place.scale > high + 8],
  ]
  for (const [side, more] of sides) stage.classList.toggle(side, more)
}

export function boxOf(thing: Thing): Box {
  const [x, y, width, height] = thing.box
  return { x, y, width, height }
}

export function around(things: Thing[]): Box | null {
  if (!things.length) return null
  const left = Math.min(...things.map((thing) => thing.box[0]))
  const top = Math.min(...things.map((thing) => thing.box[1]))
  const right = Math.max(...things.map((thing) => thing.box[0] + thing.box[2]))
  const bottom = Math.max(...things.map((thing) => thing.box[1] + thing.box[3]))
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** As many things, from the first, as can be seen together. */
export function together(things: Thing[], wide: number, high: number): Thing[] {
  let many = 1
  while (many < things.length) {
    const box = around(things.slice(0, many + 1))
    if (!box || box.width > wide || box.height > high) break
    many += 1
  }
  return things.slice(0, many)
}

function middle(thing: Thing): [number, number] {
  const [x, y, width, height] = thing.box
  return thing.kind === "loop" ? [x + width / 2, y + Math.min(height, 30) / 2] : [x + width / 2, y + height / 2]
}

/** Where a flow begins: what stands highest, by its middle. */
export function topmost(things: Thing[]): Thing | undefined {
  return [...things].sort((a, b) => middle(a)[1] - middle(b)[1] || a.box[0] - b.box[0])[0]
}

/** Where an arrow key leads: down and up along the lines of the chart, else to what lies next in that direction. */
export function neighbour(chart: ChartMessage, from: Thing, dx: number, dy: number): string | null {
  const linked = dy === 0 ? [] : linkedTo(chart, from.key, dy > 0)
  const near = nearest(chart.things.filter((thing) => linked.includes(thing.key)), from, dx, dy)
  return near ?? nearest(chart.things, from, dx, dy)
}

function linkedTo(chart: ChartMessage, key: string, on: boolean): string[] {
  return (chart.edges ?? []).flatMap(([starts, ends]) => on ? (starts.includes(key) ? ends : []) : ends.includes(key) ? starts : [])
}

function nearest(things: Thing[], from: Thing, dx: number, dy: number): string | null {
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
