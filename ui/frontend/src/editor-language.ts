// The flow language as CodeMirror colours it. The words come from the grammar, by way of the server.
import { HighlightStyle, StreamLanguage, type StringStream, syntaxHighlighting } from "@codemirror/language"
import type { Extension } from "@codemirror/state"
import { Tag, tags } from "@lezer/highlight"
import type { Words } from "./editor-channel"

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/
const NUMBER = /^-?[0-9]+(\.[0-9]+)?/
const KEY = String.raw`\[[ \t]*(?:-?[0-9]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')[ \t]*\]`
const HOLE = new RegExp(String.raw`^\{[ \t]*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|${KEY})*[ \t]*\}`)

interface State {
  mode: "flow" | "text" | "python"
  /** What ends the text or the Python: `"`, `"""`, or so many backticks. */
  end: string
  /** Whether the Python began on an earlier line, and ends before a line of its own. */
  block: boolean
  /** What ends a text inside of Python. */
  quote: string
  /** The word or mark before, in the flow. */
  before: string
  /** Brackets that are open, for indentation. */
  depth: number
}

class Colours {
  private readonly kinds = new Map<string, string>()
  private readonly types: Set<string>
  private readonly settings: Set<string>
  private readonly python: Set<string>
  private readonly known: Set<string>

  constructor(private readonly words: Words) {
    for (const [kind, list] of [
      ["definitionKeyword", words.defining], ["keyword", words.acting], ["operatorKeyword", words.adding],
      ["controlKeyword", words.leaving], ["controlKeyword", words.deciding], ["bool", words.constants],
    ] as const) for (const word of list) this.kinds.set(word, kind)
    this.types = new Set(words.types)
    this.settings = new Set(words.settings)
    this.python = new Set(words.python)
    this.known = new Set(words.known)
  }

  token(stream: StringStream, state: State): string | null {
    switch (state.mode) {
      case "text": return this.text(stream, state)
      case "python": return this.code(stream, state)
      default: return this.flow(stream, state)
    }
  }

  private flow(stream: StringStream, state: State): string | null {
    if (stream.eatSpace()) return null
    if (stream.match(/^#.*/)) return "comment"
    const fence = stream.match(/^`+/) as RegExpMatchArray | null
    if (fence) {
      Object.assign(state, { mode: "python", end: fence[0], block: false, quote: "", before: "`" })
      if (fence[0].length > 2) stream.match(/^python\b/)
      return "processingInstruction"
    }
    const quote = stream.match(/^"""|^"/) as RegExpMatchArray | null
    if (quote) {
      Object.assign(state, { mode: "text", end: quote[0], before: '"' })
      return "string"
    }
    const word = stream.match(NAME) as RegExpMatchArray | null
    if (word) return this.word(word[0], stream, state)
    if (stream.match(NUMBER)) return this.done(state, "0", "number")
    if (stream.match("->")) return this.done(state, "->", "operator")
    const mark = stream.next() ?? ""
    if ("{([".includes(mark)) state.depth++
    if ("})]".includes(mark)) state.depth = Math.max(0, state.depth - 1)
    return this.done(state, mark, "{}()[]".includes(mark) ? "bracket" : "=,:|.".includes(mark) ? "operator" : null)
  }

  private done(state: State, before: string, kind: string | null): string | null {
    state.before = before
    return kind
  }

  private word(word: string, stream: StringStream, state: State): string {
    const before = state.before
    const called = stream.match(/^\s*\(/, false) !== null && stream.match(/^\s*\(/, false) !== false
    const set = stream.match(/^\s*=(?!=)/, false)
    state.before = word
    if (before === ".") return "propertyName"
    if (before === "flow" || before === "tool") return "variableName.function.definition"
    if (word === "as" && before === '"') return "definitionKeyword"
    if (word === this.words.person && before === "ask") return "keyword"
    if ([":", "->", "["].includes(before) && this.types.has(word) && !called) return "typeName"
    if (set && (before === "with" || before === ",") && this.settings.has(word)) return "attributeName"
    const kind = this.kinds.get(word)
    if (kind) return kind
    if (called) return "variableName.function"
    return set || stream.match(/^\s*:/, false) ? "variableName.definition" : "variableName"
  }

  private text(stream: StringStream, state: State): string {
    if (stream.match(state.end)) {
      state.mode = "flow"
      return "string"
    }
    if (stream.match(/^\\(?:u[0-9A-Fa-f]{4}|.)|^\{\{|^\}\}/)) return "escape"
    if (stream.match(HOLE)) return "variableName.special"
    stream.next()
    stream.match(/^[^"\\{}]+/)
    return "string"
  }

  private code(stream: StringStream, state: State): string | null {
    const inline = state.end.length < 3
    if (stream.sol()) {
      if (inline) { // what stands on one line ends with it
        Object.assign(state, { mode: "flow", quote: "" })
        return this.flow(stream, state)
      }
      state.block = true
      stream.eatSpace()
      if (stream.match(state.end)) return this.out(state)
    } else if ((!state.block || inline) && stream.match(state.end)) return this.out(state)
    return this.python_(stream, state)
  }

  private out(state: State): string {
    Object.assign(state, { mode: "flow", quote: "" })
    return "processingInstruction"
  }

  private python_(stream: StringStream, state: State): string | null {
    if (state.quote) {
      const open = state.quote
      while (!stream.eol()) {
        if (state.end.length < 3 && stream.peek() === "`") break
        if (stream.match(open)) {
          state.quote = ""
          break
        }
        if (stream.next() === "\\") stream.next()
      }
      if (stream.eol() && open.length === 1) state.quote = ""
      return "string.special"
    }
    if (stream.eatSpace()) return null
    if (stream.match(/^#[^`]*/)) return "comment"
    const quote = stream.match(/^[rbfuRBFU]{0,2}("""|'''|"|')/) as RegExpMatchArray | null
    if (quote) {
      state.quote = quote[1]
      return "string.special"
    }
    const word = stream.match(NAME) as RegExpMatchArray | null
    if (word) {
      const called = stream.match(/^\s*\(/, false)
      const dotted = state.before === "."
      state.before = word[0]
      if (dotted) return called ? "propertyName.function" : "propertyName"
      if (["True", "False", "None"].includes(word[0])) return "bool"
      if (this.python.has(word[0])) return "controlKeyword"
      return called || this.known.has(word[0]) ? "variableName.function" : "variableName"
    }
    if (stream.match(/^[0-9][0-9_.eExXa-fA-F]*/)) return this.done(state, "0", "number")
    const mark = stream.next() ?? ""
    return this.done(state, mark, "{}()[]".includes(mark) ? "bracket" : "operator")
  }
}

export const STYLE = HighlightStyle.define(
  (
    [
      [tags.comment, "comment"], [tags.definitionKeyword, "defining"], [tags.keyword, "acting"],
      [tags.controlKeyword, "deciding"], [tags.operatorKeyword, "adding"], [tags.bool, "constant"],
      [tags.typeName, "type"], [tags.string, "string"], [tags.special(tags.string), "python-string"],
      [tags.escape, "escape"], [tags.special(tags.variableName), "hole"], [tags.number, "number"],
      [tags.attributeName, "setting"], [tags.propertyName, "field"], [tags.function(tags.variableName), "call"],
      [tags.function(tags.definition(tags.variableName)), "name"], [tags.definition(tags.variableName), "set"],
      [tags.processingInstruction, "fence"], [tags.operator, "mark"], [tags.bracket, "mark"],
    ] as [Tag, string][]
  ).map(([tag, name]) => ({ tag, class: `e-${name}` })),
)

/** The language with these words, and its colours. */
export function flowLanguage(words: Words): Extension {
  return [languageOf(words), syntaxHighlighting(STYLE)]
}

export function languageOf(words: Words): StreamLanguage<unknown> {
  const colours = new Colours(words)
  return StreamLanguage.define<State>({
    name: "flow",
    startState: () => ({ mode: "flow", end: "", block: false, quote: "", before: "", depth: 0 }),
    copyState: (state) => ({ ...state }),
    token: (stream, state) => colours.token(stream, state),
    indent: (state, after, context) => {
      if (state.mode !== "flow") return null
      return Math.max(0, state.depth - (/^\s*[})\]]/.test(after) ? 1 : 0)) * context.unit
    },
    languageData: {
      commentTokens: { line: "#" },
      closeBrackets: { brackets: ["(", "[", "{", '"', "`"], before: ")]}:;>,\"`" },
      indentOnInput: /^\s*[})\]]$/,
    },
  }) as StreamLanguage<unknown>
}
