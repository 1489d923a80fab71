package entra

import (
	"fmt"
	"net/http"
)

// refusal is an error of the token endpoint: the OAuth error name and the AADSTS code and text.
type refusal struct {
	status int
	name   string
	code   int
	text   string
}

func unknownTenant(tenant string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", 90002, fmt.Sprintf(
		"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "+
			"Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", tenant)}
}

func missingParameter(name string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", 900144, fmt.Sprintf(
		"The request body must contain the following parameter: '%s'.", name)}
}

func unsupportedGrant(grant string) *refusal {
	return &refusal{http.StatusBadRequest, "unsupported_grant_type", 70003, fmt.Sprintf(
		"The app requested an unsupported grant type '%s'.", grant)}
}

func unknownApplication(clientID, tenantID string) *refusal {
	return &refusal{http.StatusBadRequest, "unauthorized_client", 700016, fmt.Sprintf(
		"Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been "+
			"installed by the administrator of the tenant or consented to by any user in the tenant. "+
			"You may have sent your authentication request to the wrong tenant.", clientID, tenantID)}
}

func invalidScope(scope string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_scope", 70011, fmt.Sprintf(
		"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. "+
			"The scope %s is not valid.", scope)}
}

func unknownResource(resource, tenantID string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_resource", 500011, fmt.Sprintf(
		"The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been "+
			"installed by the administrator of the tenant or consented to by any user in the tenant. "+
			"You might have sent your authentication request to the wrong tenant.", resource, tenantID)}
}

func missingCredential() *refusal {
	return &refusal{
		http.StatusUnauthorized, "invalid_client", 7000216,
		"'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
	}
}

func wrongSecret(clientID string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 7000215, fmt.Sprintf(
		"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "+
			"not the client secret ID, for a secret added to app '%s'.", clientID)}
}

func expiredSecret(clientID string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 7000222, fmt.Sprintf(
		"The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: "+
			"https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", clientID)}
}

func unknownCertificate(clientID string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 700027, fmt.Sprintf(
		"The certificate with identifier used to sign the client assertion is not registered on application. "+
			"[Reason - The key was not found., Please visit the Azure Portal for app '%s'].", clientID)}
}

func expiredCertificate(clientID string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 700027, fmt.Sprintf(
		"Client assertion contains an invalid signature. [Reason - The key used is expired., Please visit the Azure Portal for app '%s'].", clientID)}
}

func invalidSignature(clientID string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 700027, fmt.Sprintf(
		"Client assertion contains an invalid signature. [Reason - The signature could not be verified., Please visit the Azure Portal for app '%s'].", clientID)}
}

func malformedAssertion() *refusal {
	return &refusal{
		http.StatusUnauthorized, "invalid_client", 50027,
		"JWT token is invalid or malformed.",
	}
}

func foreignSubject() *refusal {
	return &refusal{
		http.StatusUnauthorized, "invalid_client", 700021,
		"Client assertion application identifier doesn't match 'client_id' parameter.",
	}
}

func foreignAudience(endpoint string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", 700023, fmt.Sprintf(
		"Client assertion audience claim does not match Realm issuer. Expected: '%s'.", endpoint)}
}

func untimelyAssertion() *refusal {
	return &refusal{
		http.StatusUnauthorized, "invalid_client", 700024,
		"Client assertion is not within its valid time range.",
	}
}

func noFederation(code int, what, value string) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", code, fmt.Sprintf(
		"No matching federated identity record found for presented assertion %s '%s'.", what, value)}
}

func failedSignature() *refusal {
	return &refusal{
		http.StatusUnauthorized, "invalid_client", 50013,
		"Assertion failed signature validation. [Reason - The key was not found.]",
	}
}

func transientTrouble() *refusal {
	return &refusal{
		http.StatusInternalServerError, "server_error", 90033,
		"A transient error has occurred. Please try again.",
	}
}
