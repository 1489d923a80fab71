package hunting

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Rows whose columns are null here and there have the others, each with its own value, whichever sets came before.
func TestNullsAreLeftOut(t *testing.T) {
	for _, columns := range []int{9, mostColumns, mostColumns + 3} {
		random := rand.New(rand.NewPCG(1, uint64(columns)))
		sets := make([][]bool, 3*len(names{}.known))
		for i := range sets {
			sets[i] = make([]bool, columns)
			for c := range sets[i] {
				sets[i][c] = random.IntN(3) == 0
			}
		}
		var texts []string
		var want []map[string]any
		for n := range 600 {
			set := sets[random.IntN(1+n*len(sets)/600)]
			var cells []string
			row := map[string]any{}
			for c, null := range set {
				name := fmt.Sprintf("Column%d", c)
				if null {
					cells = append(cells, fmt.Sprintf("%q:null", name))
					continue
				}
				row[name] = fmt.Sprint(n, " ", c)
				cells = append(cells, fmt.Sprintf("%q:%q", name, row[name]))
			}
			texts, want = append(texts, "{"+strings.Join(cells, ",")+"}"), append(want, row)
		}
		rows, err := newTestClient(t, Graph, answering(http.StatusOK, nil, `{"results":[`+strings.Join(texts, ",")+`]}`)).Query(t.Context(), "T", nil)
		require.NoError(t, err)
		dst := pcommon.NewMap()
		for n, row := range want {
			ok, err := rows.Next(dst)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, row, dst.AsRaw(), "row %d of %d columns", n, columns)
		}
		assert.NoError(t, rows.Close())
	}
}
