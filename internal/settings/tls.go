package settings

import (
	"errors"
	"os"

	"go.opentelemetry.io/collector/config/configtls"
)

// TLSFiles names each file of the TLS settings that cannot be read, as the user has written its key.
func TLSFiles(c configtls.ClientConfig) error {
	var errs []error
	for _, file := range []struct{ key, path string }{
		{"tls::ca_file", c.CAFile}, {"tls::cert_file", c.CertFile}, {"tls::key_file", c.KeyFile},
	} {
		if file.path == "" {
			continue
		}
		f, err := os.Open(file.path)
		if err != nil {
			errs = append(errs, Unreadable(file.key, file.path, err))
			continue
		}
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
