package entra

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// watched counts what Watch tells while step is done and a moment after it.
func watched(t *testing.T, c Credentials) (after func(step func()) int) {
	t.Helper()
	c.TenantID, c.ClientID = testTenant, testClient
	s, err := NewSource(c, http.DefaultClient, testScope, zap.NewNop())
	require.NoError(t, err)
	var told atomic.Int64
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		s.Watch(ctx, func() { told.Add(1) })
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return func(step func()) int {
		before := told.Load()
		step()
		time.Sleep(3 * watchInterval)
		synctest.Wait()
		return int(told.Load() - before)
	}
}

func TestWatchTellsEachNewContentOnce(t *testing.T) {
	at := inDir(t)
	newCertificate(t, at("cert"), at("key"))
	for file, c := range map[string]Credentials{
		"secret": {ClientSecretFile: at("secret")},
		"token":  {FederatedTokenFile: at("token")},
		"cert":   {CertFile: at("cert"), KeyFile: at("key")},
		"key":    {CertFile: at("cert"), KeyFile: at("key")},
	} {
		t.Run(file, func(t *testing.T) {
			if file == "secret" || file == "token" {
				write(t, at(file), "first")
			}
			synctest.Test(t, func(t *testing.T) {
				after := watched(t, c)
				old, err := os.ReadFile(at(file))
				require.NoError(t, err)
				assert.Zero(t, after(func() {}), "nothing happens")
				assert.Equal(t, 1, after(func() { write(t, at(file), "second") }))
				assert.Zero(t, after(func() { write(t, at(file), "second") }), "the same again")
				assert.Zero(t, after(func() { assert.NoError(t, os.Remove(at(file))) }), "missing for a while")
				assert.Zero(t, after(func() { write(t, at(file), "") }), "not written yet")
				assert.Zero(t, after(func() { write(t, at(file), "second") }), "there again")
				assert.Equal(t, 1, after(func() { write(t, at(file), string(old)) }), "back to the first")
			})
		})
	}
}

// Kubernetes swaps a link to the folder, while the file's own name stays.
func TestWatchSeesASwappedFolder(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"one": "first", "two": "second"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "secret"), content)
	}
	data, file := filepath.Join(dir, "..data"), filepath.Join(dir, "secret")
	require.NoError(t, os.Symlink("one", data))
	require.NoError(t, os.Symlink(filepath.Join("..data", "secret"), file))
	synctest.Test(t, func(t *testing.T) {
		after := watched(t, Credentials{ClientSecretFile: file})
		assert.Equal(t, 1, after(func() {
			assert.NoError(t, os.Symlink("two", data+"_tmp"))
			assert.NoError(t, os.Rename(data+"_tmp", data))
		}))
	})
}

func TestWatchWithoutFilesEnds(t *testing.T) {
	s, err := NewSource(Credentials{TenantID: testTenant, ClientID: testClient, ClientSecret: testSecret}, http.DefaultClient, testScope, zap.NewNop())
	require.NoError(t, err)
	s.Watch(context.Background(), func() { assert.Fail(t, "there is no file") })
}

// A secret that was replaced is on trial until a token was had with it.
func TestNewSecretIsOnTrial(t *testing.T) {
	l := newLogin(t)
	file := inDir(t)("secret")
	good := map[string]bool{"first": true, "third": true}
	l.answer = func(w http.ResponseWriter, form url.Values, number int) {
		if good[form.Get("client_secret")] {
			grant(w, number)
			return
		}
		refuse(w, http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided.")
	}
	write(t, file, "first")
	s, logs := l.source(t, func(c *Credentials) { c.ClientSecret, c.ClientSecretFile = "", file })
	token(t, s)
	accepted := func() int { return logs.FilterMessage("The new secret is accepted; the old one may be removed.").Len() }
	assert.Zero(t, logs.FilterMessageSnippet("accepted").Len(), "nothing is new")

	write(t, file, "second")
	began := time.Now().UTC().Truncate(time.Second)
	for range 2 {
		_, err := s.Token(t.Context())
		assert.Equal(t, BadCredentials, kindOf(t, err))
		require.ErrorContains(t, err, file+" changed at "+began.Format("2006-01-02T15:04:"))
		require.ErrorContains(t, err, "what it held before was accepted")
	}
	assert.Zero(t, accepted())

	write(t, file, "third")
	token(t, s)
	token(t, s)
	assert.Equal(t, 1, accepted())
	write(t, file, "third\r\n")
	token(t, s)
	assert.Equal(t, 1, accepted(), "the same secret")

	// A secret that never worked is not called the old one.
	write(t, file, "wrong")
	s, logs = l.source(t, func(c *Credentials) { c.ClientSecret, c.ClientSecretFile = "", file })
	_, err := s.Token(t.Context())
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "changed at")
	write(t, file, "first")
	token(t, s)
	assert.Zero(t, accepted())
	assert.Equal(t, 1, logs.FilterMessage("The new secret is accepted.").Len())
}

func TestNewCertificateIsAnnounced(t *testing.T) {
	l := newLogin(t)
	at := inDir(t)
	newCertificate(t, at("cert"), at("key"))
	s, logs := l.source(t, func(c *Credentials) { c.ClientSecret, c.CertFile, c.KeyFile = "", at("cert"), at("key") })
	token(t, s)
	newCertificate(t, at("cert"), at("key"))
	token(t, s)
	assert.Equal(t, 1, logs.FilterMessage("The new certificate is accepted; the old one may be removed.").Len())
}

// A federated token changes every hour: that it is accepted is news only after a refusal.
func TestNewTokenFileIsAnnouncedAfterARefusal(t *testing.T) {
	l := newLogin(t)
	file := inDir(t)("token")
	l.answer = func(w http.ResponseWriter, form url.Values, number int) {
		if form.Get("client_assertion") == "bad" {
			refuse(w, http.StatusUnauthorized, "invalid_client", 700024, "The client assertion is not within its valid time range.")
			return
		}
		grant(w, number)
	}
	write(t, file, "one")
	s, logs := l.source(t, func(c *Credentials) { c.ClientSecret, c.FederatedTokenFile = "", file })
	renew := func(content string) error {
		write(t, file, content)
		s.Invalidate(s.last)
		_, err := s.Token(t.Context())
		return err
	}
	require.NoError(t, renew("one"))
	require.NoError(t, renew("two"))
	assert.Zero(t, logs.FilterMessageSnippet("accepted").Len())
	err := renew("bad")
	require.ErrorContains(t, err, file+" changed at ")
	require.NoError(t, renew("three"))
	assert.Equal(t, 1, logs.FilterMessage("The new token file is accepted.").Len())
}
