// Takes out of package-lock.json every address: where packages come from, and who asks for money. What is left
// says which they are, by name, version and hash. Run by `npm run lock`.
import { readFile, writeFile } from "node:fs/promises";

const path = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(path, "utf8"));
for (const item of Object.values(lock.packages)) {
  delete item.funding;
  delete item.resolved;
}
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
