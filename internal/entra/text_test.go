package entra

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"
)

// utf16Text writes a text as Windows' tools do.
func utf16Text(order binary.ByteOrder, mark bool, text string) string {
	if mark {
		text = "\ufeff" + text
	}
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], unit)
	}
	return string(b)
}

// windowsForms are ways in which one text is written by editors, PowerShell and secret stores.
func windowsForms(text string) map[string]string {
	crlf := strings.ReplaceAll(text, "\n", "\r\n")
	return map[string]string{
		"plain":                   text,
		"newline":                 text + "\n",
		"CRLF":                    crlf + "\r\n",
		"two newlines":            text + "\n\n",
		"blanks":                  " \t" + text + "  \n",
		"NUL at the end":          text + "\x00",
		"UTF-8 mark":              "\ufeff" + crlf + "\r\n",
		"UTF-16 LE":               utf16Text(binary.LittleEndian, true, crlf+"\r\n"),
		"UTF-16 BE":               utf16Text(binary.BigEndian, true, crlf+"\r\n"),
		"UTF-16 LE, no mark":      utf16Text(binary.LittleEndian, false, text),
		"UTF-16 BE, no mark":      utf16Text(binary.BigEndian, false, text),
		"UTF-16 LE, NUL at end":   utf16Text(binary.LittleEndian, true, text+"\x00"),
		"UTF-16 LE, no mark, NL":  utf16Text(binary.LittleEndian, false, crlf+"\r\n"),
		"UTF-16 LE, half a unit":  utf16Text(binary.LittleEndian, true, text) + "\n",
		"no-break space at front": "\u00a0" + text,
	}
}

func TestTextOfWindowsTools(t *testing.T) {
	for name, content := range windowsForms(testSecret) {
		line, err := decodeLine([]byte(content))
		require.NoError(t, err, name)
		assert.Equal(t, testSecret, string(line), name)
	}
	for content, want := range map[string]error{
		"s3\x00cr3t": errNUL, "first\nsecond": errLines, "first\r\n\r\nsecond\r\n": errLines, "s\xffcret": errUTF8,
		utf16Text(binary.LittleEndian, true, "a\nb"): errLines,
	} {
		_, err := decodeLine([]byte(content))
		require.ErrorIs(t, err, want, "%q", content)
		assert.NotContains(t, err.Error(), "cr3t")
	}
}

// Each way in which a file gives a secret, a certificate or a token takes what Windows' tools write.
func TestFilesOfWindowsTools(t *testing.T) {
	l := newLogin(t)
	at := inDir(t)
	newCertificate(t, at("pem"), "")
	pem, err := os.ReadFile(at("pem"))
	require.NoError(t, err)
	last := func() url.Values { return l.requests()[len(l.requests())-1] }
	for name, content := range windowsForms(testSecret) {
		write(t, at("secret"), content)
		s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.ClientSecretFile = "", at("secret") })
		token(t, s)
		assert.Equal(t, testSecret, last().Get("client_secret"), name)
	}
	for name, content := range windowsForms("eyJ0.assertion.x") {
		write(t, at("token"), content)
		s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.FederatedTokenFile = "", at("token") })
		token(t, s)
		assert.Equal(t, "eyJ0.assertion.x", last().Get("client_assertion"), name)
	}
	for name, content := range windowsForms(string(pem)) {
		if strings.Contains(name, "front") || strings.HasPrefix(name, "blanks") {
			continue // a PEM block begins a line
		}
		write(t, at("pem"), content)
		s, _ := l.source(t, func(c *Credentials) { c.ClientSecret, c.CertFile = "", at("pem") })
		token(t, s)
		assert.NotEmpty(t, last().Get("client_assertion"), name)
	}
	s, _ := l.source(t, func(c *Credentials) { c.ClientSecret = "\ufeff" + testSecret + "\r\n" })
	token(t, s)
	assert.Equal(t, testSecret, last().Get("client_secret"), "of an environment variable")
}

// What cannot be a secret is refused where it is read; nothing is sent.
func TestFilesThatHoldNoSecret(t *testing.T) {
	at := inDir(t)
	for name, tt := range map[string]struct{ content, want string }{
		"NUL":     {"s3cr3t\x00~value", "NUL"},
		"lines":   {"client-id\ns3cr3t~value\n", "several lines"},
		"blank":   {"\ufeff\r\n", "is empty"},
		"no text": {"s3cr3t\xff\xfe", "no text"},
	} {
		write(t, at("file"), tt.content)
		l := newLogin(t)
		c := Credentials{TenantID: testTenant, ClientID: testClient, ClientSecretFile: at("file"), Authority: l.URL}
		_, ofSecret := NewSource(c, l.Client(), testScope, zap.NewNop())
		c.ClientSecretFile, c.FederatedTokenFile = "", at("file")
		federated, err := NewSource(c, l.Client(), testScope, zap.NewNop())
		require.NoError(t, err, "a federated token is read when it is sent")
		_, ofToken := federated.Token(t.Context())
		assert.Equal(t, BadCredentials, kindOf(t, ofToken))
		assert.Empty(t, l.requests())
		for setting, err := range map[string]error{"client_secret_file": ofSecret, "federated_token_file": ofToken} {
			require.ErrorContains(t, err, tt.want, name)
			require.ErrorContains(t, err, setting, name)
			require.ErrorContains(t, err, at("file"), name)
			assert.NotContains(t, err.Error(), "s3cr3t", name)
		}
	}
}

// What is only unusual is sent. If it is refused, the advice names it.
func TestOddSecretsAreNamedOnceTheyAreRefused(t *testing.T) {
	const id = "0F8FAD5B-D9CB-469F-A165-70867728950E"
	at := inDir(t)
	for secret, want := range map[string]string{
		id:                          "a secret's id",
		"{" + id + "}":              "a secret's id",
		`"s3cr3t~value"`:            "in quotes",
		`'s3cr3t~value'`:            "in quotes",
		"\u201cs3cr3t~value\u201d":  "in quotes",
		"client_secret=s3cr3t":      "begins with a name",
		"Client Secret Value: s3cr": "begins with a name",
		"s3cr3t value":              "a blank stands within it",
		"\u200bs3cr3t~value":        "a character that cannot be seen",
		"s3cr3t~val\u2060ue":        "a character that cannot be seen",
		testSecret:                  "",
		"ab=~secret=x":              "",
	} {
		write(t, at("secret"), secret)
		for setting, change := range map[string]func(*Credentials){
			"credentials::client_secret":      func(c *Credentials) { c.ClientSecret = configopaque.String(secret) },
			"credentials::client_secret_file": func(c *Credentials) { c.ClientSecret, c.ClientSecretFile = "", at("secret") },
		} {
			l := newLogin(t)
			s, _ := l.source(t, change)
			token(t, s)
			s.Invalidate("token-1")
			for code, named := range map[int]bool{7000215: true, 7000222: false, 999999: true} {
				l.answer = func(w http.ResponseWriter, _ url.Values, _ int) {
					refuse(w, 401, "invalid_client", code, "No: "+secret)
				}
				_, err := s.Token(t.Context())
				require.Error(t, err)
				assert.NotContains(t, err.Error(), secret)
				if want == "" || !named {
					assert.NotContains(t, err.Error(), "look at")
					continue
				}
				require.ErrorContains(t, err, "look at "+setting)
				require.ErrorContains(t, err, want)
			}
		}
	}
}
