package hunting

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// cell is one value of a row.
type cell struct {
	key  *key
	n    int64 // of an integer; of a double its bits
	to   int   // where its text ends in row.text; it begins where that of the cell before ends
	kind cellKind
}

type cellKind uint8

const (
	nullCell cellKind = iota
	textCell
	boolCell
	intCell
	doubleCell
	nestedCell
)

// number takes an integer exactly, or as text where it exceeds 64 bits; others as double.
func (c *cell) number(value []byte) {
	if n, ok := smallInt(value); ok {
		c.kind, c.n = intCell, n
		return
	}
	var err error
	if bytes.ContainsAny(value, ".eE") {
		c.kind = doubleCell
		var f float64
		f, err = strconv.ParseFloat(string(value), 64)
		c.n = int64(math.Float64bits(f)) //nolint:gosec // bits, not a number
	} else {
		c.kind = intCell
		c.n, err = strconv.ParseInt(string(value), 10, 64)
	}
	if err != nil {
		c.kind = textCell
	}
}

// double is the value of a doubleCell.
func (c *cell) double() float64 {
	return math.Float64frombits(uint64(c.n)) //nolint:gosec // bits, not a number
}

// smallInt gives the integer that value is, if it cannot exceed 64 bits.
func smallInt(value []byte) (n int64, ok bool) {
	minus := value[0] == '-'
	if minus {
		value = value[1:]
	}
	if len(value) > 18 {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if minus {
		n = -n
	}
	return n, true
}

// toBool makes a declared boolean of any form it comes in; another value stays as it came.
func (c *cell) toBool(text []byte) {
	switch c.kind {
	case textCell, intCell, doubleCell:
		switch strings.ToLower(strings.TrimSpace(string(text))) {
		case "true", "1", "1.0":
			c.kind, c.n = boolCell, 1
		case "false", "0", "-0", "0.0":
			c.kind, c.n = boolCell, 0
		}
	}
}
