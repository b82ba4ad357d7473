import test from "node:test"
import assert from "node:assert/strict"
import { DARK, describe, LIGHT, tick } from "../src/bars"
import type { Bar } from "../src/messages"

const bar = (more: Partial<Bar>) => ({
  n: 0, key: "f:x", frame: "f", kind: "ask", label: "x", ready: 1, start: 1, end: 3, status: "done", lane: 0,
  calls: 0, tokens: 0, free: 0, tries: 0, ahead: false, spans: [], ...more,
}) as unknown as Bar
const said = (more: Partial<Bar>, until = 10, critical = false): string => describe(bar(more), until, critical).join("\n")

test("a mark of the axis is round, not less than asked, and not ten times as much", () => {
  for (const least of [0.0003, 0.004, 0.011, 0.3, 1, 1.1, 2, 4.9, 7, 19, 333, 5001]) {
    const found = tick(least)
    assert(found >= least * 0.999999 && found <= least * 2.500001, `${least} → ${found}`)
    assert.match(found.toExponential(6), /^[125]\.0+e/)
  }
})

test("a bar that has not ended ends now", () => {
  assert.match(said({ end: null, status: "running" }, 5), /4\.0 s/)
  assert.match(said({ end: null, status: "running", spans: [[2, null, "person"]] }, 5), /3\.0 s/)
})

test("waiting for data, for the server and for a person are told apart", () => {
  assert(!/wait/.test(said({})))
  const all = said({ ready: 0.5, spans: [[1, 1.25, "limit"], [2, 2.75, "person"], [2.75, 2.9, "limit"]] })
  for (const time of ["0.5 s", "0.4 s", "0.8 s"]) assert(all.includes(time), `${time} in ${all}`)
})

test("each kind has its colours, light and dark", () => {
  assert.deepEqual(Object.keys(LIGHT).sort(), Object.keys(DARK).sort())
  for (const tints of [LIGHT, DARK]) {
    for (const { fill, stroke } of Object.values(tints)) assert.match(fill + stroke, /^#[0-9a-f]{6}#[0-9a-f]{6}$/)
  }
})
