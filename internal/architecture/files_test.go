package architecture

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// fewArrows is up to where a share says little of a package.
	fewArrows = 40
	// maxBackward is the largest share of arrows, in percent, that may run back up. It is to become smaller.
	maxBackward = 25
)

// Files of a package have an order, too: a file that uses another one stands above it. With -v this prints, for each
// package, how many of these arrows run back up in the best order that is found. A package with many of them is one
// object that is spread over its files.
func TestFilesOfAPackage(t *testing.T) {
	for _, pkg := range readGraph(t).packages() {
		uses := usesBetweenFiles(t, filepath.Join(root, filepath.FromSlash(pkg)))
		arrows, back := 0, backward(uses)
		for _, used := range uses {
			arrows += len(used)
		}
		if arrows > 0 {
			if share := 100 * len(back) / arrows; arrows > fewArrows {
				assert.LessOrEqual(t, share, maxBackward, "%s: %v", pkg, back)
			}
			t.Logf("%3d %% of %3d arrows run back up in %s", 100*len(back)/arrows, arrows, pkg)
		}
	}
}

func TestBackwardArrowsAreFound(t *testing.T) {
	require.Empty(t, backward(uses{"a": {"b": true, "c": true}, "b": {"c": true}}))
	require.Len(t, backward(uses{"a": {"b": true}, "b": {"c": true}, "c": {"a": true}}), 1)
	require.Len(t, backward(uses{"a": {"b": true, "c": true}, "b": {"a": true}, "c": {"a": true, "b": true}}), 2)
}

// uses has, for each file, the files that it uses.
type uses map[string]map[string]bool

// withoutImports fails every import. What a package declares itself is found all the same.
type withoutImports struct{}

func (withoutImports) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

// usesBetweenFiles finds out which file of a package uses what another one declares.
func usesBetweenFiles(t *testing.T, dir string) uses {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	set, files := token.NewFileSet(), []*ast.File(nil)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: withoutImports{}, Error: func(error) {}, DisableUnusedImportCheck: true}
	checked, _ := config.Check(dir, set, files, info) // its errors are about imports
	found := uses{}
	for ident, object := range info.Uses {
		if object.Pkg() != checked || !object.Pos().IsValid() {
			continue
		}
		from, to := set.Position(ident.Pos()).Filename, set.Position(object.Pos()).Filename
		if from == to {
			continue
		}
		if found[from] == nil {
			found[from] = map[string]bool{}
		}
		found[from][to] = true
	}
	return found
}

// backward are the arrows that run back up in an order of the files with few of them: each file is moved to its best
// place until no move helps.
func backward(u uses) [][2]string {
	order := slices.Sorted(maps.Keys(u))
	for _, used := range u {
		for file := range used {
			if !slices.Contains(order, file) {
				order = append(order, file)
			}
		}
	}
	slices.Sort(order)
	slices.SortStableFunc(order, func(a, b string) int { return len(u[b]) - len(u[a]) })
	for improved := true; improved; {
		improved = false
		for _, file := range slices.Clone(order) {
			if better := bestPlace(u, order, file); len(against(u, better)) < len(against(u, order)) {
				order, improved = better, true
			}
		}
	}
	return against(u, order)
}

// bestPlace is the order with one file moved to where the fewest arrows run back up.
func bestPlace(u uses, order []string, file string) []string {
	rest := slices.DeleteFunc(slices.Clone(order), func(other string) bool { return other == file })
	best := order
	for place := range len(rest) + 1 {
		if moved := slices.Insert(slices.Clone(rest), place, file); len(against(u, moved)) < len(against(u, best)) {
			best = moved
		}
	}
	return best
}

// against are the arrows that run back up in an order.
func against(u uses, order []string) [][2]string {
	place := map[string]int{}
	for i, file := range order {
		place[file] = i
	}
	var found [][2]string
	for from, used := range u {
		for to := range used {
			if place[to] < place[from] {
				found = append(found, [2]string{from, to})
			}
		}
	}
	return found
}
