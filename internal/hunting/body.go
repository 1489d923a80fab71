package hunting

import (
	"errors"
	"io"
)

var errBodyTooLarge = errors.New("the answer is larger than the client's limit")

// body is an answer's decompressed body: bounded, timed and counted.
type body struct {
	r        io.Reader
	patience *patience
	limit    int64 // bytes; 0 is none
	read     int64 // bytes
}

func (b *body) Read(p []byte) (int, error) {
	if b.limit > 0 && int64(len(p)) > b.limit-b.read+1 {
		// One byte beyond the limit tells a body that is too large from one that just fits.
		p = p[:b.limit-b.read+1]
	}
	b.patience.begin()
	n, err := b.r.Read(p)
	b.patience.end()
	b.read += int64(n)
	if b.limit > 0 && b.read > b.limit {
		return n, errBodyTooLarge
	}
	return n, err
}
