package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/otelcol-defender/otelcol-defender"
	root   = "../.."
)

// graph has, for each package of the module, the packages of the module that it imports. Paths are relative to the
// module's root.
type graph map[string][]string

// readGraph reads the imports of all files that are not tests.
func readGraph(t *testing.T) graph {
	t.Helper()
	g := graph{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipped(entry.Name())
		case !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		imports, err := importsOf(file)
		pkg := filepath.ToSlash(dir)
		g[pkg] = append(g[pkg], imports...)
		return err
	})
	require.NoError(t, err)
	for pkg, imports := range g {
		slices.Sort(imports)
		g[pkg] = slices.Compact(imports)
	}
	return g
}

// skipped tells which directories hold no package of the module.
func skipped(name string) error {
	if name == "bin" || name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") && strings.Trim(name, ".") != "" {
		return fs.SkipDir
	}
	return nil
}

// importsOf are the packages of the module that a file imports.
func importsOf(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if relative, ours := strings.CutPrefix(name, module+"/"); ours {
			imports = append(imports, relative)
		}
	}
	return imports, nil
}

// packages are those of the graph, in order.
func (g graph) packages() []string { return slices.Sorted(maps.Keys(g)) }

// circle is a way from a package back to itself, or nil.
func (g graph) circle() []string {
	done := map[string]bool{}
	var way []string
	var visit func(pkg string) []string
	visit = func(pkg string) []string {
		if i := slices.Index(way, pkg); i >= 0 {
			return append(slices.Clone(way[i:]), pkg)
		}
		if done[pkg] {
			return nil
		}
		done[pkg] = true
		way = append(way, pkg)
		defer func() { way = way[:len(way)-1] }()
		for _, imported := range g[pkg] {
			if found := visit(imported); found != nil {
				return found
			}
		}
		return nil
	}
	for _, pkg := range g.packages() {
		if found := visit(pkg); found != nil {
			return found
		}
	}
	return nil
}
