package directory

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

func TestLogonChangesAreBounded(t *testing.T) {
	d := &device{}
	for i := range 3 * maxLogonChanges {
		users := []accounts.Account{{Name: strconv.Itoa(i)}}
		assert.True(t, d.addLogons(Logons{since: time.Unix(int64(i), 0), users: users}))
		assert.False(t, d.addLogons(Logons{since: time.Unix(int64(i), 5), users: users}), "nothing new")
	}
	assert.Len(t, d.logons, maxLogonChanges)
	newest := d.loggedOnAt(time.Unix(1000, 0)).Users()
	assert.Equal(t, []accounts.Account{{Name: strconv.Itoa(3*maxLogonChanges - 1)}}, newest)
}
