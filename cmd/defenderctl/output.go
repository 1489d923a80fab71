package main

import (
	"encoding/json"
	"io"
)

// printJSON writes a value as people read it. Addresses stay as they are.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
