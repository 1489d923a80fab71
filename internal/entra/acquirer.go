package entra

import (
	"context"
	"fmt"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

// acquirer is an MSAL client. fresh asks it not to answer from its cache.
type acquirer func(ctx context.Context, fresh bool) (string, error)

// newConfidential makes the MSAL client of an app registration. Its cache is its own. assertion is asked
// for the federated token at each request.
func newConfidential(c *Credentials, material []byte, assertion func() (string, error), hc *http.Client, scope string) (acquirer, error) {
	authority, microsoft, err := c.authority(scope)
	if err != nil {
		return nil, err
	}
	cred, err := c.credential(material, assertion)
	if err != nil {
		return nil, err
	}
	options := []confidential.Option{
		confidential.WithHTTPClient(hc),
		confidential.WithInstanceDiscovery(microsoft),
		// With the chain, a certificate can be renewed under a trusted issuer.
		confidential.WithX5C(),
	}
	client, err := confidential.New(authority, c.ClientID, cred, options...)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return func(ctx context.Context, fresh bool) (string, error) {
		if fresh {
			// Clients share nothing, so a new one has an empty cache.
			if client, err = confidential.New(authority, c.ClientID, cred, options...); err != nil {
				return "", err
			}
		}
		result, err := client.AcquireTokenByCredential(ctx, []string{scope})
		return result.AccessToken, err
	}, nil
}

func (c *Credentials) credential(material []byte, assertion func() (string, error)) (confidential.Credential, error) {
	if c.FederatedTokenFile != "" {
		// MSAL calls this for each token request, so the file's present content is sent.
		return confidential.NewCredFromAssertionCallback(
			func(context.Context, confidential.AssertionRequestOptions) (string, error) { return assertion() }), nil
	}
	if c.CertFile == "" {
		cred, err := confidential.NewCredFromSecret(string(material))
		if err != nil {
			return cred, fmt.Errorf("'credentials::client_secret': %w", err)
		}
		return cred, nil
	}
	certs, key, err := confidential.CertFromPEM(material, "")
	if err != nil {
		return confidential.Credential{}, fmt.Errorf("'credentials::client_certificate': %w", err)
	}
	cred, err := confidential.NewCredFromCert(certs, key)
	if err != nil {
		return cred, fmt.Errorf("'credentials::client_certificate': %w", err)
	}
	return cred, nil
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
	return func(ctx context.Context, fresh bool) (string, error) {
		var options []managedidentity.AcquireTokenOption
		if fresh {
			// Claims are not sent to the endpoint; they only pass by the cache, which is the process's.
			options = append(options, managedidentity.WithClaims("{}"))
		}
		result, err := client.AcquireToken(ctx, scope, options...)
		return result.AccessToken, err
	}, nil
}
