package entra

import (
	"context"
	"fmt"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

// wish is what is asked of an MSAL client.
type wish struct {
	fresh  bool   // not from its cache
	claims string // that the token must carry, as a service has asked for them; "": none
}

// acquirer is an MSAL client.
type acquirer func(ctx context.Context, w wish) (string, error)

// newConfidential makes the MSAL client of an app registration. Its cache is its own.
func newConfidential(c *Credentials, cred confidential.Credential, hc *http.Client, scope string) (acquirer, error) {
	authority, microsoft, err := c.authority(scope)
	if err != nil {
		return nil, err
	}
	options := []confidential.Option{
		confidential.WithHTTPClient(hc),
		confidential.WithInstanceDiscovery(microsoft),
		// With the chain, a certificate can be renewed under a trusted issuer.
		confidential.WithX5C(),
		// A service that revokes a token before its end says so in a challenge, and its tokens live longer.
		confidential.WithClientCapabilities([]string{"CP1"}),
	}
	client, err := confidential.New(authority, c.ClientID, cred, options...)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return func(ctx context.Context, w wish) (string, error) {
		var with []confidential.AcquireByCredentialOption
		switch {
		case w.claims != "":
			with = append(with, confidential.WithClaims(w.claims)) // passes by the cache
		case w.fresh:
			// Clients share nothing, so a new one has an empty cache.
			if client, err = confidential.New(authority, c.ClientID, cred, options...); err != nil {
				return "", err
			}
		}
		result, err := client.AcquireTokenByCredential(ctx, []string{scope}, with...)
		return result.AccessToken, err
	}, nil
}

// newManagedIdentity makes the MSAL client of the machine's identity.
func newManagedIdentity(c *Credentials, hc *http.Client, scope string) (acquirer, error) {
	id := managedidentity.SystemAssigned()
	if c.ClientID != "" {
		id = managedidentity.UserAssignedClientID(c.ClientID)
	}
	client, err := managedidentity.New(id, managedidentity.WithHTTPClient(hc))
	if err != nil {
		return nil, fmt.Errorf("'credentials::managed_identity': %w", err)
	}
	return func(ctx context.Context, w wish) (string, error) {
		var options []managedidentity.AcquireTokenOption
		if w.fresh || w.claims != "" {
			// Claims are not sent to the endpoint; they only pass by the cache, which is the process's.
			options = append(options, managedidentity.WithClaims("{}"))
		}
		result, err := client.AcquireToken(ctx, scope, options...)
		return result.AccessToken, err
	}, nil
}
