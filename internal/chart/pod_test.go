//go:build helm

package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// pod is what a kubelet gives the container: a root in which volumes are mounted, variables and arguments.
type pod struct {
	root      string
	variables map[string]string
	arguments []string
}

// newPod mounts the ConfigMap and a Secret under a folder of the test, which stands for the container's root in each path.
func newPod(t *testing.T, m manifests) pod {
	t.Helper()
	p := pod{root: t.TempDir(), variables: map[string]string{}}
	spec := m.set.Spec.Template.Spec
	container := spec.Containers[0]
	mounts := mountPaths(container)
	p.write(t, mounts["config"], m.config.Data)
	p.write(t, mounts["secret"], map[string]string{filepath.Base(variable(container, "DEFENDER_CLIENT_SECRET_FILE")): "s3cret"})
	require.NoError(t, os.MkdirAll(p.path(mounts["data"]), 0o700))
	for _, v := range container.Env {
		value := v.Value
		if v.ValueFrom != nil {
			value = "p$ss: word"
		}
		p.variables[v.Name] = p.inside(value, mounts)
	}
	for _, argument := range container.Args {
		p.arguments = append(p.arguments, p.inside(argument, mounts))
	}
	return p
}

func (p pod) path(inContainer string) string {
	return filepath.Join(p.root, filepath.FromSlash(inContainer))
}

// inside puts the root before each path of a mount in a text.
func (p pod) inside(text string, mounts map[string]string) string {
	for _, mount := range mounts {
		text = strings.ReplaceAll(text, mount, filepath.ToSlash(p.root)+mount)
	}
	return text
}

func (p pod) write(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.path(directory), 0o700))
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(p.path(directory), name), []byte(content), 0o600))
	}
}

// mountPaths are where the volumes are mounted, by name.
func mountPaths(container corev1.Container) map[string]string {
	paths := map[string]string{}
	for _, mount := range container.VolumeMounts {
		paths[mount.Name] = mount.MountPath
	}
	return paths
}

// variable is the value of one of the container's variables.
func variable(container corev1.Container, name string) string {
	for _, v := range container.Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}
