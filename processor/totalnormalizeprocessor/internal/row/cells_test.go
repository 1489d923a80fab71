package row

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Whatever columns rows have, and in whatever order, a reader finds what a map finds.
func TestReaderReadsLikeAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	layout := NewLayout()
	var columns []string
	for i := range 30 {
		columns = append(columns, fmt.Sprint("c", i))
		if i%3 > 0 {
			layout.Place(columns[i])
		}
	}
	reader := layout.NewReader()
	for i := range 2000 {
		m := pcommon.NewMap()
		for _, column := range columns {
			if random.IntN(4) > 0 {
				m.PutInt(column, random.Int64())
			}
		}
		if i%50 == 0 {
			random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		}
		cells := reader.Read(m)
		for column, place := range layout.places {
			want, ok := m.Get(column)
			assert.Equal(t, ok, cells[place].Type() == pcommon.ValueTypeInt, column)
			if ok {
				assert.Equal(t, want.Int(), cells[place].Int())
			}
		}
		assert.Empty(t, cells.Text(Nowhere))
	}
}
