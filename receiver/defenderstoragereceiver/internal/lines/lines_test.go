package lines

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const good = `{"time":"2026-11-21T10:00:00Z","tenantId":"t","category":"AdvancedHunting-DeviceEvents","properties":{"Timestamp":"2026-11-21T09:59:00Z","DeviceId":"d","ReportId":1}}`

func TestWhole(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 0, "a\n": 2, "a\r\nb": 3, "\n\n": 2} {
		assert.Equal(t, want, Whole([]byte(text)), text)
	}
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		line        string
		rows, texts int
	}{
		"a row":                {good + "\r\n", 1, 0},
		"blank":                {" \r\n", 0, 0},
		"a torn head":          {good[30:] + "\n", 0, 1},
		"a torn end":           {good[:60] + "\n", 0, 1},
		"NUL":                  {strings.Repeat("\x00", 8) + "\n", 0, 1},
		"a list that is open":  {`["a","b` + "\n", 0, 1},
		"an open list of rows": {`{"records":[` + "\n", 0, 1},
		"a message":            {`{"records":[` + good + "," + good + "]}\n", 2, 0},
		"two on one line":      {good + good + "\n", 2, 0},
	} {
		rows, texts := 0, 0
		for _, item := range new(Reader).Read([]byte(c.line)) {
			if item.Err == nil {
				rows++
			} else {
				texts++
			}
		}
		assert.Equal(t, c.rows, rows, name)
		if c.texts == 0 {
			assert.Zero(t, texts, name)
		} else {
			assert.GreaterOrEqual(t, texts, c.texts, name)
		}
	}
}

// Whatever a line leaves open, the next one is read by itself.
func TestDamageEndsWithItsLine(t *testing.T) {
	r := new(Reader)
	for _, bad := range []string{"[", `{"records":[`, `["a","b`, `{"a":"`, "\x00\x00"} {
		r.Read([]byte(bad + "\n"))
		items := r.Read([]byte(good + "\r\n"))
		require.Len(t, items, 1, bad)
		assert.NoError(t, items[0].Err, bad)
	}
}

func TestPieces(t *testing.T) {
	whole := strings.Repeat("x", 2*piece+1)
	var joined strings.Builder
	for _, item := range Pieces([]byte(whole)) {
		require.Error(t, item.Err)
		require.LessOrEqual(t, len(item.Text), piece)
		joined.Write(item.Text)
	}
	assert.Equal(t, whole, joined.String())
}
