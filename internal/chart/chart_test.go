//go:build helm

package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestLint(t *testing.T) {
	for _, name := range valuesFiles(t) {
		_, err := helm(t, "lint", "--strict", "--kube-version", kubernetes, chartDirectory, "-f", valuesFile(name))
		assert.NoError(t, err, name)
	}
}

// Values that cannot work are refused, and the message names them.
func TestRefusedValues(t *testing.T) {
	for set, message := range map[string]string{
		"storage.sise=3Gi":                       "sise",
		"secrets.existing=x":                     "secrets",
		"secret.existing=":                       "/secret/existing",
		"tenant.tenantId=contoso":                "/tenant/tenantId",
		"tenant.clientId=":                       "tenant.clientId is empty",
		"domainId=":                              "domainId is empty",
		"kafka.brokers=":                         "kafka.brokers is empty",
		"kafka.brokers=kafka-0":                  "/kafka/brokers",
		"kafka.username=":                        "kafka.username is empty",
		"kafka.passwordSecret.existing=":         "kafka.passwordSecret.existing is empty",
		"storage.accessMode=ReadWriteMany":       "/storage/accessMode",
		"probes.liveness.path=/healthz":          "path",
		"replicas=2":                             "replicas",
		"workers=2":                              "postgres_storage",
		"workers=0":                              "/workers",
		"overlay.receiver.defender.settle=3m":    "receiver",
		"resources.limits.memory=2 GB":           "/resources/limits/memory",
		"serviceMonitor.enable=true":             "enable",
		"telemetry.endpoint=gateway:4318":        "/telemetry/endpoint",
		"image.pullPolicy=Sometimes":             "/image/pullPolicy",
		"terminationGracePeriodSeconds=5":        "/terminationGracePeriodSeconds",
		"networkPolicy.metricsFrom=monitoring":   "/networkPolicy/metricsFrom",
		"extraEnv[0].nam=X":                      "nam",
		"prometheusRule.runbookUrl=docs":         "/prometheusRule/runbookUrl",
		"serviceAccount.annotations.x.y=deep":    "/serviceAccount/annotations",
		"goMemLimit=1600Mb":                      "/goMemLimit",
		"dashboard.labels.grafana_dashboard.x=1": "/dashboard/labels",
	} {
		_, err := template(t, "kafka", set)
		assert.ErrorContains(t, err, message, set)
	}
	_, err := template(t, "otlp", "telemetry.endpoint=http://gateway:4318")
	require.ErrorContains(t, err, "telemetry.endpoint is for the chart's own configuration")
}

// There is never a second pod on the same cursors, and an upgrade can replace a pod that is not ready.
func TestOnePodOnTheCursors(t *testing.T) {
	for _, name := range valuesFiles(t) {
		set := render(t, name).set
		require.NotNil(t, set, name)
		assert.EqualValues(t, 1, *set.Spec.Replicas, name)
		assert.Equal(t, appsv1.ParallelPodManagement, set.Spec.PodManagementPolicy, name)
		assert.Equal(t, appsv1.RollingUpdateStatefulSetStrategyType, set.Spec.UpdateStrategy.Type, name)
		assert.Nil(t, set.Spec.UpdateStrategy.RollingUpdate, name)
		require.Len(t, set.Spec.VolumeClaimTemplates, 1, name)
		assert.Equal(t, appsv1.RetainPersistentVolumeClaimRetentionPolicyType, set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled, name)
	}
	claim := render(t, "kafka").set.Spec.VolumeClaimTemplates[0]
	assert.Equal(t, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}, claim.Spec.AccessModes)
	assert.Nil(t, claim.Spec.StorageClassName)
	none := render(t, "kafka", "storage.className=-").set.Spec.VolumeClaimTemplates[0].Spec.StorageClassName
	require.NotNil(t, none)
	assert.Empty(t, *none)
}

// Several pods share the receivers of a configuration that keeps all of its state in the database, and of no other.
func TestWorkers(t *testing.T) {
	workers, err := os.ReadFile("../../config/workers.yaml")
	require.NoError(t, err)
	render := func(config string) (string, error) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
		return helm(t, "template", release, chartDirectory, "--kube-version", kubernetes, "--set", "workers=3,secret.existing=defender", "--set-file", "config="+path)
	}
	rendered, err := render(string(workers))
	require.NoError(t, err)
	assert.Contains(t, rendered, "replicas: 3\n")
	assert.Contains(t, rendered, "{name: WORKER_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}")
	_, err = render(strings.Replace(string(workers), "storage: postgres_storage", "storage: file_storage/cursors", 1))
	require.ErrorContains(t, err, "keeps its state in file_storage")
	_, err = template(t, "otlp", "workers=2")
	require.ErrorContains(t, err, "postgres_storage")
}

// The container has no rights that it does not need, and the Secret reaches it as a file.
func TestPodIsConfined(t *testing.T) {
	for _, name := range valuesFiles(t) {
		m := render(t, name)
		spec := m.set.Spec.Template.Spec
		assert.False(t, *spec.AutomountServiceAccountToken, name)
		assert.False(t, *m.account.AutomountServiceAccountToken, name)
		assert.Equal(t, m.account.Name, spec.ServiceAccountName, name)
		assert.True(t, *spec.SecurityContext.RunAsNonRoot, name)
		assert.Equal(t, []int64{10001, 10001, 10001},
			[]int64{*spec.SecurityContext.RunAsUser, *spec.SecurityContext.RunAsGroup, *spec.SecurityContext.FSGroup}, name)
		assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, spec.SecurityContext.SeccompProfile.Type, name)
		assert.False(t, spec.HostNetwork || spec.HostPID || spec.HostIPC, name)
		require.Len(t, spec.Containers, 1, name)
		container := spec.Containers[0]
		assert.True(t, *container.SecurityContext.ReadOnlyRootFilesystem, name)
		assert.False(t, *container.SecurityContext.AllowPrivilegeEscalation, name)
		assert.False(t, *container.SecurityContext.Privileged, name)
		assert.Equal(t, &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, container.SecurityContext.Capabilities, name)

		mounted := mountPaths(container)["secret"]
		assert.True(t, strings.HasPrefix(variable(container, "DEFENDER_CLIENT_SECRET_FILE"), mounted+"/"), name)
		for _, mount := range container.VolumeMounts {
			assert.Empty(t, mount.SubPath, "%s: a file mounted by subPath never changes", name)
			assert.Equal(t, mount.Name != "data", mount.ReadOnly, "%s: %s", name, mount.Name)
		}
		for _, volume := range spec.Volumes {
			if volume.Secret != nil {
				assert.EqualValues(t, 0o440, *volume.Secret.DefaultMode, name)
			}
		}
	}
}

// Selectors select what they are for.
func TestSelectors(t *testing.T) {
	m := render(t, "everything")
	pod := labels.Set(m.set.Spec.Template.Labels)
	selects := func(selector map[string]string, of labels.Set) bool {
		return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(of)
	}
	assert.True(t, selects(m.set.Spec.Selector.MatchLabels, pod))
	assert.True(t, selects(m.service.Spec.Selector, pod))
	assert.True(t, selects(m.network.Spec.PodSelector.MatchLabels, pod))
	assert.True(t, selects(m.monitor.Spec.Selector.MatchLabels, m.service.Labels))
	assert.NotContains(t, m.set.Spec.Selector.MatchLabels, "app.kubernetes.io/version", "a selector cannot be changed by an upgrade")
	assert.Equal(t, m.service.Name, m.set.Spec.ServiceName)
	assert.Equal(t, fullName, m.set.Name)
	assert.True(t, m.service.Spec.PublishNotReadyAddresses, "a collector in trouble is scraped, too")
	assert.Equal(t, []string{"security"}, m.monitor.Spec.NamespaceSelector.MatchNames)
	other, err := helm(t, "template", "apac", chartDirectory, "--kube-version", kubernetes, "-f", valuesFile("kafka"))
	require.NoError(t, err)
	assert.NotContains(t, other, fullName)
}

// What is optional is off by default.
func TestOptionalObjects(t *testing.T) {
	plain, all := render(t, "kafka"), render(t, "everything")
	assert.Nil(t, plain.monitor)
	assert.Nil(t, plain.rule)
	assert.Nil(t, plain.network)
	assert.Nil(t, plain.dashboard)
	require.NotNil(t, all.monitor)
	require.NotNil(t, all.rule)
	require.NotNil(t, all.network)
	require.NotNil(t, all.dashboard)

	require.Len(t, all.monitor.Spec.Endpoints, 1)
	endpoint := all.monitor.Spec.Endpoints[0]
	assert.Equal(t, all.service.Spec.Ports[0].Name, endpoint.Port)
	require.Len(t, endpoint.Relabelings, 1)
	assert.Equal(t, "job otelcol-defender", endpoint.Relabelings[0].TargetLabel+" "+endpoint.Relabelings[0].Replacement,
		"DefenderDown asks for this job")

	original, err := os.ReadFile("../../docs/alerts.yml")
	require.NoError(t, err)
	assert.Len(t, all.rule.groups.Groups[0].Rules, strings.Count(string(original), "- alert: "))
	for _, rule := range all.rule.groups.Groups[0].Rules {
		assert.Equal(t, "https://wiki.example.com/defender#"+strings.ToLower(rule.Alert), rule.Annotations["runbook_url"])
	}
	assert.Equal(t, "registry.example.com/otelcol-defender@sha256:"+strings.Repeat("0", 64), all.set.Spec.Template.Spec.Containers[0].Image)
}

// A changed configuration starts the pod anew: the collector does not look at its files by itself.
func TestConfigurationIsPartOfThePod(t *testing.T) {
	sum := func(sets ...string) string {
		return render(t, "kafka", sets...).set.Spec.Template.Annotations["checksum/config"]
	}
	before := sum()
	assert.Equal(t, before, sum("podLabels.team=security"), "another value does not restart it by this")
	assert.NotEqual(t, before, sum("overlay.receivers.defender.settle=3m"))
	assert.NotEqual(t, before, sum("telemetry.endpoint=http://gateway:4318"))
}
