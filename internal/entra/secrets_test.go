package entra

import (
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"software.sslmate.com/src/go-pkcs12"
)

// echo answers each token request with all that was sent, in one of the forms that a service or a gateway could.
func echo(form string, seen *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		all := []string{r.URL.RawQuery, r.Header.Get("X-IDENTITY-HEADER")}
		for _, values := range r.PostForm {
			all = append(all, values...)
		}
		quoted := strings.Join(all, " ")
		*seen = append(*seen, r.PostForm.Get("client_assertion"))
		switch form {
		case "refusal":
			refuse(w, http.StatusUnauthorized, "invalid_client", 7000215, "Sent was: "+quoted)
		case "unknown refusal":
			refuse(w, http.StatusBadRequest, quoted, 1, quoted)
		case "no token":
			_, _ = fmt.Fprintf(w, `{"access_token":%q}`, quoted)
		case "no JSON":
			_, _ = io.WriteString(w, quoted)
		case "page":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html><title>"+quoted+"</title></html>")
		case "redirect":
			w.Header().Set("Location", "https://elsewhere.example/?"+quoted)
			w.WriteHeader(http.StatusFound)
		case "cut off":
			w.Header().Set("Content-Length", "1000000")
			_, _ = io.WriteString(w, quoted)
		}
	}
}

// Whatever is answered: no secret, key, password, token or assertion stands in an error or in the log.
func TestNoWayShowsItsSecrets(t *testing.T) {
	at := inDir(t)
	own := newPair(t, nil, newRSA(t), time.Now().Add(time.Hour))
	private := keyPEM(t, own.key)
	block, _ := pem.Decode([]byte(private))
	federated := jwtOf(`{"iss":"https://cluster.example","sub":"collector"}`)
	const opaque, header = "opaque~assertion~value", "identity~header~value"
	write(t, at("secret"), testSecret)
	write(t, at("app.crt"), certPEM(own))
	write(t, at("app.key"), private)
	write(t, at("app.pfx"), pfxOf(t, pkcs12.Modern, own))
	write(t, at("token"), federated)
	write(t, at("opaque"), opaque)
	keyLines := strings.Split(strings.TrimSpace(private), "\n")
	secrets := slices.Concat(keyLines[1:len(keyLines)-1], []string{testSecret, testPassword, federated, opaque, header, string(block.Bytes)})

	for way, configure := range map[string]func(*Credentials){
		"secret":                 func(c *Credentials) { c.ClientSecret = testSecret },
		"secret file":            func(c *Credentials) { c.ClientSecretFile = at("secret") },
		"certificate in PEM":     func(c *Credentials) { c.CertFile, c.KeyFile = at("app.crt"), at("app.key") },
		"certificate in PFX":     func(c *Credentials) { c.PFXFile, c.PFXPassword = at("app.pfx"), testPassword },
		"federated token":        func(c *Credentials) { c.FederatedTokenFile = at("token") },
		"federated opaque token": func(c *Credentials) { c.FederatedTokenFile = at("opaque") },
		"managed identity":       func(c *Credentials) { c.ManagedIdentity, c.ClientID = true, rand.Text() },
	} {
		for _, form := range []string{"refusal", "unknown refusal", "no token", "no JSON", "page", "redirect", "cut off"} {
			t.Run(way+", "+form, func(t *testing.T) {
				l := newLogin(t)
				var sent []string
				handler := echo(form, &sent)
				identity := httptest.NewServer(handler)
				defer identity.Close()
				t.Setenv("IDENTITY_ENDPOINT", identity.URL)
				t.Setenv("IDENTITY_HEADER", header)
				l.handler = handler
				core, logs := observer.New(zap.DebugLevel)
				c := Credentials{TenantID: testTenant, ClientID: testClient, Authority: l.URL}
				configure(&c)
				s, err := NewSource(c, l.Client(), testScope, zap.New(core))
				require.NoError(t, err)
				_, err = s.Token(t.Context())
				require.Error(t, err)
				require.NotEmpty(t, sent)
				var told []string
				for e := err; e != nil; {
					told = append(told, fmt.Sprintf("%v %+v %#v", e, e, e))
					unwrapper, is := e.(interface{ Unwrap() error })
					if !is {
						break
					}
					e = unwrapper.Unwrap()
				}
				for _, entry := range logs.All() {
					told = append(told, entry.Message, fmt.Sprint(entry.ContextMap()))
				}
				for _, secret := range slices.Concat(sent, secrets) {
					if secret != "" {
						assert.NotContains(t, strings.Join(told, "\n"), secret)
					}
				}
			})
		}
	}
}

// Files with something else in them are not quoted either.
func TestNoFileIsQuoted(t *testing.T) {
	at := inDir(t)
	const content = "Zq8~x0815.Tr4um_Geheim"
	for way, configure := range map[string]func(*Credentials){
		"two lines of secret": func(c *Credentials) { c.ClientSecretFile = at("file") },
		"certificate":         func(c *Credentials) { c.CertFile, c.KeyFile = at("file"), at("file") },
		"PFX":                 func(c *Credentials) { c.PFXFile, c.PFXPassword = at("file"), content },
		"federated token":     func(c *Credentials) { c.FederatedTokenFile = at("file") },
	} {
		write(t, at("file"), content+"\n"+content)
		c := Credentials{TenantID: testTenant, ClientID: testClient, Authority: "https://127.0.0.1:1"}
		configure(&c)
		s, err := NewSource(c, http.DefaultClient, testScope, zap.NewNop())
		if err == nil {
			_, err = s.Token(t.Context())
		}
		require.Error(t, err, way)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), content, way)
	}
}
