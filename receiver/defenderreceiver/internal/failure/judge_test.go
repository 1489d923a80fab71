package failure

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

var serviceNow = time.Date(2026, 3, 15, 8, 7, 0, 0, time.UTC)

func refusal(kind hunting.Kind) *hunting.Error { return &hunting.Error{Kind: kind} }

func TestJudge(t *testing.T) {
	const backoff = 7 * time.Second
	gateway := &hunting.Error{Kind: hunting.Transient, Status: 502, MaybeSize: true}
	for name, c := range map[string]struct {
		err      error
		failures int
		change   func(*Situation)
		want     Verdict
	}{
		"an outage":                  {refusal(hunting.Transient), 1, nil, Verdict{Cause: Passing, Wait: backoff, Passes: true}},
		"an outage that goes on":     {refusal(hunting.Transient), 5, nil, Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}},
		"never paused":               {refusal(hunting.Transient), 99, func(s *Situation) { s.PauseAfter = 0 }, Verdict{Cause: Passing, Wait: backoff, Passes: true}},
		"an outage that asks":        {&hunting.Error{RetryAfter: time.Minute}, 1, nil, Verdict{Cause: Passing, Wait: time.Minute, Passes: true}},
		"one that asks for too much": {&hunting.Error{RetryAfter: time.Hour}, 1, nil, Verdict{Cause: Passing, Wait: 15 * time.Minute, Passes: true}},
		"a gateway, twice":           {gateway, 2, nil, Verdict{Cause: Passing, Wait: backoff, Passes: true}},
		"a gateway, three times":     {gateway, 3, nil, Verdict{Cause: Passing, Wait: backoff, Passes: true, Doubt: DoubtSize}},
		"a gateway that goes on":     {gateway, 5, nil, Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true, Doubt: DoubtSize}},
		"an answer that breaks":      {refusal(hunting.Interrupted), 3, nil, Verdict{Cause: Passing, Wait: backoff, Passes: true, Doubt: DoubtData}},
		"not the API":                {refusal(hunting.Unexpected), 5, nil, Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}},
		"something unknown":          {errors.New("x"), 5, nil, Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}},
		"Entra ID is down":           {&entra.Error{Status: 503}, 5, nil, Verdict{Cause: Passing, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}},
		"the token's endpoint":       {&entra.Error{Status: 429, RetryAfter: 9 * time.Second}, 1, nil, Verdict{Cause: Throttled, Wait: 9 * time.Second, Scope: Tenant}},
		"a rate limit":               {&hunting.Error{Kind: hunting.RateLimited, RetryAfter: 7 * time.Second}, 0, nil, Verdict{Cause: Throttled, Wait: 7 * time.Second, Scope: Tenant}},
		"a rate limit, untold":       {refusal(hunting.RateLimited), 9, nil, Verdict{Cause: Throttled, Wait: time.Minute, Scope: Tenant}},
		"a rate limit, unbelieved":   {&hunting.Error{Kind: hunting.RateLimited, RetryAfter: time.Hour}, 0, nil, Verdict{Cause: Throttled, Wait: 15 * time.Minute, Scope: Tenant}},
		"CPU":                        {refusal(hunting.CPULimited), 0, nil, Verdict{Cause: Throttled, Wait: 8 * time.Minute, Scope: Tenant}},
		"the directory's limit":      {refusal(hunting.RateLimited), 0, apart, Verdict{Cause: Throttled, Wait: time.Minute}},
		"the pipeline":               {fmt.Errorf("deliver rows: %w", ErrRefused), 0, nil, Verdict{Cause: Pipeline, Wait: backoff}},
		"the storage":                {fmt.Errorf("%w: full", ErrStorage), 99, nil, Verdict{Cause: Storage, Wait: backoff}},
		"no such table":              {refusal(hunting.UnknownTable), 1, nil, Verdict{Cause: Absent, Pause: ReasonNotInPlan, Wait: 24 * time.Hour}},
		"no such table any more":     {refusal(hunting.UnknownTable), 1, recently, Verdict{Cause: Absent, Wait: backoff, Passes: true}},
		"still none":                 {refusal(hunting.UnknownTable), 5, recently, Verdict{Cause: Absent, Pause: ReasonFailures, Wait: 5 * time.Minute, Passes: true}},
		"no licence, once":           {refusal(hunting.Unlicensed), 1, nil, Verdict{Cause: Licence, Wait: backoff}},
		"no licence":                 {refusal(hunting.Unlicensed), 5, nil, Verdict{Cause: Licence, Pause: ReasonNotInPlan, Wait: time.Hour}},
		"no arrival":                 {ErrNoArrival, 0, nil, Verdict{Cause: NoArrival, Pause: ReasonNoArrivalTime, Wait: 24 * time.Hour}},
		"a wrong secret, once":       {&entra.Error{Kind: entra.BadCredentials}, 1, nil, Verdict{Cause: Credentials, Wait: backoff}},
		"a wrong secret":             {&entra.Error{Kind: entra.BadCredentials}, 5, nil, Verdict{Cause: Credentials, Pause: ReasonCredentials, Wait: time.Hour, Scope: Receiver}},
		"a token that is refused":    {refusal(hunting.Unauthorized), 5, nil, Verdict{Cause: Credentials, Pause: ReasonCredentials, Wait: time.Hour, Scope: Receiver}},
		"... by the directory":       {refusal(hunting.Unauthorized), 5, apart, Verdict{Cause: Credentials, Pause: ReasonCredentials, Wait: time.Hour}},
		"a missing role":             {refusal(hunting.Forbidden), 5, nil, Verdict{Cause: Permission, Pause: ReasonPermission, Wait: time.Hour, Scope: Receiver}},
		"... of the directory":       {refusal(hunting.Forbidden), 1, apart, Verdict{Cause: Permission, Pause: ReasonPermission, Wait: time.Hour}},
		"a wrong filter, once":       {refusal(hunting.BadQuery), 1, nil, Verdict{Cause: Query, Wait: backoff}},
		"a wrong filter":             {refusal(hunting.BadQuery), 5, nil, Verdict{Cause: Query, Pause: ReasonFailures, Wait: time.Hour}},
		"too large":                  {refusal(hunting.TooLarge), 9, nil, Verdict{Cause: Size, Wait: backoff}},
		"the end":                    {&hunting.Error{Err: context.Canceled}, 0, nil, Verdict{Cause: Stopped}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Situation{PauseAfter: 5, Failures: c.failures, Pause: backoff, ServiceNow: serviceNow}
			if c.change != nil {
				c.change(&s)
			}
			assert.Equal(t, c.want, Judge(fmt.Errorf("poll: %w", c.err), s))
		})
	}
}

func apart(s *Situation)    { s.OwnLimits = true }
func recently(s *Situation) { s.Recent = true }

// Each kind of the service's answers has a cause, so that a new one is not taken for an outage without a thought.
func TestEachKindHasACause(t *testing.T) {
	for _, kind := range hunting.Kinds() {
		assert.Contains(t, ofKind, kind, kind)
	}
}

func TestFailuresInARow(t *testing.T) {
	var r Run
	at := func(minute int) time.Time { return serviceNow.Add(time.Duration(minute) * time.Minute) }
	r.Fail(at(1), at(0))
	r.Fail(at(2), at(0))
	assert.Equal(t, 2, r.Failures)
	assert.Equal(t, at(1), r.Since)
	r.Fail(at(3), at(1))
	assert.Equal(t, 1, r.Failures, "a poll that came further before it failed is no standstill")
	assert.Equal(t, at(3), r.Since)
	assert.True(t, r.End())
	assert.False(t, r.End())
}

// Two errors have one key exactly if they tell an operator the same.
func TestKey(t *testing.T) {
	dial := func(port int) error {
		return &hunting.Error{Err: &url.Error{Op: "Post", URL: "https://graph", Err: fmt.Errorf("read tcp 10.0.0.1:%d->20.0.0.1:443: reset", port)}}
	}
	assert.Equal(t, Key(dial(51000)), Key(fmt.Errorf("DeviceEvents: %w", dial(51001))))
	withID := func(id string) error { return &hunting.Error{Status: 500, RequestID: id} }
	assert.Equal(t, Key(withID("a-1")), Key(withID("b-2")))
	assert.NotEqual(t, Key(&hunting.Error{Status: 500}), Key(&hunting.Error{Status: 503}))
	assert.NotEqual(t, Key(dial(1)), Key(&hunting.Error{Err: x509.UnknownAuthorityError{}}))
	assert.Equal(t, Key(fmt.Errorf("a: %w", ErrRefused)), Key(errors.Join(ErrRefused)))
}
