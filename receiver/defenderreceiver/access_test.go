package defenderreceiver

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component/componenttest"
)

// Refusals of one table while others are read are not the receiver's.
func TestRefusalsOfOneTableDoNotPauseAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccess(newStatus(componenttest.NewNopHost()))
		one, other := &tableState{}, &tableState{}
		a.join(one)
		a.join(other)
		since := time.Now()
		time.Sleep(time.Second)
		assert.False(t, a.accept())
		all, _ := a.deny(since, errors.New("403"))
		assert.False(t, all)
		assert.True(t, a.wait(t.Context()))

		time.Sleep(time.Second)
		all, changed := a.deny(time.Now(), errors.New("403"))
		assert.True(t, all && changed)
		assert.Equal(t, reasonCredentials, other.view().paused)
		other.pause(reasonNotInPlan)
		denied := time.Now()
		go func() {
			time.Sleep(10 * time.Minute)
			a.accept()
		}()
		assert.True(t, a.wait(t.Context()))
		assert.Equal(t, 10*time.Minute, time.Since(denied), "at once when they are accepted")
		assert.Empty(t, one.view().paused)
		assert.Equal(t, reasonNotInPlan, other.view().paused, "what is paused for another reason stays so")
	})
}
