package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

const (
	defaultURL = "http://127.0.0.1:13134"
	// Variables that prove to the extension who asks.
	userVariable     = "DEFENDERCTL_USER"
	passwordVariable = "DEFENDERCTL_PASSWORD"
	tokenVariable    = "DEFENDERCTL_TOKEN" //nolint:gosec // the name of a variable, which holds no token
)

const authHelp = `Where the extension asks who you are, set DEFENDERCTL_USER and DEFENDERCTL_PASSWORD, or DEFENDERCTL_TOKEN for a bearer token. They
are sent to loopback addresses, else by https only.`

// control asks the extension defender_control.
type control struct {
	url     string
	headers []string
	http    http.Client
}

// addFlags adds the flags that say where the extension is.
func (c *control) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.url, "url", defaultURL, "where the extension defender_control of the collector serves")
	flags.StringArrayVar(&c.headers, "header", nil, "a header of the requests, NAME: VALUE, e.g. for a proxy (repeatable)")
}

// ask sends a request, and decodes the answer into result.
func (c *control) ask(ctx context.Context, method, path string, result any) error {
	base, err := url.Parse(c.url)
	if err != nil || base.Host == "" {
		return fmt.Errorf("--url must be an address as %s, not %q", defaultURL, c.url)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.url, "/")+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	if err := c.identify(req); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the collector does not answer at %s (does it run, with the extension defender_control?): %w", base.Redacted(), rootOf(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.refused(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(result); err != nil {
		return fmt.Errorf("%s does not answer as the extension defender_control does: %w", base.Redacted(), err)
	}
	return nil
}

// rootOf leaves out the URL, which the message has.
func rootOf(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// identify says who asks.
func (c *control) identify(req *http.Request) error {
	req.Header.Set("X-Defender-Control", "defenderctl")
	for _, header := range c.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok {
			return errors.New("--header must be NAME: VALUE")
		}
		req.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	user, password, token := os.Getenv(userVariable), os.Getenv(passwordVariable), os.Getenv(tokenVariable)
	if user == "" && token == "" {
		return nil
	}
	if host := req.URL.Hostname(); req.URL.Scheme != "https" && host != "127.0.0.1" && host != "localhost" && host != "::1" {
		return fmt.Errorf("the password or token would cross the network in clear text: use https for --url %s", req.URL.Redacted())
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	} else {
		req.SetBasicAuth(user, password)
	}
	return nil
}

// refused is what the extension says.
func (c *control) refused(resp *http.Response) error {
	const longest = 64 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return fmt.Errorf("%s answers %s: %w", c.url, resp.Status, err)
	}
	var said struct{ Error string }
	if json.Unmarshal(body, &said) != nil || said.Error == "" {
		return fmt.Errorf("%s answers %s, as the extension defender_control does not", c.url, resp.Status)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("the collector does not know who asks: set %s and %s, or %s", userVariable, passwordVariable, tokenVariable)
	}
	return errors.New(said.Error)
}

// newControl does not follow redirects, which would take a token along, and waits no longer than a user does.
func newControl() *control {
	return &control{http: http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}
