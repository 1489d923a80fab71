package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Each config.schema.yaml has the keys of its component, describes them, and refers to what is there: to its own
// definitions, and to those that the Collector's packages have.
func TestSchemasBesideTheComponents(t *testing.T) {
	directories, err := listDirectories(t.Context())
	require.NoError(t, err)
	byName, _ := creators(t)
	seen := 0
	for name, create := range byName {
		config := reflect.TypeOf(create()).Elem()
		if !strings.HasPrefix(config.PkgPath(), module) {
			continue
		}
		seen++
		schema := readYAML(t, filepath.Join(directories[config.PkgPath()], "config.schema.yaml"))
		properties, _ := schema["properties"].(map[string]any)
		for field := range config.Fields() {
			key, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
			if key != "" && options == "" {
				assert.Contains(t, properties, key, name)
			}
		}
		definitions, _ := schema["$defs"].(map[string]any)
		checkReferences(t, name, schema, definitions, directories)
	}
	assert.Equal(t, 7, seen)
}

func readYAML(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var value map[string]any
	require.NoError(t, yaml.Unmarshal(text, &value), path)
	return value
}

func checkReferences(t *testing.T, at string, schema, definitions map[string]any, directories map[string]string) {
	t.Helper()
	if to, ok := schema["$ref"].(string); ok {
		if i := strings.LastIndex(to, "."); i < 0 {
			assert.Contains(t, definitions, to, at)
		} else {
			described := readYAML(t, filepath.Join(directories[to[:i]], "config.schema.yaml"))
			assert.Contains(t, described["$defs"], to[i+1:], at)
		}
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for key, property := range properties {
			assert.NotEmpty(t, property.(map[string]any)["description"], "%s %s", at, key)
		}
	}
	for key, below := range schema {
		switch below := below.(type) {
		case map[string]any:
			checkReferences(t, at+" "+key, below, definitions, directories)
		case []any:
			for _, entry := range below {
				if entry, ok := entry.(map[string]any); ok {
					checkReferences(t, at+" "+key, entry, definitions, directories)
				}
			}
		}
	}
}
