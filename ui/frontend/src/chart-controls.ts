// The buttons of a flowchart: how large it is, what is closed, what its signs mean, and saving it as a picture.

import type { ChartView } from "./chart"
import { download, pngOf, svgOf } from "./chart-save"
import { button, h } from "./dom"

/** The buttons, and what the legend opens into. `explain` gives the legend; `css` are the colours on the screen. */
export function controlsOf(chart: ChartView, explain: () => HTMLElement[], css: () => string): HTMLElement[] {
  const legend = h("div", { class: "legend", hidden: true, role: "group", "aria-label": "legend" })
  const { zoom } = chart
  const saving = h("div", { class: "saving", hidden: true, role: "group", "aria-label": "save the picture" })
  const opens = (what: HTMLElement, by: HTMLButtonElement, other: HTMLElement): void => {
    what.hidden = !what.hidden
    other.hidden = true
    legend.replaceChildren(...(legend.hidden ? [] : explain()))
    for (const each of [save, signs]) each.setAttribute("aria-expanded", String(each === by && !what.hidden))
  }
  const save = button("Save picture", () => opens(saving, save, legend), "save the picture as it is now")
  const signs = button("Legend", () => opens(legend, signs, saving), "what the shapes and signs mean")
  const said = h("span", { class: "muted", role: "status" })
  const kept = async (kind: "svg" | "png"): Promise<void> => {
    const shot = chart.shot(css())
    if (!shot) return
    try {
      const blob = kind === "png" ? await pngOf(shot) : new Blob([svgOf(shot)], { type: "image/svg+xml" })
      download(blob, `${shot.name}.run.${kind}`)
      saving.hidden = true
      save.setAttribute("aria-expanded", "false")
      said.textContent = ""
    } catch {
      said.textContent = "It is too large for a PNG. Save it as SVG."
    }
  }
  saving.append(button("SVG", () => void kept("svg"), "a drawing that stays sharp at any size"),
    button("PNG", () => void kept("png"), "a picture of points"), said)
  for (const each of [save, signs]) each.setAttribute("aria-expanded", "false")
  const made = h("div", { class: "controls" },
    button("−", () => zoom.by(1 / 1.3), "smaller"), button("+", () => zoom.by(1.3), "larger"),
    button("Fit", () => chart.fit(), "all of it in sight"),
    button("100 %", () => zoom.by(1 / zoom.place.scale), "as large as it was drawn"),
    button("Loops", () => chart.closeLoops(), "close all loops, or open them"), signs, save, saving)
  for (const each of [made, legend]) each.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || (saving.hidden && legend.hidden)) return
    event.stopPropagation()
    const by = saving.hidden ? signs : save
    opens(saving.hidden ? legend : saving, by, saving.hidden ? saving : legend)
    by.focus()
  })
  return [made, legend]
}
