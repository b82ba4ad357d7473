// Builds the app's scripts into the package: `node build.mjs [FOLDER]`.
import { build } from "esbuild"
import { fileURLToPath } from "node:url"
import { existsSync } from "node:fs"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = process.argv[2] ?? `${here}../flowreason_ui/assets`
const entries = ["run", "editor"].filter((name) => existsSync(`${here}src/${name}.ts`))

await build({
  entryPoints: entries.map((name) => `${here}src/${name}.ts`),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
})
