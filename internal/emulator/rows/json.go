package rows

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// AppendReal writes a number, or in quotes what is none.
func AppendReal(buf []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return AppendString(buf, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1))
	}
	return strconv.AppendFloat(buf, f, 'g', -1, 64)
}

// AppendDynamic writes the content of a dynamic.
func AppendDynamic(buf []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return AppendString(buf, v)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case float64:
		return AppendReal(buf, v)
	case bool:
		return strconv.AppendBool(buf, v)
	}
	// What is left is a list or an object, which are rare and small.
	encoded, err := marshalJSON(v)
	if err != nil {
		return append(buf, "null"...)
	}
	return append(buf, encoded...)
}

const hexDigits = "0123456789abcdef"

// AppendString quotes s. Bytes that are no UTF-8 are left as they are, since what a process was
// started with is not the emulator's to repair; half a surrogate pair is written as its escape.
func AppendString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	plain := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0xed {
			continue
		}
		if c == 0xed {
			if i+2 < len(s) && s[i+1] >= 0xa0 && s[i+1] <= 0xbf && s[i+2]&0xc0 == 0x80 {
				unit := 0xd000 | int(s[i+1]&0x3f)<<6 | int(s[i+2]&0x3f)
				buf = append(append(buf, s[plain:i]...), `\u`...)
				buf = append(buf, hexDigits[unit>>12], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
				i += 2
				plain = i + 1
			}
			continue
		}
		buf = append(buf, s[plain:i]...)
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '\t':
			buf = append(buf, '\\', 't')
		default:
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		plain = i + 1
	}
	return append(append(buf, s[plain:]...), '"')
}

// marshalJSON leaves <, > and & as they are, which encoding/json's Marshal does not.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
