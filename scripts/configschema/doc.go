// Command configschema writes the JSON Schema of the distribution's configuration to the files that it is given:
//
//	config/config.schema.json          beside the configurations, for editors
//	cmd/defenderctl/config.schema.json the same, in defenderctl schema
//
// Beside each component of this module it writes a config.schema.yaml, in the form that the Collector's own components have.
// `make generate` runs it. The components are those of the distribution; one that is added to builder-config.yaml needs
// nothing here. The descriptions are the comments of the components' source, in the module cache or here.
package main

//go:generate go run . ../../config/config.schema.json ../../cmd/defenderctl/config.schema.json
