// Builds the app's scripts into the package: `node build.mjs [FOLDER]`.
import { build } from "esbuild"
import { fileURLToPath } from "node:url"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = process.argv[2] ?? `${here}../flowreason_ui/assets`
const entries = ["run", "editor", "keep"].filter((name) => existsSync(`${here}src/${name}.ts`))

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => `${here}src/${name}.ts`),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none", // they stand in THIRD_PARTY.txt, whole
  logLevel: "warning",
  metafile: true,
})
writeFileSync(join(out, "THIRD_PARTY.txt"), licences(Object.keys(metafile.inputs)))

/** The licence of each package of which something is in the scripts. A package without one is an error. */
function licences(inputs) {
  const names = new Set(inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean))
  const texts = [...names].sort().map((name) => {
    const folder = join(here, "node_modules", name)
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)\b/i.test(each))
    if (!file) throw new Error(`${name} comes without the text of its licence, and so cannot be part of the scripts`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`
  })
  return ["The scripts in this folder hold parts of these packages.\n", ...texts].join(`\n${"-".repeat(72)}\n\n`)
}
