// The little Markdown that the server writes for editors, as elements: paragraphs, code, emphasis, lists, rules.
// Whatever else stands in it stays text; no HTML is ever made of a string.

export function markdown(text: string): DocumentFragment {
  const made = document.createDocumentFragment()
  const lines = text.replace(/\r\n?/g, "\n").split("\n")
  let at = 0
  while (at < lines.length) {
    const line = lines[at]
    const fence = /^(`{3,})[^`]*$/.exec(line)
    if (fence) {
      const end = lines.findIndex((each, n) => n > at && each.trim() === fence[1])
      const code = lines.slice(at + 1, end < 0 ? lines.length : end)
      made.append(element("pre", element("code", code.join("\n"))))
      at = end < 0 ? lines.length : end + 1
    } else if (/^---+$/.test(line.trim())) {
      made.append(element("hr"))
      at++
    } else if (/^\s*[-*] /.test(line)) {
      const list = element("ul")
      while (at < lines.length && /^\s*[-*] /.test(lines[at])) list.append(element("li", inline(lines[at++].replace(/^\s*[-*] /, ""))))
      made.append(list)
    } else if (line.trim() === "") {
      at++
    } else {
      const paragraph = element("p")
      while (at < lines.length && lines[at].trim() !== "" && !/^`{3,}|^---+$|^\s*[-*] /.test(lines[at])) {
        if (paragraph.firstChild) paragraph.append(/ {2}$/.test(lines[at - 1]) ? element("br") : " ")
        paragraph.append(inline(lines[at++].trimEnd()))
      }
      if (!paragraph.firstChild) paragraph.append(lines[at++])
      made.append(paragraph)
    }
  }
  return made
}

const INLINE = /(`+)(.+?)\1(?!`)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g

/** The words of one line: code between backticks, emphasis. */
function inline(text: string): DocumentFragment {
  const made = document.createDocumentFragment()
  let at = 0
  for (const found of text.matchAll(INLINE)) {
    made.append(text.slice(at, found.index))
    if (found[1]) made.append(element("code", found[2].replace(/^ (?=.*[^ ])(.*) $/, "$1")))
    else if (found[3] !== undefined) made.append(element("strong", found[3]))
    else made.append(element("em", found[4]))
    at = found.index + found[0].length
  }
  made.append(text.slice(at))
  return made
}

/** A message, in which names and code stand between backticks. */
export function coded(text: string): DocumentFragment {
  const made = document.createDocumentFragment()
  text.split(/(`[^`\n]+`)/).forEach((part) => made.append(/^`.+`$/.test(part) ? element("code", part.slice(1, -1)) : part))
  return made
}

function element(tag: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  made.append(...children)
  return made
}
