package hunting

import (
	"encoding/json"
	"fmt"
)

// Column is a column of an answer's schema, with the service's name of its type, e.g. DateTime.
type Column struct {
	Name string `json:"name"` // encoding/json takes the legacy API's Name as well
	Type string `json:"type"`
}

func parseSchema(value []byte) (columns []Column, err error) {
	if err := json.Unmarshal(value, &columns); err != nil {
		return nil, fmt.Errorf("read the answer's schema: %w", err)
	}
	return columns, nil
}
