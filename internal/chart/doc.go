// Package chart tests the Helm chart charts/otelcol-defender with Helm itself. Tests that need Helm have a build tag, so
// that `go test ./...` needs none. `make chart` builds Helm and runs them all.
//
//	files_test.go     the chart's copies, version and schema, without Helm
//	helm_test.go      runs Helm, and decodes what it renders with Kubernetes' own types, unknown fields refused
//	pod_test.go       what a kubelet would give the container: files, variables, arguments
//	chart_test.go     what must hold of the manifests
//	config_test.go    the rendered configuration, as the collector and `defenderctl check` judge it
//
// Helm reads files of the chart's folder only. So the chart has copies of the rules, the dashboard and the configuration.
package chart

//go:generate cp ../../docs/alerts.yml ../../docs/dashboard.json ../../config/production.yaml ../../charts/otelcol-defender/files/
