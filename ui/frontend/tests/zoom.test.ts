import test from "node:test"
import assert from "node:assert/strict"
import { Made, paint } from "./page"
import { type Place, Zoom } from "../src/zoom"

function stage(width: number, height: number): { zoom: Zoom; element: Made; shown: Place[] } {
  const element = new Made("div")
  const shown: Place[] = []
  const zoom = new Zoom(element as unknown as HTMLElement, (place) => shown.push(place), () => ({ width, height }),
    () => {}, () => {})
  return { zoom, element, shown }
}

const near = (is: number, wanted: number): void => assert(Math.abs(is - wanted) < 1e-6, `${is}, not ${wanted}`)

test("a drawing that is fitted is inside, in the middle, and never larger than drawn", () => {
  for (const [width, height] of [[100, 50], [800, 600], [3000, 200], [10, 9000], [0, 0]] as const) {
    const { zoom } = stage(width, height)
    zoom.fit()
    const { x, y, scale } = zoom.place
    assert(scale > 0 && scale <= 1)
    assert(x >= -1e-9 && y >= -1e-9 && x + width * scale <= 800 + 1e-6 && y + height * scale <= 600 + 1e-6)
    near(x * 2 + width * scale, 800)
  }
})

test("zooming keeps what is under the pointer where it is", () => {
  const { zoom } = stage(2000, 2000)
  zoom.to({ x: -30, y: 12, scale: 0.7 })
  const before = { x: (200 - zoom.place.x) / zoom.place.scale, y: (100 - zoom.place.y) / zoom.place.scale }
  zoom.by(1.3, 200, 100)
  near((200 - zoom.place.x) / zoom.place.scale, before.x)
  near((100 - zoom.place.y) / zoom.place.scale, before.y)
  near(zoom.place.scale, 0.91)
})

test("no zoom goes on for ever", () => {
  const { zoom } = stage(500, 500)
  for (let i = 0; i < 100; i++) zoom.by(2)
  const most = zoom.place.scale
  for (let i = 0; i < 100; i++) zoom.by(0.5)
  assert(most <= 10 && zoom.place.scale >= 0.01)
})

test("what is in sight is left where it is; what is not comes into sight", () => {
  const { zoom } = stage(4000, 4000)
  zoom.to({ x: 0, y: 0, scale: 1 })
  zoom.reveal({ x: 200, y: 200, width: 100, height: 40 })
  assert.deepEqual(zoom.place, { x: 0, y: 0, scale: 1 })
  zoom.reveal({ x: 3000, y: 2500, width: 100, height: 40 })
  paint()
  const { x, y, scale } = zoom.place
  assert(3000 * scale + x >= 0 && 3100 * scale + x <= 800 && 2500 * scale + y >= 0 && 2540 * scale + y <= 600)
})
