// What is said of the flowchart to who does not see it.

import type { Spot } from "./chart"

const NO_STEPS = ["input", "value", "loop"]
const NOT_ENDED = ["waiting", "ready", "running", "asking"]

/** What a thing is: its kind in words, its title, its state. */
export function named({ thing, state }: Spot, kind: string): string {
  const said = state[1].replace(/^\S /, "") || (state[0] === "waiting" ? "not begun yet" : state[0])
  return `${kind}: ${thing.title}, ${said}`
}

/** How far a run is. */
export function progress(spots: Spot[]): string {
  const steps = spots.filter(({ thing }) => !NO_STEPS.includes(thing.kind))
  const ended = steps.filter(({ state }) => !NOT_ENDED.includes(state[0])).length
  const now = steps.filter(({ state }) => state[0] === "running" || state[0] === "asking")
  const busy = now.slice(0, 3).map(({ thing, state }) => `${thing.title} ${state[0] === "asking" ? "waits for you" : "runs"}`)
  return `${ended} of ${steps.length} steps have ended.${busy.length ? ` ${busy.join(", ")}.` : ""}`
}

/** The things whose words hold a text, from above on. */
export function holding(spots: Spot[], text: string): string[] {
  const wanted = text.trim().toLowerCase()
  const found = wanted ? spots.filter(({ thing, group }) =>
    `${thing.title}\n${thing.id}\n${group.textContent ?? ""}`.toLowerCase().includes(wanted)) : []
  return found.sort((a, b) => a.thing.box[1] - b.thing.box[1]).map(({ thing }) => thing.key)
}
