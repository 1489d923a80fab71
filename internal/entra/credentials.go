package entra

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Credentials say who asks for tokens, in exactly one of five ways: ClientSecret, ClientSecretFile, a certificate
// (CertFile with KeyFile, or PFXFile), FederatedTokenFile, or ManagedIdentity.
type Credentials struct {
	TenantID, ClientID string
	ClientSecret       configopaque.String
	ClientSecretFile   string
	// CertFile and KeyFile are PEM; one file may hold both, then KeyFile is empty. RSA only.
	CertFile, KeyFile string
	// PFXFile is PKCS #12, in the place of CertFile and KeyFile.
	PFXFile            string
	PFXPassword        configopaque.String
	FederatedTokenFile string
	// ManagedIdentity is the user-assigned one with ClientID, or the system's when that is empty.
	ManagedIdentity bool
	Authority       string // URL of the login host; "": the one of the scope's cloud
	// Expires is when the secret ends, which only the portal shows; zero: not known. A certificate knows its own end.
	Expires time.Time
}

const (
	authorityGlobal       = "https://login.microsoftonline.com"
	authorityUSGovernment = "https://login.microsoftonline.us"
)

// microsoftHosts are the login hosts that Microsoft's instance discovery knows. Any other one must
// not be asked about there: that would need the internet, and be refused.
var microsoftHosts = []string{
	"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net",
	"login.microsoftonline.us", "login.usgovcloudapi.net",
}

// authority is the URL of the tenant at its login host.
func (c *Credentials) authority(scope string) (tenant string, microsoft bool, err error) {
	host := c.Authority
	if host == "" {
		host = authorityGlobal
		if u, err := url.Parse(scope); err == nil && strings.HasSuffix(u.Hostname(), ".us") {
			host = authorityUSGovernment
		}
	}
	u, err := url.Parse(host)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", false, errors.New("'credentials::authority' must be the https URL of a login host, e.g. " + authorityGlobal)
	}
	if c.TenantID == "" || strings.ContainsAny(c.TenantID, "/?#") {
		return "", false, errors.New("'credentials::tenant_id' must be the tenant's id or one of its domains")
	}
	return u.JoinPath(c.TenantID).String(), slices.Contains(microsoftHosts, strings.ToLower(u.Hostname())), nil
}

// material is what the credentials are made of now: a secret, PEM blocks or a PFX file. It is nil for the ways that
// need none; a federated token is read when it is sent.
func (c *Credentials) material() ([]byte, error) {
	switch {
	case c.ClientSecretFile != "":
		return readLine("client_secret_file", c.ClientSecretFile)
	case c.PFXFile != "":
		return readFile("client_certificate::pfx_file", c.PFXFile)
	case c.CertFile != "":
		pem, err := readFile("client_certificate::cert_file", c.CertFile)
		if err != nil || c.KeyFile == "" || c.KeyFile == c.CertFile {
			return decodeText(pem), err
		}
		key, err := readFile("client_certificate::key_file", c.KeyFile)
		if err != nil {
			return nil, err
		}
		return slices.Concat(decodeText(pem), []byte("\n"), decodeText(key)), nil
	case c.ClientSecret != "":
		secret, err := decodeLine([]byte(c.ClientSecret))
		if err != nil {
			return nil, fmt.Errorf("credentials::client_secret: %w", err)
		}
		return secret, nil
	default:
		return nil, nil
	}
}

// files are those that the credentials are read from.
func (c *Credentials) files() []string {
	var files []string
	for _, file := range []string{c.ClientSecretFile, c.CertFile, c.KeyFile, c.PFXFile, c.FederatedTokenFile} {
		if file != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

func (c *Credentials) hasCertificate() bool { return c.CertFile != "" || c.PFXFile != "" }

// kind is what the operator calls the credentials.
func (c *Credentials) kind() string {
	switch {
	case c.hasCertificate():
		return "certificate"
	case c.FederatedTokenFile != "":
		return "token file"
	default:
		return "secret"
	}
}

// readLine reads the one line of a file.
func readLine(setting, path string) ([]byte, error) {
	content, err := readFile(setting, path)
	if err != nil {
		return nil, err
	}
	line, err := decodeLine(content)
	if err == nil && len(line) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("credentials::%s: %s: %w", setting, path, err)
	}
	return line, nil
}

func readFile(setting, path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, settings.Unreadable("credentials::"+setting, path, err)
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, fmt.Errorf("'credentials::%s' names the file %s, which is empty", setting, path)
	}
	return content, nil
}

type fingerprint [sha256.Size]byte

// fingerprint tells contents of the credential files apart. It reports false while a file cannot be read
// or is empty.
func (c *Credentials) fingerprint() (fingerprint, bool) {
	var all []byte
	for _, file := range c.files() {
		content, err := os.ReadFile(file)
		if err != nil || len(content) == 0 {
			return fingerprint{}, false
		}
		one := sha256.Sum256(content)
		all = append(all, one[:]...)
	}
	return sha256.Sum256(all), true
}
