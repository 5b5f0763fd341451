// Builds what the pages load into ../static: scripts, styles and fonts under names that hold a digest of their
// content, and a manifest that says which is which. `node build.mjs --watch` builds again on every change.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");
const packages = join(here, "node_modules");

// By the name that templates use (`icon("search")`): the package's file.
const ICONS = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
const FONTS = { "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2" };

const options = {
  absWorkingDir: here,
  entryPoints: { app: "src/app.ts", theme: "src/theme.ts", style: "src/css/app.css" },
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true, // charts are loaded by pages that have some
  format: "esm",
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets/",
  loader: { ".woff2": "file" },
  alias: { "inter.woff2": join(packages, FONTS["inter.woff2"]) },
  metafile: true,
  legalComments: "linked",
  logLevel: "warning",
};

async function icons() {
  const found = {};
  for (const [name, file] of Object.entries(ICONS)) {
    const svg = await readFile(join(packages, "bootstrap-icons", "icons", `${file}.svg`), "utf8");
    found[name] = svg.replace(/^<svg[^>]*>|<\/svg>\s*$/g, "").replace(/\s*\n\s*/g, "");
  }
  return found;
}

// The licences of what is passed on, as they ask for.
async function licences() {
  const { dependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const texts = Object.keys(dependencies).map(
    async (name) => `${name}\n\n${await readFile(join(packages, name, "LICENSE"), "utf8")}`,
  );
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

async function write(result) {
  const names = {};
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    const file = basename(path);
    if (file.endsWith(".LEGAL.txt")) continue;
    const entry = output.entryPoint;
    if (entry) names[entry === "src/css/app.css" ? "app.css" : `${basename(entry, ".ts")}.js`] = file;
    else if (extname(file) === ".woff2") names["inter.woff2"] = file;
    else names[file] = file;
  }
  names["licences.txt"] = "licences.txt";
  await writeFile(join(out, "licences.txt"), await licences());
  await writeFile(join(out, "icons.json"), JSON.stringify(await icons()));
  await writeFile(join(out, "manifest.json"), JSON.stringify(names, null, 1));
  // Last, so that a server that starts meanwhile finds what the former manifest names.
  const kept = new Set([...Object.values(names), "icons.json", "manifest.json"]);
  for (const file of await readdir(out)) if (!kept.has(file)) await rm(join(out, file));
}

await mkdir(out, { recursive: true });
if (process.argv.includes("--watch")) {
  const rebuilt = { name: "rebuilt", setup: (build) => build.onEnd((result) => result.metafile && write(result)) };
  const context = await esbuild.context({ ...options, plugins: [rebuilt] });
  await context.watch();
} else {
  await write(await esbuild.build(options));
}
