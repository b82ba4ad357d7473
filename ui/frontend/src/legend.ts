// What the shapes, signs and lines mean.

import { h, s } from "./dom"

const SAID = "Lines light up where values have come. In the timeline stripes are waiting for the server, dots waiting for "
  + "a person or replies that were free; a dark line under bars marks the chain that took longest."

/** Each state as the chart draws it, with its words. */
export function legendOf(states: [state: string, sign: string, words: string][]): HTMLElement[] {
  const rows = states.flatMap(([state, sign, words]) => [
    s("svg", { class: "flowreason", viewBox: "0 0 42 20" },
      s("g", { class: `node ask s-${state}` }, s("rect", { class: "shape", x: 2, y: 2, width: 38, height: 16, rx: 6 }),
        s("text", { class: "state", x: 21, y: 14, "text-anchor": "middle", "font-size": 11 }, state === "waiting" ? "" : sign))),
    h("span", {}, words),
  ])
  return [h("h4", {}, "States"), h("div", { class: "states" }, ...rows), h("p", {}, SAID)]
}
