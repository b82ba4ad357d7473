// Offsets of the server count characters, those of the browser count UTF-16 units: a character beyond U+FFFF is two.

export class Offsets {
  /** Where the characters of two units begin, in units. */
  private readonly pairs: number[] = []
  private readonly units: number

  constructor(text: string) {
    this.units = text.length
    for (let at = 0; at + 1 < text.length; at++) {
      if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) this.pairs.push(at++)
    }
  }

  /** Units → characters; a place inside a pair is the one before it. */
  toServer(units: number): number {
    return units - count(this.pairs, (pair) => pair < units)
  }

  /** Characters → units, inside the text. */
  toBrowser(characters: number): number {
    const before = count(this.pairs, (pair, n) => pair - n < characters)
    return Math.max(0, Math.min(characters + before, this.units))
  }
}

/** A text without halves of pairs, as no file can hold them; its length stays. */
export function whole(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/** How many of a sorted list pass a test that the first so many pass. */
function count(list: number[], test: (each: number, n: number) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(list[middle], middle)) low = middle + 1
    else high = middle
  }
  return low
}
