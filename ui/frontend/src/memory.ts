// What a person has set in the view of a run: kept by run, so that it outlives the elements.

import type { Place } from "./zoom"

/** What a person has set in the view of one run. */
export interface Memory {
  place?: Place
  fitted: boolean
  follow: boolean
  key: string | null
  frame: string
  inner: string
  find: string
  closed: string[]
  at: number
  tab: "look" | "source"
  side: boolean
  width: number
  told: string
  /** Whether it was seen while it went on, and its end was not. */
  watched?: boolean
}

const MOST_KEPT = 30
const memories = new Map<string, Memory>()

export function memoryOf(stream: string): Memory {
  let found = memories.get(stream)
  if (!found) {
    found = {
      fitted: true, follow: true, key: null, frame: "", inner: "", find: "", closed: [], at: -1, tab: "source", side: true,
      width: 390, told: "null",
    }
  }
  memories.delete(stream)
  memories.set(stream, found)
  for (const key of memories.keys()) if (memories.size > MOST_KEPT) memories.delete(key)
  return found
}
