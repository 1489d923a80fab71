package hunting

import (
	"io"
	"slices"
)

// windowBytes is how much of a body is read ahead; a row that is larger has a window of its size.
const windowBytes = 64 << 10

// window is what was read of a body and not yet decoded. Rows are scanned in it; the decoder of all else reads from it.
type window struct {
	body io.Reader
	buf  []byte
	from int   // buf[from:] is ahead
	read int64 // bytes of the body, those ahead included
	err  error // of the body, for who has used up what is ahead
}

// ahead are the bytes that come next. They are valid until the window is read or grows.
func (w *window) ahead() []byte { return w.buf[w.from:] }

// offset is where in the body the next byte stands.
func (w *window) offset() int64 { return w.read - int64(len(w.ahead())) }

// grow reads until twice as much is ahead, so that a row that comes in many pieces is not scanned for each of them. It
// gives false where the body has no more.
func (w *window) grow() bool {
	before := len(w.ahead())
	for want := max(1, 2*before); len(w.ahead()) < want && w.err == nil; {
		w.fill()
	}
	return len(w.ahead()) > before
}

// fill reads once.
func (w *window) fill() {
	if w.from > 0 {
		w.buf = w.buf[:copy(w.buf, w.ahead())]
		w.from = 0
	}
	if len(w.buf) == cap(w.buf) || cap(w.buf) < windowBytes {
		w.buf = slices.Grow(w.buf, max(windowBytes, len(w.buf)))
	}
	var n int
	n, w.err = w.body.Read(w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	w.read += int64(n)
}

// back takes bytes that a reader has taken and not used.
func (w *window) back(unused []byte) { w.buf, w.from = slices.Concat(unused, w.ahead()), 0 }

func (w *window) Read(p []byte) (int, error) {
	if len(w.ahead()) == 0 && w.err == nil {
		w.fill()
	}
	if len(w.ahead()) == 0 {
		return 0, w.err
	}
	n := copy(p, w.ahead())
	w.from += n
	return n, nil
}

func (w *window) ReadByte() (byte, error) {
	for len(w.ahead()) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.fill()
	}
	c := w.buf[w.from]
	w.from++
	return c, nil
}
