"""Hostile Python as a step of a flow: it fails alone, what stands behind `else` takes its place, and the others go on."""

from __future__ import annotations

import time

import pytest

import flowreason as fr
from flowreason.engine import work
from flowreason.ports import SandboxLimits
from flowreason.sandbox import jail

pytestmark = pytest.mark.skipif(jail.available() is not None, reason=str(jail.available()))

PIECES = {
    "an endless loop": "while True: pass",
    "memory without end": "x = []\nwhile True: x.append(bytearray(10**7))",
    "recursion without end": "def f(n): return f(n + 1)\nf(0)",
    "a flood of output": "while True: print('flood' * 1000)",
    "a regular expression that never ends": "import re\nre.match('(a*)*b', 'a' * 60)",
    "a number that never ends": "10 ** 10 ** 9",
    "a process": "random._os.fork()",
    "a program": "random._os.execv('/bin/sh', ['sh'])",
    "a file": "open('/etc/passwd').read()",
    "a file, by the back door": "random._os.open('/etc/passwd', 0)",
    "a socket": "random._os.sys.modules['socket'].create_connection(('127.0.0.1', 9))",
    "the environment": "random._os.environ['OPENAI_API_KEY']",
    "a signal to others": "random._os.kill(1, 9)",
    "a signal to itself": "random._os.abort()",
    "threads without end": "import threading\nwhile True: threading.Thread(target=print).start()",
    "descriptors that it inherited": "for n in range(1, 100):\n    if n != 3: random._os.write(n, b'x')",
    "ctypes": "import ctypes\nctypes.string_at(0)",
    "a pickle": "import pickle\npickle.loads(b'cos\\nsystem\\n(S\"id\"\\ntR.')",
    "the end of the interpreter": "random._os._exit(0)",
    "a value of many megabytes": "'x' * 10**8",
}


def flow_of(piece: str) -> str:
    body = "\n".join(f"      {line}" for line in piece.splitlines())
    return f"""
flow main(n: int) -> text {{
  bad = ```
{body}
  ``` else "failed alone"
  good: int = ```
      total = 0
      for k in range(n):
          total += k
      return total
  ```
  answer "{{bad}}, {{good}}"
}}
"""


@pytest.mark.parametrize("name", PIECES)
def test_hostile_python_fails_alone_and_the_flow_goes_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setattr(work, "SandboxLimits", lambda: SandboxLimits(0.4, 128 * 2**20, 100_000, 1_000_000))
    began = time.monotonic()
    try:
        flow = fr.loads(flow_of(PIECES[name]))
    except fr.FlowCheckError as error:
        assert "python" in error.diagnostics[0].code, "refused before it runs"
        return
    result = flow.run(n=10, provider=fr.ScriptedProvider())
    assert result.answer == "failed alone, 45", result.error
    assert time.monotonic() - began < 10
    assert "canary" not in str(result.events)
