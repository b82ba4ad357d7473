// A chart that is drawn anew: what is drawn as before stays the element that it was, so that little is made and laid out.
import { drawn } from "./dom"
import type { Drawn } from "./messages"

/** What a state or a moment has added to an element. */
const PASSING = ["lit", "pulse", "fresh"]

export class Reuse {
  private known = new Map<string, SVGElement[]>()

  constructor(private readonly layer: SVGElement) {}

  /** What is drawn, as elements; what makes no sense is left out. */
  made(elements: Drawn[]): SVGElement[] {
    const before = this.known
    this.known = new Map()
    const found: SVGElement[] = []
    for (const each of elements) {
      const name = JSON.stringify(each)
      const old = before.get(name)?.shift()
      const element = old ?? drawn(each)
      if (!element) continue
      if (old) for (const style of PASSING) old.classList.remove(style)
      const alike = this.known.get(name)
      if (alike) alike.push(element)
      else this.known.set(name, [element])
      found.push(element)
    }
    return found
  }

  /** Have these elements in the drawing, in this order; what is there already is not touched. */
  put(elements: SVGElement[]): void {
    const wanted = new Set<Node>(elements)
    for (const each of [...this.layer.childNodes]) if (!wanted.has(each)) each.remove()
    let next: Node | null = this.layer.firstChild
    for (const each of elements) {
      if (each === next) next = next.nextSibling
      else this.layer.insertBefore(each, next)
    }
  }
}
