package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runSchema is what the command prints.
func runSchema(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"schema"}, args...))
	err := cmd.Execute()
	return out.Bytes(), err
}

func TestSchemaIsTheOneBesideTheConfigurations(t *testing.T) {
	printed, err := runSchema(t)
	require.NoError(t, err)
	shipped, err := os.ReadFile("../../config/config.schema.json")
	require.NoError(t, err)
	assert.Equal(t, string(shipped), string(printed), "run make generate")
}

func TestSchemaOfOneComponent(t *testing.T) {
	for name, test := range map[string]struct{ right, wrong map[string]any }{
		"receivers/defender": {map[string]any{"poll_interval": "5m", "headers": []any{map[string]any{"name": "a", "value": "b"}}}, map[string]any{"headers": []any{map[string]any{"nam": "a"}}}},
		"processors/filter":  {map[string]any{"error_mode": "ignore"}, map[string]any{"errormode": "ignore"}},
	} {
		printed, err := runSchema(t, "--component", name)
		require.NoError(t, err)
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(printed))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource("part.json", document))
		schema, err := compiler.Compile("part.json") // fails if it refers to what is not in it
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(test.right), name)
		assert.Error(t, schema.Validate(test.wrong), name)
	}
}

func TestSchemaOfAComponentThatIsNotThere(t *testing.T) {
	for _, name := range []string{"receivers/defendr", "defender", "accounts/Patterns"} {
		_, err := runSchema(t, "--component", name)
		require.ErrorContains(t, err, "there is no component "+name)
		assert.ErrorContains(t, err, "receivers/defender")
	}
}
