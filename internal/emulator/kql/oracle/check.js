// Reads {"tables": {name: "(Column: type, ...)"}, "queries": [text]} from standard input and writes,
// for each query, the Error diagnostics and result columns of Microsoft's KQL parser and binder.
// Its argument is the folder of the npm package.
"use strict";
const fs = require("fs");
const path = require("path");

const folder = process.argv[2];
// The package was compiled from C#; it writes its namespaces into the global object.
require(path.join(folder, "bridge.min.js"));
require(path.join(folder, "Kusto.Language.Bridge.min.js"));

const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const tables = Object.entries(input.tables).map(([name, schema]) =>
  Symbols.TableSymbol.From(schema).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("Defender", tables));

function list(readOnlyList) {
  const items = [];
  for (let i = 0; i < readOnlyList.Count; i++) {
    items.push(readOnlyList.getItem(i));
  }
  return items;
}

const answers = input.queries.map((query) => {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const errors = list(code.GetDiagnostics())
    .filter((d) => d.Severity === "Error")
    .map((d) => d.Message);
  const type = code.ResultType;
  const columns = type && type.Columns
    ? list(type.Columns).map((c) => ({ name: c.Name, type: c.Type.Name }))
    : [];
  return { errors, columns };
});
process.stdout.write(JSON.stringify(answers));
