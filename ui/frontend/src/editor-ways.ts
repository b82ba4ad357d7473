// Ways on: where a picture goes on beyond what is seen of it, a button at that edge leads there.
import { button, h } from "./dom"
import type { Place, Zoom } from "./zoom"

/** So much of the picture beyond an edge is not worth a button. */
const LITTLE = 12
/** The part of what is seen by which a button moves on. */
const STRIDE = 0.8

type Side = "above" | "below" | "left" | "right"
const SIGNS: Record<Side, [sign: string, dx: number, dy: number, words: string]> = {
  above: ["↑", 0, -1, "go up in the picture"], below: ["↓", 0, 1, "go down in the picture"],
  left: ["←", -1, 0, "go left in the picture"], right: ["→", 1, 0, "go right in the picture"],
}

/** The sides at which a picture goes on. */
export function goesOn(place: Place, size: { width: number; height: number }, wide: number, high: number): Side[] {
  const found: Side[] = []
  if (place.y < -LITTLE) found.push("above")
  if (place.y + size.height * place.scale > high + LITTLE) found.push("below")
  if (place.x < -LITTLE) found.push("left")
  if (place.x + size.width * place.scale > wide + LITTLE) found.push("right")
  return found
}

export class Ways {
  readonly element = h("div", { class: "ways" })
  private readonly buttons = new Map<Side, HTMLButtonElement>()
  /** How large the stage is: asked when that changes, as asking lays all of the page out. */
  wide = 0
  high = 0

  constructor(private readonly stage: HTMLElement, private readonly zoom: () => Zoom) {
    for (const side of Object.keys(SIGNS) as Side[]) {
      const [sign, dx, dy, words] = SIGNS[side]
      const made = button(sign, () => this.go(dx, dy), words, `way ${side}`)
      made.hidden = true
      this.buttons.set(side, made)
      this.element.append(made)
    }
  }

  update(place: Place, size: { width: number; height: number } | null): void {
    const sides = size ? goesOn(place, size, this.wide, this.high) : []
    for (const [side, made] of this.buttons) made.hidden = !sides.includes(side)
  }

  resized(): void {
    this.wide = this.stage.clientWidth
    this.high = this.stage.clientHeight
  }

  private go(dx: number, dy: number): void {
    const zoom = this.zoom()
    zoom.by(1) // from here on the person has moved it
    const { place: { x, y, scale } } = zoom
    const { wide, high } = this
    const size = { width: wide / scale / 2, height: high / scale / 2 }
    const middle = { x: (wide / 2 - x + dx * wide * STRIDE) / scale, y: (high / 2 - y + dy * high * STRIDE) / scale }
    zoom.reveal({ x: middle.x - size.width / 2, y: middle.y - size.height / 2, ...size }, true)
  }
}
