// Names the Node that is needed, in one line, on a Node too old for everything else here. Plain JavaScript on purpose.
import { readFileSync } from "fs"

const { engines, name } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
const needed = engines.node.replace(/[^\d.]/g, "")
const [major, minor] = process.versions.node.split(".").map(Number)
const [neededMajor, neededMinor] = needed.split(".").map(Number)

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  console.error(
    `${name} needs Node ${needed} or newer; this is Node ${process.versions.node}. ` +
      "`npm ci` brings one that every npm script uses."
  )
  process.exit(1)
}
