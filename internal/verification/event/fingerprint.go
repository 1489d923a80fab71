package event

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Each kind of value has a seed, so that the text "1" is another value than the number 1.
const (
	seedNull uint64 = iota + 1
	seedFalse
	seedTrue
	seedInt
	seedDouble
	seedText
	seedList
	seedMap
)

// content is the fingerprint of an event without what is excepted.
func content(m pcommon.Map) uint64 {
	sum := seedMap
	for key, v := range m.All() {
		if excepted[""][key] {
			continue
		}
		if except := excepted[key]; key != "" && except != nil && v.Type() == pcommon.ValueTypeMap {
			sum += mix(hashText(key), hashMap(v.Map(), except))
			continue
		}
		sum += mix(hashText(key), hashValue(v))
	}
	return sum
}

// hashMap does not depend on the order of the keys.
func hashMap(m pcommon.Map, except map[string]bool) uint64 {
	sum := seedMap
	for key, v := range m.All() {
		if !except[key] {
			sum += mix(hashText(key), hashValue(v))
		}
	}
	return sum
}

func hashValue(v pcommon.Value) uint64 {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		return hashMap(v.Map(), nil)
	case pcommon.ValueTypeSlice:
		sum := seedList
		for _, element := range v.Slice().All() {
			sum = mix(sum, hashValue(element))
		}
		return sum
	case pcommon.ValueTypeInt:
		return mix(seedInt, uint64(v.Int())) //nolint:gosec // a hash of the bits
	case pcommon.ValueTypeDouble:
		return hashDouble(v.Double())
	case pcommon.ValueTypeBool:
		if v.Bool() {
			return mix(seedTrue, 0)
		}
		return mix(seedFalse, 0)
	case pcommon.ValueTypeEmpty:
		return mix(seedNull, 0)
	default:
		return hashText(v.AsString())
	}
}

// hashDouble takes a whole number for an integer, and what is no number for text, as which exporters write them.
func hashDouble(f float64) uint64 {
	switch {
	case math.IsNaN(f):
		return hashText("NaN")
	case math.IsInf(f, 1):
		return hashText("Infinity")
	case math.IsInf(f, -1):
		return hashText("-Infinity")
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return mix(seedInt, uint64(int64(f))) //nolint:gosec // a hash of the bits
	}
	return mix(seedDouble, math.Float64bits(f))
}

// hashText takes bytes that are no UTF-8 for what JSON writes in their place.
func hashText(s string) uint64 {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return mix(seedText, xxhash.Sum64String(s))
}

func hashAll(texts ...string) uint64 {
	sum := seedList
	for _, s := range texts {
		sum = mix(sum, hashText(s))
	}
	return sum
}

// mix makes one hash of two; their order matters.
func mix(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 ^ bits.RotateLeft64(b, 29)
	h ^= h >> 33
	h *= 0xFF51AFD7ED558CCD
	h ^= h >> 33
	h *= 0xC4CEB9FE1A85EC53
	return h ^ h>>33
}
