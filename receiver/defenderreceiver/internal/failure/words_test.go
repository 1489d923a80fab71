package failure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// What an error says of the query, whatever has wrapped it.
func TestWhatAnErrorSays(t *testing.T) {
	questions := map[string]func(error) bool{
		"too much": IsTooMuch, "too heavy": IsTooHeavy, "maybe size": MaybeSize, "refused": IsRefused, "no arrival": SaysNoArrival,
		"throttled": IsThrottled, "failure": IsFailure,
	}
	for name, c := range map[string]struct {
		err  error
		says []string
	}{
		"too large":           {refusal(hunting.TooLarge), []string{"failure", "too much"}},
		"too heavy":           {refusal(hunting.TooHeavy), []string{"failure", "too heavy", "too much"}},
		"a gateway":           {&hunting.Error{Kind: hunting.Transient, MaybeSize: true}, []string{"failure", "maybe size"}},
		"a rate limit":        {refusal(hunting.RateLimited), []string{"throttled"}},
		"CPU":                 {refusal(hunting.CPULimited), []string{"throttled"}},
		"a bad query":         {refusal(hunting.BadQuery), []string{"failure", "refused"}},
		"an unknown function": {&hunting.Error{Kind: hunting.BadQuery, Message: "Unknown function: 'Ingestion_Time'"}, []string{"failure", "no arrival", "refused"}},
		"an unknown column":   {&hunting.Error{Kind: hunting.UnknownColumn, Name: "ingestion_time"}, []string{"failure", "no arrival", "refused"}},
		"an outage's words":   {&hunting.Error{Kind: hunting.Transient, Message: "ingestion_time"}, []string{"failure"}},
		"no arrival":          {ErrNoArrival, nil},
		"the pipeline":        {ErrRefused, nil},
		"the storage":         {ErrStorage, nil},
		"the end":             {&hunting.Error{Err: context.Canceled}, nil},
		"Entra ID throttles":  {&entra.Error{Status: 429}, nil},
		"Entra ID":            {&entra.Error{Kind: entra.BadCredentials}, []string{"failure"}},
		"something unknown":   {errors.New("x"), []string{"failure"}},
	} {
		var says []string
		for question, ask := range questions {
			if ask(fmt.Errorf("poll: %w", c.err)) {
				says = append(says, question)
			}
		}
		slices.Sort(says)
		assert.Equal(t, c.says, says, name)
	}
}

// What wraps an error of Entra ID makes no other trouble of it; of another error all is said.
func TestKeyOfOtherErrors(t *testing.T) {
	secret := &entra.Error{Kind: entra.BadCredentials, Description: "the secret is wrong"}
	assert.Equal(t, Key(secret), Key(fmt.Errorf("DeviceEvents: %w", secret)))
	assert.NotEqual(t, Key(errors.New("a")), Key(errors.New("b")))
}

func TestReasonsAreAll(t *testing.T) {
	reasons := Reasons()
	for name, kind := range map[string]hunting.Kind{"absent": hunting.UnknownTable, "query": hunting.BadQuery, "token": hunting.Unauthorized, "role": hunting.Forbidden} {
		v := Judge(refusal(kind), Situation{PauseAfter: 1, Failures: 1})
		assert.Contains(t, reasons, v.Pause, name)
	}
	assert.Contains(t, reasons, ReasonUser)
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(reasons))), len(reasons), "each once")
}

// A loop that waits for new credentials ends with its context.
func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate()
		g.Deny(time.Now())
		assert.True(t, g.Wait(t.Context(), nil), "one tries")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		assert.False(t, g.Wait(ctx, nil))
		assert.False(t, g.Wait(ctx, nil), "and does not begin again")
	})
}
