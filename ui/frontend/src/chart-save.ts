// The flowchart as a file, as it is on the screen: its states, its colours, what is closed. Nothing else is in it.

import { s } from "./dom"

const SVG = "http://www.w3.org/2000/svg"
/** A canvas that is larger than this is refused by some browsers. */
const MOST = 8000
const SHARP = 2

export interface Shot {
  name: string
  width: number
  height: number
  layer: SVGElement
  css: string
}

/** The drawing as an SVG document. */
export function svgOf({ width, height, layer, css, name }: Shot): string {
  const copied = layer.cloneNode(true) as SVGElement
  for (const each of copied.querySelectorAll(".fold")) each.remove()
  for (const each of copied.querySelectorAll("*")) {
    each.classList.remove("fresh", "pulse")
    for (const name of ["role", "tabindex", "aria-label", "id"]) each.removeAttribute(name)
  }
  const made = s("svg", { class: "flowreason", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    s("title", {}, name), s("style", {}, css), s("rect", { class: "paper", width, height }), copied)
  made.setAttribute("xmlns", SVG)
  return new XMLSerializer().serializeToString(made)
}

/** The drawing as a picture of points. */
export async function pngOf(shot: Shot): Promise<Blob> {
  const scale = Math.min(SHARP, MOST / shot.width, MOST / shot.height)
  const url = URL.createObjectURL(new Blob([svgOf(shot)], { type: "image/svg+xml" }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement("canvas")
    canvas.width = Math.round(shot.width * scale)
    canvas.height = Math.round(shot.height * scale)
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((done, fail) => {
      canvas.toBlob((blob) => blob ? done(blob) : fail(new Error("the picture is too large")), "image/png")
    })
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** Hands a person a file. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** A name for a file: letters, digits and what parts words. */
export function fileName(flow: string): string {
  return flow.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "flow"
}
