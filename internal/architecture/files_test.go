package architecture

import (
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxBackward is the share of arrows, in percent, below which those stay that run back up in a package.
const maxBackward = 10

// Files of a package have an order, too: a file that uses another one stands above it. With -v this prints, for each
// package, how many of these arrows run back up in the best order that is found. A package with many of them is one
// object that is spread over its files. Generated files do not count.
func TestFilesOfAPackage(t *testing.T) {
	for _, pkg := range readGraph(t).packages() {
		uses := usesBetweenFiles(t, filepath.Join(root, filepath.FromSlash(pkg)))
		arrows, back := 0, backward(uses)
		for _, used := range uses {
			arrows += len(used)
		}
		if arrows == 0 {
			continue
		}
		share := 100 * len(back) / arrows
		assert.Less(t, share, maxBackward, "%s: %v", pkg, back)
		t.Logf("%3d %% of %3d arrows run back up in %s", share, arrows, pkg)
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
	set := token.NewFileSet()
	files := productionFiles(t, set, dir)
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

// productionFiles are the parsed files of a directory but for tests, those of other platforms, and generated ones, which
// nobody writes or reads.
func productionFiles(t *testing.T, set *token.FileSet, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, path := range paths {
		matches, err := build.Default.MatchFile(filepath.Split(path))
		require.NoError(t, err)
		if strings.HasSuffix(path, "_test.go") || !matches {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution|parser.ParseComments)
		require.NoError(t, err)
		if !ast.IsGenerated(file) {
			files = append(files, file)
		}
	}
	return files
}

// searches is from how many orders of the files the search for the best one starts.
const searches = 50

// backward are the arrows that run back up in an order of the files with few of them. A search moves each file to its
// best place until no move helps; the best of several searches counts.
func backward(u uses) [][2]string {
	files := u.files()
	best := against(u, files)
	for search := range uint64(searches) {
		order := slices.Clone(files)
		rand.New(rand.NewPCG(1, search)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if found := against(u, improved(u, order)); len(found) < len(best) {
			best = found
		}
	}
	return best
}

// files are all files that use another one or are used, sorted.
func (u uses) files() []string {
	all := map[string]bool{}
	for from, used := range u {
		all[from] = true
		maps.Copy(all, used)
	}
	return slices.Sorted(maps.Keys(all))
}

// improved moves files until no move of one file leaves fewer arrows that run back up.
func improved(u uses, order []string) []string {
	for moved := true; moved; {
		moved = false
		for _, file := range slices.Clone(order) {
			from := slices.Index(order, file)
			rest := slices.Delete(slices.Clone(order), from, from+1)
			if to, better := bestPlace(u, rest, file, from); better {
				order, moved = slices.Insert(rest, to, file), true
			}
		}
	}
	return order
}

// bestPlace is where a file goes among the others so that the fewest arrows run back up, and whether that is better than
// where it was.
func bestPlace(u uses, rest []string, file string, was int) (int, bool) {
	back := 0 // in the first place, every arrow to the file runs back up, and none from it
	for _, other := range rest {
		back += count(u[other][file])
	}
	place, least, before := 0, back, back
	for i, other := range rest { // the file moves below the other one
		back += count(u[file][other]) - count(u[other][file])
		if back < least {
			place, least = i+1, back
		}
		if i+1 == was {
			before = back
		}
	}
	return place, least < before
}

func count(arrow bool) int {
	if arrow {
		return 1
	}
	return 0
}

// against are the arrows that run back up in an order.
func against(u uses, order []string) [][2]string {
	place := map[string]int{}
	for i, file := range order {
		place[file] = i
	}
	var found [][2]string
	for _, from := range order {
		for _, to := range slices.Sorted(maps.Keys(u[from])) {
			if place[to] < place[from] {
				found = append(found, [2]string{filepath.Base(from), filepath.Base(to)})
			}
		}
	}
	return found
}
