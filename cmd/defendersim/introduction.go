package main

import (
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// introduction is what a person needs to point a client at s.
func introduction(s *defendersim.Server) string {
	identity := ""
	if url := s.IdentityURL(); url != "" {
		identity = fmt.Sprintf("  identity       IDENTITY_ENDPOINT=%s IDENTITY_HEADER=%s\n", url, defendersim.IdentityHeader)
	}
	if url := s.StorageURL(); url != "" {
		identity += fmt.Sprintf("  account url    %s\n", url)
	}
	return fmt.Sprintf(`defendersim is ready (local tool only: its credentials are no secret, its rows are made up)

  endpoint       %[1]s
  authority      %[1]s
  tenant id      %[2]s
  client id      %[3]s
  client secret  %[4]s
  CA             %[5]s
  report         %[1]s/_admin/report
%[6]s
Collector configuration:

extensions:
  file_storage/cursors:
    directory: ./cursors
    create_directory: true

receivers:
  defender:
    endpoint: %[1]s
    tls:
      ca_file: %[5]s
    credentials:
      tenant_id: %[2]s
      client_id: %[3]s
      client_secret: %[4]s
      authority: %[1]s
    storage: file_storage/cursors

`, s.URL(), s.TenantID, s.ClientID, s.ClientSecret, s.CAFile(), identity)
}
