package entra

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"software.sslmate.com/src/go-pkcs12"
)

// certificate is what the files of a client certificate hold.
type certificate struct {
	chain []*x509.Certificate // the client's own, then its issuers
	key   *rsa.PrivateKey
}

// certificate reads what material holds. Errors name the key of the configuration, and hold nothing of the files.
func (c *Credentials) certificate(material []byte) (certificate, error) {
	certs, key, err := c.decode(material)
	if err != nil {
		return certificate{}, err
	}
	private, is := key.(*rsa.PrivateKey)
	if !is {
		return certificate{}, fmt.Errorf("%s holds a private key that is no RSA key: use a certificate with an RSA key of at least 2048 bits", c.keySetting())
	}
	own := ownCertificate(certs, private)
	if own == nil {
		return certificate{}, fmt.Errorf("%s holds a private key that belongs to no certificate of %s: use the key with which the certificate was requested",
			c.keySetting(), c.certSetting())
	}
	return certificate{chainOf(own, certs), private}, nil
}

func (c *Credentials) decode(material []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if c.PFXFile != "" {
		return c.decodePFX(material)
	}
	for rest := material; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		_, legacy := block.Headers["DEK-Info"]
		if legacy || block.Type == "ENCRYPTED PRIVATE KEY" {
			return nil, nil, fmt.Errorf("%s holds a private key with a password, which PEM files may not have here: "+
				"take it away (openssl pkey -in KEY -out KEY_WITHOUT), or use a PFX file (pfx_file and password)", c.keySetting())
		}
		if block.Type == "EC PRIVATE KEY" {
			return nil, nil, fmt.Errorf("%s holds a private key that is no RSA key: use a certificate with an RSA key of at least 2048 bits", c.keySetting())
		}
	}
	if !bytes.Contains(material, []byte("PRIVATE KEY-----")) {
		return nil, nil, fmt.Errorf("%s holds no private key in PEM", c.keySetting())
	}
	if !bytes.Contains(material, []byte("-----BEGIN CERTIFICATE-----")) {
		return nil, nil, fmt.Errorf("%s holds no certificate in PEM", c.certSetting())
	}
	certs, key, err := confidential.CertFromPEM(material, "")
	if err != nil {
		return nil, nil, fmt.Errorf("'credentials::client_certificate' (%s) cannot be read: %w", strings.Join(c.files(), ", "), err)
	}
	return certs, key, nil
}

func (c *Credentials) decodePFX(material []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if bytes.Contains(material, []byte("-----BEGIN ")) {
		return nil, nil, fmt.Errorf("%s is a PEM file: name it in cert_file and key_file", c.certSetting())
	}
	key, first, others, err := pkcs12.DecodeChain(material, string(c.PFXPassword))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, fmt.Errorf("'credentials::client_certificate::password' does not open the file %s: write the password with which it was exported", c.PFXFile)
	case err != nil:
		return nil, nil, fmt.Errorf("%s is no PFX file (PKCS #12) with a certificate and its key: %w", c.certSetting(), err)
	}
	return append([]*x509.Certificate{first}, others...), key, nil
}

// ownCertificate is the one of the key; the one that ends last if there are several.
func ownCertificate(certs []*x509.Certificate, key *rsa.PrivateKey) *x509.Certificate {
	var own *x509.Certificate
	for _, cert := range certs {
		if key.PublicKey.Equal(cert.PublicKey) && (own == nil || cert.NotAfter.After(own.NotAfter)) {
			own = cert
		}
	}
	return own
}

// chainOf is a certificate and those among others that issued it, one after the other, as Entra ID wants them.
func chainOf(own *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{own}
	for last := own; ; {
		i := slices.IndexFunc(others, func(issuer *x509.Certificate) bool {
			return !slices.Contains(chain, issuer) && !issuer.Equal(last) && bytes.Equal(issuer.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(issuer) == nil
		})
		if i < 0 {
			return chain
		}
		last = others[i]
		chain = append(chain, last)
	}
}

// ended says that the certificate is not valid at a time; "" if it is.
func (c *Credentials) ended(cert *x509.Certificate, now time.Time) string {
	switch {
	case now.After(cert.NotAfter):
		return fmt.Sprintf("the certificate in %s has expired on %s: renew it, upload the new one to the app registration, and put it in its place",
			c.certSetting(), cert.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(cert.NotBefore):
		return fmt.Sprintf("the certificate in %s is not valid before %s: check this machine's clock", c.certSetting(), cert.NotBefore.UTC().Format(time.RFC3339))
	default:
		return ""
	}
}

// certSetting names the key of the file with the certificate, and the file.
func (c *Credentials) certSetting() string {
	if c.PFXFile != "" {
		return "'credentials::client_certificate::pfx_file' (" + c.PFXFile + ")"
	}
	return "'credentials::client_certificate::cert_file' (" + c.CertFile + ")"
}

// keySetting names the key of the file with the private key, and the file.
func (c *Credentials) keySetting() string {
	if c.PFXFile != "" || c.KeyFile == "" {
		return c.certSetting()
	}
	return "'credentials::client_certificate::key_file' (" + c.KeyFile + ")"
}
