/** One line per command, and a file of all of them: an adapter as a third party would publish it, without opbus at run time. */
const line = (command) => [command.key, command.mode, command.params.fields.map(({ name }) => name).join(" ")].join(",")

/** @type {import("opbus/spec/GeneratorAdapter").GeneratorAdapter} */
const adapter = {
  name: "inventory",
  description: "A line of CSV per command",
  version: 1,
  command: (command) => [{
    path: `inventory/${command.key}.csv`,
    kind: "generated",
    contents: `${line(command)}\n`,
    sources: [command.source],
    hash: command.hash,
    comment: "#"
  }],
  project: ({ commands }) => [{
    path: "inventory/all.csv",
    kind: "generated",
    contents: `${commands.map(line).join("\n")}\n`,
    sources: commands.map(({ source }) => source),
    hash: commands.map(({ hash }) => hash).join(""),
    comment: "#"
  }]
}

export default adapter
