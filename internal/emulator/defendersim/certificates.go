package defendersim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caCertificateFile = "ca.pem"
	caKeyFile         = "ca-key.pem"
	// certificateLife is long enough for a persisted CA to outlive its use, short enough for every TLS stack.
	certificateLife = 2 * 365 * 24 * time.Hour
)

// certificateAuthority signs the certificates of one emulator.
type certificateAuthority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// loadCertificateAuthority reads the CA that an earlier start left in directory, or creates one there.
func loadCertificateAuthority(directory string) (*certificateAuthority, error) {
	certPath, keyPath := filepath.Join(directory, caCertificateFile), filepath.Join(directory, caKeyFile)
	pair, err := tls.LoadX509KeyPair(certPath, keyPath)
	if errors.Is(err, os.ErrNotExist) {
		return createCertificateAuthority(directory)
	}
	if err != nil {
		return nil, fmt.Errorf("read the CA in %s (delete both files to get a new one): %w", directory, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA || time.Now().After(pair.Leaf.NotAfter) {
		return createCertificateAuthority(directory)
	}
	return &certificateAuthority{certificate: pair.Leaf, key: key, pem: encodePEM("CERTIFICATE", pair.Leaf.Raw)}, nil
}

func createCertificateAuthority(directory string) (*certificateAuthority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create the CA's key: %w", err)
	}
	template := certificateTemplate("defendersim CA (not a secret, trust it only in tests)")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("create the CA's certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("create the CA's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the CA's key: %w", err)
	}
	ca := &certificateAuthority{certificate: certificate, key: key, pem: encodePEM("CERTIFICATE", der)}
	// The key goes first: a start that dies in between leaves no certificate without its key.
	if err := os.WriteFile(filepath.Join(directory, caKeyFile), encodePEM("PRIVATE KEY", keyDER), 0o600); err != nil {
		return nil, fmt.Errorf("write the CA's key: %w", err)
	}
	if err := os.WriteFile(filepath.Join(directory, caCertificateFile), ca.pem, 0o600); err != nil {
		return nil, fmt.Errorf("write the CA's certificate: %w", err)
	}
	return ca, nil
}

// serverCertificate is a new certificate for the loopback names.
func (ca *certificateAuthority) serverCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("create the server's key: %w", err)
	}
	template := certificateTemplate("localhost")
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("create the server's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, ca.certificate.Raw}, PrivateKey: key}, nil
}

// certificateTemplate is dated by the machine's clock, since that is what a client checks it by.
func certificateTemplate(commonName string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		serial = big.NewInt(time.Now().UnixNano())
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(certificateLife),
	}
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
