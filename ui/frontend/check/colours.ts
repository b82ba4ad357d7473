// For tests: reads `{words, texts}` from stdin, writes for each text its coloured words as `[start, end, class]`, and
// for each of its characters where it is in units and back.
import { highlightTree } from "@lezer/highlight"
import { languageOf, STYLE } from "../src/editor-language"
import { Offsets } from "../src/editor-offsets"

declare const process: { stdin: AsyncIterable<Uint8Array>; stdout: { write(text: string): void } }

const parts: Uint8Array[] = []
for await (const part of process.stdin) parts.push(part)
const { words, texts } = JSON.parse(await new Blob(parts as BlobPart[]).text())
const language = languageOf(words)

process.stdout.write(JSON.stringify(texts.map((text: string) => {
  const offsets = new Offsets(text)
  const found: [number, number, string][] = []
  highlightTree(language.parser.parse(text), STYLE, (from, to, style) => {
    found.push([offsets.toServer(from), offsets.toServer(to), style])
  })
  const places = [...text, ""].map((_, at) => offsets.toServer(offsets.toBrowser(at)))
  return { found, places }
})))
