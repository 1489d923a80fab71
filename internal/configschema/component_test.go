package configschema

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"BackOffConfig": "back_off_config", "TUIDConfig": "tuid_config", "API": "api", "MapList": "map_list", "Config": "config", "PFXFile": "pfx_file",
	} {
		assert.Equal(t, want, snake(name))
	}
}
