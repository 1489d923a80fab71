package selection

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/emitted"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

// given are candidates that do not depend on the alert.
func given(numbers ...byte) Candidates {
	var all []indicator.Indicator
	for _, n := range numbers {
		all = append(all, indicator.Indicator{ID: indicator.ID{n}})
	}
	return func(alert.Alert, *emitted.Draft) []indicator.Indicator { return all }
}

// draftOf is the draft of an alert of which some records were handed on.
func draftOf(t *testing.T, numbers ...byte) *emitted.Draft {
	t.Helper()
	call, err := emitted.New(nil, time.Now).Open(t.Context(), nil)
	require.NoError(t, err)
	draft := call.Draft("a")
	for _, n := range numbers {
		draft.Add(indicator.ID{n})
	}
	return draft
}

func TestOf(t *testing.T) {
	for name, c := range map[string]struct {
		before     []byte
		rule       Rule
		parts      []int
		ids        []byte
		repeated   int
		beyond     int
		afterwards int
	}{
		"first":               {nil, Rule{given(7, 8), false, 9}, []int{0, 1}, []byte{7, 8}, 0, 0, 2},
		"nothing new":         {[]byte{7, 8}, Rule{given(8, 7), false, 9}, nil, nil, 0, 0, 2},
		"one new, in front":   {[]byte{7, 8}, Rule{given(9, 7, 8), false, 9}, []int{2}, []byte{9}, 0, 0, 3},
		"repeated":            {[]byte{7, 8}, Rule{given(9, 8, 7), true, 9}, []int{2, 1, 0}, []byte{9, 8, 7}, 2, 0, 3},
		"one that is gone":    {[]byte{7, 8}, Rule{given(8), true, 9}, []int{1}, []byte{8}, 1, 0, 2},
		"room for one":        {[]byte{7}, Rule{given(7, 8, 9), false, 2}, []int{1}, []byte{8}, 0, 1, 2},
		"full, and repeated":  {[]byte{7}, Rule{given(8, 7), true, 1}, []int{0}, []byte{7}, 1, 1, 1},
		"fuller than allowed": {[]byte{7, 8}, Rule{given(9), false, 1}, nil, nil, 0, 1, 2},
		"no candidates":       {[]byte{7}, Rule{given(), true, 1}, nil, nil, 0, 0, 1},
	} {
		draft := draftOf(t, c.before...)
		choice := c.rule.Of(alert.Alert{}, draft)
		var parts []int
		var ids []byte
		for _, r := range choice.Records {
			parts, ids = append(parts, r.Part), append(ids, r.ID[0])
		}
		assert.Equal(t, c.parts, parts, name)
		assert.Equal(t, c.ids, ids, name)
		assert.Equal(t, []int{c.repeated, c.beyond, c.afterwards}, []int{choice.Repeated, choice.Beyond, draft.Len()}, name)
	}
}
