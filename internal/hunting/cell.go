package hunting

import (
	"bytes"
	"strconv"
	"strings"
)

// cell is one value of a row.
type cell struct {
	key      *key
	kind     cellKind
	from, to int // in row.text
	n        int64
	f        float64
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
	var err error
	if bytes.ContainsAny(value, ".eE") {
		c.kind = doubleCell
		c.f, err = strconv.ParseFloat(string(value), 64)
	} else {
		c.kind = intCell
		c.n, err = strconv.ParseInt(string(value), 10, 64)
	}
	if err != nil {
		c.kind = textCell
	}
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
