package settings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configtls"
)

// A file that cannot be read is named by its key, once.
func TestFilesOfTLS(t *testing.T) {
	there := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(there, nil, 0o600))
	require.NoError(t, TLSFiles(configtls.ClientConfig{Config: configtls.Config{CAFile: there}}))
	err := TLSFiles(configtls.ClientConfig{Config: configtls.Config{CAFile: "/no/ca.pem", CertFile: "/no/crt.pem", KeyFile: there}})
	require.EqualError(t, err, "'tls::ca_file' names a file /no/ca.pem that cannot be read (check the path, and the rights of the collector's user): "+
		"no such file or directory\n'tls::cert_file' names a file /no/crt.pem that cannot be read (check the path, and the rights of the collector's user): "+
		"no such file or directory")
}
