package destination

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	readSize = 1 << 20
	// maxPayload bounds a line and a message. Exporters write a batch at most, of some thousand events.
	maxPayload = 256 << 20
	// maxWindow bounds what a zstd stream may ask for.
	maxWindow = 128 << 20
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

	errTooLarge = fmt.Errorf("it is larger than %d bytes", maxPayload)
)

// file is one file.
type file struct {
	*os.File

	path string
	info os.FileInfo // as it was when it was opened
}

// each is given the payloads of a file by the number of the line or message, from 1 on; broken says why one cannot be read.
type each func(position int64, payload []byte, broken error) error

// payloads reads the file as far as it went when it was opened.
func (f *file) payloads(do each) error {
	whole := bufio.NewReaderSize(io.NewSectionReader(f.File, 0, f.info.Size()), readSize)
	plain, done, err := decompressed(whole)
	if err != nil {
		return do(0, nil, err)
	}
	defer done()
	in := bufio.NewReaderSize(plain, readSize)
	first, err := in.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return do(0, nil, fmt.Errorf("it cannot be read: %w", err))
	case isLength(first[0]):
		return messages(in, do)
	default:
		return lines(in, do)
	}
}

// isLength tells the first byte of a message's length from that of a line, which may be empty.
func isLength(b byte) bool { return b <= maxPayload>>24 && b != '\n' && b != '\r' && b != '\t' }

// decompressed undoes a compression of the whole file.
func decompressed(in *bufio.Reader) (io.Reader, func(), error) {
	magic, _ := in.Peek(len(zstdMagic))
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		out, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, fmt.Errorf("it cannot be decompressed: %w", err)
		}
		return out, func() { _ = out.Close() }, nil
	case bytes.Equal(magic, zstdMagic):
		out, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("it cannot be decompressed: %w", err)
		}
		return out, out.Close, nil
	default:
		return in, func() {}, nil
	}
}

// lines gives each line of a file.
func lines(in *bufio.Reader, do each) error {
	var line []byte
	for number := int64(1); ; number++ {
		line = line[:0]
		var err error
		for more := true; more; {
			var part []byte
			part, err = in.ReadSlice('\n')
			if line = append(line, part...); len(line) > maxPayload {
				return do(number, nil, errTooLarge)
			}
			more = errors.Is(err, bufio.ErrBufferFull)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return do(number, nil, fmt.Errorf("the rest of the file cannot be read: %w", err))
		}
		if done := do(number, line, nil); done != nil {
			return done
		}
		if err != nil {
			return nil
		}
	}
}

// messages gives each message of a file, which stand behind their length and may be compressed.
func messages(in *bufio.Reader, do each) error {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPayload))
	if err != nil {
		return fmt.Errorf("prepare to decompress: %w", err)
	}
	defer decoder.Close()
	var length [4]byte
	var message, plain []byte
	for number := int64(1); ; number++ {
		if _, err := io.ReadFull(in, length[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return do(number, nil, fmt.Errorf("the rest of the file cannot be read: %w", err))
		}
		size := binary.BigEndian.Uint32(length[:])
		if size > maxPayload {
			return do(number, nil, fmt.Errorf("the rest of the file cannot be read: %w", errTooLarge))
		}
		message = slices.Grow(message[:0], int(size))[:size]
		if _, err := io.ReadFull(in, message); err != nil {
			return do(number, nil, fmt.Errorf("the file ends within a message: %w", err))
		}
		// With the exporter's native compression and an encoding, lines end behind each message.
		payload := message
		var broken error
		if bytes.HasPrefix(message, zstdMagic) {
			if plain, broken = decoder.DecodeAll(message, plain[:0]); broken != nil {
				broken = fmt.Errorf("it cannot be decompressed: %w", broken)
			}
			payload = plain
		}
		if done := do(number, payload, broken); done != nil {
			return done
		}
		if next, err := in.Peek(1); err == nil && next[0] == '\n' {
			_, _ = in.Discard(1)
		}
	}
}
