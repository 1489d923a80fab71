package entra

import (
	"context"
	"time"
)

// watchInterval is how soon a change of a credential file is seen. Files are read and not watched:
// Kubernetes swaps the folder above them.
const watchInterval = 5 * time.Second

// Watch calls changed once for each new content of the credential files (secret, certificate, key,
// federated token) until ctx ends, so that who waits after a refusal can try again at once. Token takes
// the new content up by itself. A file that is missing or empty for a moment is no change. Watch returns at
// once where there is no file.
func (s *Source) Watch(ctx context.Context, changed func()) {
	if len(s.credentials.files()) == 0 {
		return
	}
	last := s.started
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now, ok := s.credentials.fingerprint(); ok && now != last {
			last = now
			changed()
		}
	}
}
