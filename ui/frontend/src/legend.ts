// What the shapes, signs and lines mean.

import { drawn, h, s } from "./dom"
import type { Hello } from "./messages"

const SAID = "In the timeline stripes are waiting for the server, dots waiting for a person or replies that were free; a dark "
  + "line under bars marks the chain that took longest."
const LINES: [style: string, words: string][] = [
  ["data", "a value that is handed on"],
  ["data lit", "a value that has come"],
  ["order", "only tells what comes first"],
  ["back", "leads to the next round of a loop, or out of it"],
]

/** Each kind of step, state and line as the chart draws it, with its words. */
export function legendOf(hello: Hello): HTMLElement[] {
  return [
    h("section", {}, h("h4", {}, "Steps"), h("div", { class: "signs" }, ...hello.kinds.flatMap(kind))),
    h("section", {}, h("h4", {}, "States"), h("div", { class: "signs" }, ...hello.states.flatMap(state)),
      h("h4", {}, "Lines"), h("div", { class: "signs" }, ...LINES.flatMap(line)), h("p", {}, SAID)),
  ]
}

function kind([, words, width, height, parts]: Hello["kinds"][number]): (Element | null)[] {
  return [s("svg", { class: "flowreason", viewBox: `-4 -6 ${width + 8} ${height + 12}` }, drawn(parts)), h("span", {}, words)]
}

function state([state, , words, path]: Hello["states"][number]): Element[] {
  const badge = s("g", { class: "badge", transform: "translate(38 5)" },
    s("rect", { class: "disc", x: -8, y: -8, width: 16, height: 16, rx: 8 }), s("path", { class: "sign", d: path }))
  return [s("svg", { class: "flowreason", viewBox: "-4 -6 52 32" },
    s("g", { class: `node ask s-${state}` }, s("rect", { class: "shape", x: 0, y: 3, width: 40, height: 19, rx: 6 }), badge)),
    h("span", {}, words)]
}

function line([style, words]: [string, string]): Element[] {
  return [s("svg", { class: "flowreason", viewBox: "0 0 52 32" }, s("g", { class: `edge ${style}` },
    s("path", { class: "line", d: "M6 16H40" }), s("path", { class: "tip", d: "M46 16L39 12.2V19.8Z" }))), h("span", {}, words)]
}
