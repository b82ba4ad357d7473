// Whether the page is light or dark, after Streamlit's theme, and when that changes.

/** Calls back with whether the page is dark, now and whenever it changes; gives what ends that. */
export function watchTheme(element: HTMLElement, tell: (dark: boolean) => void): () => void {
  let known: boolean | null = null
  const look = (): void => {
    const dark = isDark(element)
    if (dark !== known) {
      known = dark
      tell(dark)
    }
  }
  const observer = new MutationObserver(() => requestAnimationFrame(look))
  const options = { attributes: true, attributeFilter: ["class", "style", "data-theme"] }
  for (let each: Node | null = element; each; each = each instanceof ShadowRoot ? each.host : each.parentNode) {
    if (each instanceof Element) observer.observe(each, options)
  }
  const media = matchMedia("(prefers-color-scheme: dark)")
  const later = (): void => { requestAnimationFrame(look); setTimeout(look, 400) }
  media.addEventListener("change", later)
  look()
  return () => {
    observer.disconnect()
    media.removeEventListener("change", later)
  }
}

function isDark(element: HTMLElement): boolean {
  const named = getComputedStyle(element).getPropertyValue("--st-background-color").trim()
  const light = lightness(named) ?? around(element)
  return light === null ? matchMedia("(prefers-color-scheme: dark)").matches : light < 0.5
}

/** How light the page behind an element is. */
function around(element: HTMLElement): number | null {
  const root = element.getRootNode()
  for (let each = root instanceof ShadowRoot ? root.host : element.parentElement; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor
    const light = /rgba\(.*, 0\)|transparent/.test(colour) ? null : lightness(colour)
    if (light !== null) return light
  }
  return null
}

function lightness(colour: string): number | null {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(colour)?.[1]
  let parts: number[] | null = null
  if (hex && hex.length >= 6) parts = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16))
  else if (hex) parts = [0, 1, 2].map((i) => parseInt((hex[i] ?? "0").repeat(2), 16))
  else if (colour.startsWith("rgb")) parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)
  if (!parts || parts.length < 3) return null
  const [r, g, b] = parts as [number, number, number]
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255
}
