import test from "node:test"
import assert from "node:assert/strict"
import { frames, Made, paint, seen } from "./page"
import { SliderView } from "../src/slider"
import type { Marks, Request, States } from "../src/messages"

const TIMES: [number, number][] = [[0, 0], [3, 1], [7, 2], [12, 4]]
const RUN = { run: { status: "succeeded", error: "", limit: "", numbers: "", seconds: 4 } }
const later = (): Promise<void> => new Promise((done) => setTimeout(done, 130))

function slid(more: Partial<States> = {}): { view: SliderView; sent: Request[]; range: Made; told: string[] } {
  const sent: Request[] = []
  const told: string[] = []
  const view = new SliderView((request) => sent.push(request), (time) => told.push(time))
  view.setMarks({ kind: "marks", times: TIMES } as Marks)
  view.setStates({ at: 12, of: 12, live: true, over: true, time: 4, until: 4, told: "done", ...RUN, ...more } as unknown as States)
  const range = seen(view.element).all("input").find((each) => each.getAttribute("type") === "range")
  assert(range)
  return { view, sent, range, told }
}

test("the place is the last one that is not after what is seen", () => {
  for (const [at, index] of [[0, 0], [2, 0], [3, 1], [6, 1], [7, 2], [11, 2], [12, 3]]) {
    assert.equal(slid({ at, live: false }).range.value, String(index), `at ${at}`)
  }
})

test("who drags goes to that event; the end is what follows", async () => {
  const { sent, range } = slid()
  range.value = "1"
  range.happen("input")
  await later()
  range.value = "3"
  range.happen("input")
  await later()
  assert.deepEqual(sent, [{ do: "seek", at: 3 }, { do: "seek", at: -1 }])
})

test("keys go by steps, to the beginning and to the end, and to nowhere else", async () => {
  const { sent, range } = slid()
  assert(range.happen("keydown", { key: "ArrowLeft" }))
  assert(range.happen("keydown", { key: "ArrowRight" }))
  assert(range.happen("keydown", { key: "Home" }))
  await later()
  assert(range.happen("keydown", { key: "End" }))
  await later()
  assert(!range.happen("keydown", { key: "x" }))
  assert.deepEqual(sent, [{ do: "step", by: -1 }, { do: "step", by: 1 }, { do: "seek", at: 0 }, { do: "seek", at: -1 }])
})

test("a time leads to the last event that is not after it", async () => {
  const { view, sent } = slid()
  view.toTime(3.9)
  await later()
  assert.deepEqual(sent, [{ do: "seek", at: 7 }])
})

test("replay goes from the beginning to the end and stops there", async () => {
  const { view, sent } = slid()
  view.toggle()
  assert(view.playing)
  const began = performance.now()
  for (const time of [1.2, 2.2, 9]) {
    paint(began + time * 1000)
    await later()
  }
  assert(!view.playing)
  assert.deepEqual(sent, [{ do: "seek", at: 3 }, { do: "seek", at: 7 }, { do: "seek", at: -1 }])
  view.pause()
  frames.length = 0
})

test("the time of a past moment is told as the slider shows it, also while it plays", () => {
  const { view, told } = slid({ at: 3, live: false, time: 1 })
  view.toggle()
  const began = performance.now()
  paint(began + 500)
  const clock = (): string => seen(view.element).all("output")[0]?.textContent ?? ""
  assert.equal(told.at(-1), clock())
  paint(began + 1500)
  assert.equal(told.at(-1), clock())
  assert(new Set(told).size > 1)
  view.pause()
  frames.length = 0
})

test("nothing to slide over is nothing to fall over", () => {
  const view = new SliderView(() => { throw new Error("nothing is asked for") })
  view.toggle()
  view.toTime(3)
  assert(!view.playing)
})
