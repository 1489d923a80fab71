package entra

import (
	"context"
	"sync"
)

// flights joins callers that want the same at once. MSAL alone would send one token request for each.
type flights struct {
	mu      sync.Mutex // guards everything below
	current *flight
}

// flight is one call for several waiters. Its fields are guarded by flights.mu until done is closed,
// then token and err are fixed.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	token   string
	err     error
}

// do gives what call gives, once for all who ask while it runs. Nobody's ctx ends the call for
// others: it is cancelled when the last waiter is gone, who then sees it end.
func (f *flights) do(ctx context.Context, call func(context.Context) (string, error)) (string, error) {
	f.mu.Lock()
	fl := f.current
	if fl == nil {
		callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		fl = &flight{done: make(chan struct{}), cancel: cancel}
		f.current = fl
		go f.run(callCtx, fl, call)
	}
	fl.waiters++
	f.mu.Unlock()

	select {
	case <-fl.done:
		return fl.token, fl.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	fl.waiters--
	last := fl.waiters == 0
	if last && f.current == fl {
		f.current = nil
	}
	f.mu.Unlock()
	if last {
		fl.cancel()
		<-fl.done
	}
	return "", context.Cause(ctx)
}

func (f *flights) run(ctx context.Context, fl *flight, call func(context.Context) (string, error)) {
	token, err := call(ctx)
	fl.cancel()
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.token, fl.err = token, err
	if f.current == fl {
		f.current = nil
	}
	close(fl.done)
}
