package row

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var documentTexts = []string{
	`{}`, `[]`, `[[],{}]`, `{"a":1,"b":-0,"c":1.50,"d":1e3,"e":9223372036854775808,"f":1e999,"g":-9223372036854775808}`,
	`{ "a" : [ 1 , "x" , null , true , false , {"b":"c"} ] , "d" : {} }`,
	`{"path":"C:\\Windows\\system32","quote":"\"","line":"a\nb\tc\/","uni":"\u00e4\ud83d\ude00","mixed":"ä\\ö€\\😀"}`,
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"x":{"a":"b","a":"c"}}`, `{"\ud800":1}`, `["\udc00\ud800"]`,
	`{"$id":"1","Host":{"$ref":"2"},"Account":{"Name":"jane","Sid":"S-1-5-21-1"}}`,
	`["T1059.001 (PowerShell)","T1003 (OS Credential Dumping)"]`,
	"[\"a\xff\"]", "[\"\x01\"]", `[01]`, `[1.]`, `[-]`, `[1e]`, `[tru]`, `[1,]`, `{"a"}`, `{"a":}`, `{1:2}`, `[] []`, `[]x`,
	strings.Repeat("[", 23) + strings.Repeat("]", 23), strings.Repeat("[", 24) + strings.Repeat("]", 24),
	strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat("[", 65) + strings.Repeat("]", 65),
	strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30),
}

// What is read in one pass is what a decoder makes of it, and what is refused there a decoder judges.
func TestDocumentAgreesWithDecoder(t *testing.T) {
	for _, text := range documentTexts {
		agree(t, text)
	}
	const mutations = 30_000
	random := rand.New(rand.NewPCG(3, 5))
	for range mutations {
		agree(t, mutated(random, documentTexts[random.IntN(len(documentTexts))]))
	}
}

func FuzzDocument(f *testing.F) {
	for _, text := range documentTexts {
		f.Add(text)
	}
	f.Fuzz(agree)
}

func agree(t *testing.T, text string) {
	t.Helper()
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '{' && text[0] != '[' {
		return
	}
	quick, thorough := pcommon.NewValueEmpty(), pcommon.NewValueEmpty()
	d := documents.Get().(*document)
	defer d.close()
	accepted := d.read(text) && d.putTo(quick)
	known := decoded(text, thorough)
	if accepted {
		require.True(t, known, "%q", text)
		require.True(t, quick.Equal(thorough), "%q: %v, not %v", text, quick.AsRaw(), thorough.AsRaw())
	}
	whole := pcommon.NewValueEmpty()
	require.Equal(t, known, ParseJSON(text, whole), "%q", text)
	if known {
		require.True(t, whole.Equal(thorough), "%q", text)
	}
}

func mutated(random *rand.Rand, text string) string {
	const bytes = "{}[]\",:\\ua0189dtfn -.e\x00\x1f\x7f\xc3\xa4\xff"
	b := []byte(text)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(b) + 1)
		switch random.IntN(3) {
		case 0:
			b = append(b[:at:at], append([]byte{bytes[random.IntN(len(bytes))]}, b[at:]...)...)
		case 1:
			b = append(b[:at:at], b[min(at+1, len(b)):]...)
		default:
			b = append(b[:at:at], append([]byte{bytes[random.IntN(len(bytes))]}, b[min(at+1, len(b)):]...)...)
		}
	}
	return string(b)
}

// Ordinary text needs no decoder.
func TestDocumentReadsOrdinaryText(t *testing.T) {
	for _, text := range documentTexts[:6] {
		d := new(document)
		assert.True(t, d.read(text) && d.putTo(pcommon.NewValueEmpty()), text)
	}
}
