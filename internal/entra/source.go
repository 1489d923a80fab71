package entra

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// Source gives access tokens for one scope. It is safe for concurrent use.
type Source struct {
	credentials Credentials
	scope       string
	client      *http.Client
	logger      *zap.Logger
	flights     flights
	started     fingerprint // of the credential files before they were read first

	mu sync.Mutex // guards everything below
	// acquire was made with material; nil before the first token.
	acquire  acquirer
	material []byte
	leaf     *x509.Certificate // of material; nil: it is no certificate
	last     string            // the token given last
	wish     wish              // of the next token, as last was not accepted
	told     string            // why the credentials cannot be read, as the log has it
	trial    trial

	ends atomic.Pointer[time.Time] // when the credentials end; nil: not known. Not guarded by mu, which is held for whole requests
}

// NewSource makes a source of tokens for scope, e.g. https://graph.microsoft.com/.default. Requests
// are sent with hc, except those of a managed identity: its endpoint is the machine's own. It sends
// nothing; settings that cannot work and files that cannot be read are errors.
func NewSource(c Credentials, hc *http.Client, scope string, logger *zap.Logger) (*Source, error) {
	s := &Source{credentials: c, scope: scope, client: bounded(hc), logger: logger}
	s.started, _ = c.fingerprint()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.renew(); err != nil {
		return nil, err
	}
	return s, nil
}

// Token gives a valid token, from the cache while it lives. Errors are *Error, or ctx's.
func (s *Source) Token(ctx context.Context) (string, error) {
	return s.flights.do(ctx, s.token)
}

// Invalidate says that token was not accepted, so that the next one is new. A token other than the
// last one given is old news.
func (s *Source) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == s.last {
		s.wish.fresh = true
	}
}

// Challenge is Invalidate with what the service has asked of the next token: claims, as JSON. Every token request
// carries them until a token was had. What is no JSON is the same as none.
func (s *Source) Challenge(token, claims string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token != s.last {
		return
	}
	s.wish.fresh = true
	if checkClaims(claims) == nil {
		s.wish.claims = claims
	}
}

// Expiry is when the certificate ends, or the secret where Credentials.Expires says it. It is not known otherwise.
func (s *Source) Expiry() (end time.Time, known bool) {
	if at := s.ends.Load(); at != nil {
		return *at, true
	}
	return time.Time{}, false
}

// token is only called by one flight at a time, except while a cancelled one still ends.
func (s *Source) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unreadable := s.renew()
	if unreadable != nil && s.acquire == nil {
		return "", asOperatorError(unreadable)
	}
	token, err := s.acquire(ctx, s.wish)
	if err != nil {
		if unreadable != nil {
			return "", asOperatorError(unreadable)
		}
		return "", s.trial.judge(&s.credentials, s.leaf, s.reading().classify(ctx, err))
	}
	s.trial.pass(&s.credentials, s.logger)
	s.tellUnreadable(unreadable)
	s.last, s.wish = token, wish{}
	return token, nil
}

// reading is how a failure is read now. s.mu is held.
func (s *Source) reading() *reading {
	return &reading{credentials: &s.credentials, scope: s.scope, secrets: []string{
		string(s.credentials.ClientSecret), string(s.material), string(s.trial.offered), s.last,
	}}
}

// tellUnreadable logs that the credentials cannot be read again, once for each cause. s.mu is held.
func (s *Source) tellUnreadable(err error) {
	words := ""
	if err != nil {
		words = err.Error()
	}
	if words != "" && words != s.told {
		s.logger.Warn("Cannot read the credentials again; using those read before", zap.Error(err))
	}
	s.told = words
}

// renew makes a new MSAL client when the credential files have a new content. s.mu is held.
func (s *Source) renew() error {
	if s.credentials.ManagedIdentity {
		if s.acquire != nil {
			return nil
		}
		acquire, err := newManagedIdentity(&s.credentials, localClient(), s.scope)
		s.acquire = acquire
		return err
	}
	material, err := s.credentials.material()
	if err != nil {
		return err
	}
	if s.acquire != nil && bytes.Equal(material, s.material) {
		return nil
	}
	cred, leaf, err := s.proof(material)
	if err != nil {
		return err
	}
	acquire, err := newConfidential(&s.credentials, cred, s.client, s.scope)
	if err != nil {
		return err
	}
	s.trial.offer(material, time.Now())
	if s.acquire != nil {
		s.logger.Info("The credentials have changed; asking for a new token")
	}
	s.acquire, s.material, s.leaf = acquire, material, leaf
	switch {
	case leaf != nil:
		s.ends.Store(&leaf.NotAfter)
	case !s.credentials.Expires.IsZero():
		s.ends.Store(&s.credentials.Expires)
	}
	return nil
}

// proof makes of material what MSAL proves with who asks, and gives the certificate if it is one. s.mu is held.
func (s *Source) proof(material []byte) (confidential.Credential, *x509.Certificate, error) {
	c := &s.credentials
	switch {
	case c.FederatedTokenFile != "":
		// MSAL calls this for each token request, so the file's present content is sent.
		return confidential.NewCredFromAssertionCallback(
			func(context.Context, confidential.AssertionRequestOptions) (string, error) { return s.assertion() }), nil, nil
	case c.hasCertificate():
		read, err := c.certificate(material)
		if err != nil {
			return confidential.Credential{}, nil, err
		}
		cred, err := confidential.NewCredFromCert(read.chain, read.key)
		if err != nil {
			return cred, nil, fmt.Errorf("'credentials::client_certificate': %w", err)
		}
		return cred, read.chain[0], nil
	default:
		cred, err := confidential.NewCredFromSecret(string(material))
		if err != nil {
			return cred, nil, fmt.Errorf("'credentials::client_secret': %w", err)
		}
		return cred, nil, nil
	}
}

// assertion reads the federated token that is to be sent. s.mu is held, as it is while MSAL is asked.
func (s *Source) assertion() (string, error) {
	token, err := readLine("federated_token_file", s.credentials.FederatedTokenFile)
	if err != nil {
		return "", asOperatorError(err)
	}
	s.trial.offer(token, time.Now())
	return string(token), nil
}

// localClient reaches the machine's own identity endpoint, which no proxy can. Token requests are
// rare, so no connection is kept.
func localClient() *http.Client {
	return refusal.Staying(&http.Client{Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: true}})
}
