package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// reason is what one of Entra's error_codes means for the operator.
type reason struct {
	kind   Kind
	advice string
}

// codeExpired is told of a secret that was right.
const codeExpired = 7000222

// reasons by error_code (learn.microsoft.com/entra/identity-platform/reference-error-codes).
var reasons = map[int]reason{
	// The secret, or none.
	7000215:     {BadCredentials, "the client secret is wrong: use the secret's value, not its id"},
	codeExpired: {BadCredentials, "the client secret has expired: create a new one in the app registration"},
	50012:       {BadCredentials, "the client secret or certificate is not the app registration's"},
	7000216:     {BadCredentials, "the app registration wants a client secret or certificate, and none was accepted"},
	7000218:     {BadCredentials, "the app registration wants a client secret or certificate, and none was sent"},
	700025:      {BadCredentials, "the app registration is a public client, which has no secret: turn off 'Allow public client flows' on its Authentication page"},

	// The app registration and the tenant.
	700016:  {BadCredentials, "the app registration does not exist in this tenant: check client_id and tenant_id"},
	7000112: {BadCredentials, "the app registration is disabled in this tenant"},
	7000229: {BadCredentials, "the app registration has no service principal in this tenant: grant admin consent"},
	50194:   {BadCredentials, "the app registration is for one tenant alone, and this is another: check tenant_id"},
	90002:   {BadCredentials, "the tenant does not exist: check tenant_id, and that it belongs to this cloud"},
	900021:  {BadCredentials, "tenant_id is no tenant's id: check it"},
	900023:  {BadCredentials, "tenant_id is neither a tenant's id nor one of its domains"},
	900382:  {BadCredentials, "the app registration belongs to another cloud: check cloud"},
	900971:  {BadCredentials, "the app registration has no reply address"},

	// The certificate.
	700027:  {BadCredentials, "the certificate is not known to the app registration, or has expired: upload it there"},
	700030:  {BadCredentials, "the certificate is not valid for this app registration"},
	1000502: {BadCredentials, "the certificate is outside its time of validity: renew it, upload it to the app registration, and check this machine's clock"},

	// The assertion of a certificate or of another identity provider.
	700024: {BadCredentials, "the assertion is outside its time of validity: check this machine's clock, or the federated token's age"},
	700021: {BadCredentials, "the assertion's issuer or subject is not that of the app registration"},
	700023: {BadCredentials, "the assertion is for another login host: check authority and cloud"},
	70021:  {BadCredentials, "no federated credential of the app registration fits the token: compare its issuer, subject and audience"},
	700211: {BadCredentials, "no federated credential of the app registration has the token's issuer"},
	700212: {BadCredentials, "no federated credential of the app registration has the token's audience"},
	700213: {BadCredentials, "no federated credential of the app registration has the token's subject"},
	700222: {BadCredentials, "the federated token comes from Entra ID itself, which another app registration cannot use: take one of another issuer"},

	// What is asked for.
	70011:  {BadCredentials, "the scope is not valid: check cloud and api"},
	500011: {BadCredentials, "the API is not known in this tenant: check cloud and api, and that the tenant has Defender"},
	500014: {BadCredentials, "the API is disabled in this tenant: an administrator enables its enterprise application"},
	53003:  {BadCredentials, "a Conditional Access policy blocks the app registration"},
	530035: {BadCredentials, "the tenant's security defaults block the app registration"},

	// Entra ID's own trouble.
	50058: {Transient, ""},
	50196: {Transient, ""},
	90006: {Transient, ""},
	90024: {Transient, ""},
	90033: {Transient, ""},
	90055: {Transient, ""},
}

var aadsts = regexp.MustCompile(`AADSTS(\d{4,8})`)

// reading is how a failure of MSAL's is read: for whom the token was to be, and what must not be shown.
type reading struct {
	credentials *Credentials
	scope       string
	secrets     []string
}

// classify makes an *Error of what MSAL returned, and leaves all behind that may quote an answer.
func (r *reading) classify(ctx context.Context, err error) error {
	if own := (*Error)(nil); errors.As(err, &own) {
		return own
	}
	var answered msal.CallErr
	if errors.As(err, &answered) && answered.Resp != nil {
		return r.refused(answered.Resp)
	}
	if ctx.Err() != nil {
		return &Error{Err: context.Cause(ctx)}
	}
	if transport := (*url.Error)(nil); errors.As(err, &transport) {
		return &Error{Advice: r.unreachable(transport), Err: transport}
	}
	if errors.As(err, new(msal.InvalidJsonErr)) {
		return &Error{Advice: refusal.Stranger(r.host(), r.setting()), Description: "the answer of the login host is not the JSON of a token"}
	}
	// MSAL appends what it read after a line break or within braces.
	text, _, _ := strings.Cut(err.Error(), "\n")
	text, _, _ = strings.Cut(text, "{")
	return &Error{Description: r.shown(text)}
}

// unreachable is the advice for a request that got no answer.
func (r *reading) unreachable(err *url.Error) string {
	if r.credentials.ManagedIdentity {
		return "the machine's identity endpoint does not answer: credentials::managed_identity needs an Azure machine or service with a managed identity"
	}
	return refusal.Unreachable(err, r.setting())
}

// host is the one that gives tokens.
func (r *reading) host() string {
	if r.credentials.ManagedIdentity {
		return "the machine's identity endpoint"
	}
	tenant, _, err := r.credentials.authority(r.scope)
	if u, parseErr := url.Parse(tenant); err == nil && parseErr == nil {
		return u.Host
	}
	return "the login host"
}

// setting is the key that names the host.
func (r *reading) setting() string {
	if r.credentials.ManagedIdentity {
		return "credentials::managed_identity"
	}
	return "credentials::authority"
}

func (r *reading) shown(text string) string {
	return refusal.Text(text, r.secrets...)
}

// refused reads Entra's own answer.
func (r *reading) refused(resp *http.Response) *Error {
	body, _ := io.ReadAll(resp.Body) // MSAL has it in memory
	var answer struct {
		Error         string `json:"error"`
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		CorrelationID string `json:"correlation_id"`
	}
	_ = json.Unmarshal(body, &answer) // a gateway's page leaves it empty, and the status tells
	// Trace and correlation ids follow, each on a line or after a blank.
	description, _, _ := strings.Cut(answer.Description, "Trace ID:")
	if description == "" {
		description = answer.Error
	}
	e := &Error{
		Codes: answer.Codes, Status: resp.StatusCode, Description: r.shown(description),
		CorrelationID: r.shown(answer.CorrelationID), RetryAfter: refusal.RetryAfter(resp.Header, time.Now()),
	}
	for _, m := range aadsts.FindAllStringSubmatch(answer.Description, -1) {
		if code, err := strconv.Atoi(m[1]); err == nil && !slices.Contains(e.Codes, code) {
			e.Codes = append(e.Codes, code)
		}
	}
	e.Kind, e.Advice = judge(resp.StatusCode, answer.Error, e.Codes)
	e.offered = answer.Error == "invalid_client" && !slices.Contains(e.Codes, codeExpired)
	if e.Advice == "" && answer.Error == "" {
		e.Advice = r.strange(resp, bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")))
	}
	return e
}

// strange is the advice for an answer that is not Entra ID's own; "" for outages, which pass.
func (r *reading) strange(resp *http.Response, page bool) string {
	switch status := resp.StatusCode; {
	case status == http.StatusProxyAuthRequired:
		return refusal.ProxyLogin
	case status >= 300 && status < 400:
		return refusal.Redirected(resp.Header.Get("Location"), r.host(), r.setting())
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return ""
	case page:
		return refusal.Page(r.host(), r.setting())
	default:
		return refusal.Stranger(r.host(), r.setting())
	}
}

func judge(status int, name string, codes []int) (Kind, string) {
	if status == http.StatusTooManyRequests || status >= 500 {
		return Transient, ""
	}
	for _, code := range codes {
		if r, ok := reasons[code]; ok {
			return r.kind, r.advice
		}
	}
	switch name {
	case "invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "invalid_grant", "invalid_resource", "invalid_tenant":
		return BadCredentials, "the login host refuses the credentials"
	default:
		// temporarily_unavailable, and what only gateways answer.
		return Transient, ""
	}
}

// asOperatorError marks an error in settings or files as the operator's to mend.
func asOperatorError(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: BadCredentials, Err: err}
}
