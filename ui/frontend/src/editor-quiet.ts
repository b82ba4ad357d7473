// What is said while a person types: a mistake that is mended is gone at once, a new one is told after a pause.
import type { Problem } from "./editor-channel"

/** Milliseconds after a keystroke in which nothing new is complained of. */
export const PAUSE = 1100
/** The same while suggestions are shown: somebody who looks at them has not finished. */
export const CHOOSING = 4000

const named = (problem: Problem): string => `${problem.code} ${problem.message}`

/** Of what was found, that which is told now: all after a pause, else what was told before. */
export function told(found: Problem[], before: Problem[], typing: boolean): Problem[] {
  if (!typing) return found
  const known = new Map<string, number>()
  for (const each of before) known.set(named(each), (known.get(named(each)) ?? 0) + 1)
  return found.filter((each) => {
    const left = known.get(named(each)) ?? 0
    known.set(named(each), left - 1)
    return left > 0
  })
}

/** Until the browser has nothing better to do, such as showing what is typed. */
export const idle = (): Promise<void> => new Promise((go) => {
  if ("requestIdleCallback" in window) requestIdleCallback(() => go(), { timeout: 800 })
  else setTimeout(go, 30)
})
