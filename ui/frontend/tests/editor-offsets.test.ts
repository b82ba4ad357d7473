import test from "node:test"
import assert from "node:assert/strict"
import { Offsets, whole } from "../src/editor-offsets"

const TEXTS = ["", "abc", "🦉", "a🦉b", "🦉🦉🦉", "x🦉\n🦉y", "é漢🦉", "\ud800a🦉\udc00"]

test("a character is one place, however many units it has", () => {
  for (const text of TEXTS) {
    const offsets = new Offsets(text)
    let units = 0
    for (const [at, character] of [...text, ""].entries()) {
      assert.equal(offsets.toBrowser(at), units, `${text} at ${at}`)
      assert.equal(offsets.toServer(units), at, `${text} at ${at}`)
      units += character.length
    }
  }
})

test("a place outside the text is its nearest end", () => {
  const offsets = new Offsets("a🦉b")
  assert.equal(offsets.toBrowser(-5), 0)
  assert.equal(offsets.toBrowser(99), 4)
})

test("halves of pairs are replaced, and the length stays", () => {
  assert.equal(whole("a\ud83eb\udd89c🦉"), "a\ufffdb\ufffdc🦉")
  for (const text of TEXTS) assert.equal(whole(text).length, text.length)
})
