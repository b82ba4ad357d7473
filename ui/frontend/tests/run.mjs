// Runs the tests of the scripts: `node tests/run.mjs [NAME …]`; each `NAME.test.ts` is bundled and given to Node's runner.
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const wanted = process.argv.slice(2)
const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name.replace(".test.ts", "")))
const out = mkdtempSync(join(tmpdir(), "frontend-tests-"))
try {
  await build({
    entryPoints: names.map((name) => join(here, name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    sourcemap: "inline",
    logLevel: "warning",
  })
  const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")))
  const ran = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" })
  process.exitCode = files.length === 0 ? 1 : ran.status ?? 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
