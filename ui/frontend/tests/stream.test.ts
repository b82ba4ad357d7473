import test from "node:test"
import assert from "node:assert/strict"
import "./page"
import { Stream } from "../src/stream"
import type { Message, Request } from "../src/messages"

class Socket {
  static readonly OPEN = 1
  static made: Socket[] = []
  readyState = 0
  readonly sent: unknown[] = []
  onopen = (): void => {}
  onclose = (): void => {}
  onmessage = (_event: { data: string }): void => {}
  constructor(readonly url: string) { Socket.made.push(this) }
  send(text: string): void { this.sent.push(JSON.parse(text)) }
  close(): void { this.readyState = 3 }
  open(): void { this.readyState = 1; this.onopen() }
  break(): void { this.readyState = 3; this.onclose() }
}
Object.assign(globalThis, { WebSocket: Socket })

function streamed(): { stream: Stream; heard: Message[]; links: boolean[][] } {
  Socket.made = []
  const heard: Message[] = []
  const links: boolean[][] = []
  const greeting: Request[] = [{ do: "seek", at: 3 }]
  const stream = new Stream("/flowreason/live/x", (message) => heard.push(message),
    (connected, gone) => links.push([connected, gone]), () => greeting)
  return { stream, heard, links }
}

test("a stream leads to the app itself, and begins with what was asked for", () => {
  const { stream, heard } = streamed()
  const [socket] = Socket.made as [Socket]
  assert.equal(socket.url, "ws://127.0.0.1:8501/flowreason/live/x")
  stream.send({ do: "seek", at: 1 })
  socket.open()
  assert.deepEqual(socket.sent, [{ do: "seek", at: 3 }])
  socket.onmessage({ data: '{"kind": "marks", "times": []}' })
  assert.deepEqual(heard, [{ kind: "marks", times: [] }])
})

test("a stream that breaks is opened again, later and later, and asks for the same", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const { links } = streamed()
  for (const wait of [600, 1200, 2400, 4800, 5000, 5000]) {
    const count = Socket.made.length
    Socket.made.at(-1)?.break()
    context.mock.timers.tick(wait - 1)
    assert.equal(Socket.made.length, count, `after ${wait}`)
    context.mock.timers.tick(1)
    assert.equal(Socket.made.length, count + 1, `after ${wait}`)
  }
  const last = Socket.made.at(-1) as Socket
  last.open()
  assert.deepEqual(last.sent, [{ do: "seek", at: 3 }])
  assert.deepEqual(links.at(-1), [true, false])
})

test("what is gone or was closed is not opened again", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const gone = streamed()
  const [socket] = Socket.made as [Socket]
  socket.open()
  socket.onmessage({ data: '{"kind": "gone"}' })
  socket.break()
  context.mock.timers.tick(100_000)
  assert.equal(Socket.made.length, 1)
  assert.deepEqual(gone.links.at(-1), [false, true])
  const closed = streamed()
  closed.stream.close()
  Socket.made[0]?.break()
  context.mock.timers.tick(100_000)
  assert.equal(Socket.made.length, 1)
})
