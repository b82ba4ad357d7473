// A chart that is drawn anew keeps the elements of what is drawn as before.
import test from "node:test"
import assert from "node:assert/strict"
import { Made } from "./page"
import { Reuse } from "../src/chart-reuse"
import type { Drawn } from "../src/messages"

class Layer extends Made {
  moved = 0
  get firstChild(): Made | null { return this.children[0] ?? null }
  insertBefore(piece: Made, before: Made | null): void {
    this.moved++
    piece.remove()
    piece.parentNode = this
    this.childNodes.splice(before ? this.childNodes.indexOf(before) : this.childNodes.length, 0, piece)
  }
}
for (const [name, by] of [["nextSibling", 1], ["previousSibling", -1]] as const) {
  Object.defineProperty(Made.prototype, name, {
    get(this: Made) { const all = this.parentNode?.childNodes ?? []; return all[all.indexOf(this) + by] ?? null },
  })
}
const box = (text: string): Drawn => ["g", { class: "node" }, ["text", {}, text]]
const shown = (layer: Layer): string[] => layer.childNodes.map((each) => each.textContent)

function drawing(): { layer: Layer; draw: (...texts: string[]) => Made[] } {
  const layer = new Layer("g")
  const reuse = new Reuse(layer as unknown as SVGElement)
  return { layer, draw: (...texts) => {
    const made = reuse.made(texts.map(box))
    reuse.put(made)
    return made as unknown as Made[]
  } }
}

test("one changed word makes one element anew, and moves no other", () => {
  const { layer, draw } = drawing()
  const before = draw("a", "b", "c")
  layer.moved = 0
  const after = draw("a", "x", "c")
  assert.deepEqual(shown(layer), ["a", "x", "c"])
  assert.equal(layer.moved, 1)
  assert.deepEqual([after[0] === before[0], after[1] === before[1], after[2] === before[2]], [true, false, true])
})

test("what comes, goes, changes places or is drawn twice stands in its order", () => {
  const { layer, draw } = drawing()
  draw("a", "b", "c", "c")
  for (const texts of [["c", "a"], ["a", "a", "d", "c"], [], ["c", "b"]]) {
    draw(...texts)
    assert.deepEqual(shown(layer), texts)
  }
})

test("an element that stays is not lit by what was before", () => {
  const { draw } = drawing()
  const [edge] = draw("a")
  edge?.classList.add("lit")
  edge?.classList.add("s-done")
  const [again] = draw("a")
  assert.equal(again === edge, true)
  assert.equal(again?.className, "node s-done")
})
