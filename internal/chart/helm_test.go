//go:build helm

package chart

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	yamlv3 "go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const (
	release  = "emea"
	fullName = release + "-otelcol-defender"
	// kubernetes is the version for which Helm renders.
	kubernetes = "1.31.0"
)

// helm runs Helm, and returns what it prints.
func helm(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	path := os.Getenv("HELM")
	require.NotEmpty(t, path, "HELM names the program: `make chart` builds it and runs this test")
	command := exec.CommandContext(t.Context(), path, arguments...)
	home := t.TempDir() // Helm reads and writes nothing of the user's
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var output, trouble bytes.Buffer
	command.Stdout, command.Stderr = &output, &trouble
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("helm %s: %w\n%s%s", strings.Join(arguments, " "), err, output.String(), trouble.String())
	}
	return output.String(), nil
}

// valuesFile is the path of a values file of the chart's ci folder.
func valuesFile(name string) string { return filepath.Join(chartDirectory, "ci", name+"-values.yaml") }

// valuesFiles are the names of all of them.
func valuesFiles(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(valuesFile("*"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), "-values.yaml"))
	}
	return names
}

// template renders the chart with a values file, and with single values over it.
func template(t *testing.T, values string, sets ...string) (string, error) {
	t.Helper()
	arguments := []string{"template", release, chartDirectory, "--namespace", "security", "--kube-version", kubernetes, "-f", valuesFile(values)}
	for _, set := range sets {
		arguments = append(arguments, "--set", set)
	}
	return helm(t, arguments...)
}

// manifests are the objects of a rendered chart. What is off is nil.
type manifests struct {
	account   *corev1.ServiceAccount
	config    *corev1.ConfigMap
	dashboard *corev1.ConfigMap
	service   *corev1.Service
	set       *appsv1.StatefulSet
	network   *networkingv1.NetworkPolicy
	monitor   *serviceMonitor
	rule      *prometheusRule
}

// render renders the chart and decodes each object strictly.
func render(t *testing.T, values string, sets ...string) manifests {
	t.Helper()
	text, err := template(t, values, sets...)
	require.NoError(t, err)
	documents, err := split(text)
	require.NoError(t, err)
	var found manifests
	for _, document := range documents {
		require.NoError(t, found.add(document), "%s", document)
	}
	return found
}

// split returns the documents of a YAML stream that hold an object.
func split(text string) (documents [][]byte, err error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if bytes.Contains(document, []byte("kind:")) {
			documents = append(documents, document)
		}
	}
}

func (m *manifests) add(document []byte) error {
	object, err := decode(document)
	if err != nil {
		return err
	}
	switch object := object.(type) {
	case *corev1.ServiceAccount:
		m.account = object
	case *corev1.ConfigMap:
		if strings.HasSuffix(object.Name, "-dashboard") {
			m.dashboard = object
		} else {
			m.config = object
		}
	case *corev1.Service:
		m.service = object
	case *appsv1.StatefulSet:
		m.set = object
	case *networkingv1.NetworkPolicy:
		m.network = object
	case *serviceMonitor:
		m.monitor = object
	case *prometheusRule:
		m.rule = object
	}
	return nil
}

// decode reads an object. A field that its type does not have is an error.
func decode(document []byte) (any, error) {
	var head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
	}
	if err := yamlv3.Unmarshal(document, &head); err != nil {
		return nil, err
	}
	if head.APIVersion == "monitoring.coreos.com/v1" {
		return decodeMonitoring(head.Kind, document)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	object, _, err := strict.Decode(document, nil, nil)
	return object, err
}

// meta is what the Prometheus Operator's objects have in common.
type meta struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels map[string]string
	}
}

// serviceMonitor has the fields of the Prometheus Operator's ServiceMonitor that the chart may use.
type serviceMonitor struct {
	meta `yaml:",inline"`
	Spec struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		NamespaceSelector struct {
			MatchNames []string `yaml:"matchNames"`
		} `yaml:"namespaceSelector"`
		Endpoints []struct {
			Port, Interval string
			Relabelings    []struct {
				Action      string
				TargetLabel string `yaml:"targetLabel"`
				Replacement string
			}
		}
	}
}

// prometheusRule is the Prometheus Operator's object. Its spec is what Prometheus itself reads.
type prometheusRule struct {
	meta   `yaml:",inline"`
	Spec   yamlv3.Node
	groups *rulefmt.RuleGroups
}

func decodeMonitoring(kind string, document []byte) (any, error) {
	decoder := yamlv3.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	switch kind {
	case "ServiceMonitor":
		monitor := &serviceMonitor{}
		return monitor, decoder.Decode(monitor)
	case "PrometheusRule":
		rule := &prometheusRule{}
		if err := decoder.Decode(rule); err != nil {
			return nil, err
		}
		spec, err := yamlv3.Marshal(&rule.Spec)
		if err != nil {
			return nil, err
		}
		groups, errs := rulefmt.Parse(spec, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		rule.groups = groups
		return rule, errors.Join(errs...)
	default:
		return nil, fmt.Errorf("the chart has no %s", kind)
	}
}
