package alert

import (
	"slices"
	"strings"
	"unique"
)

// Word is a text that is kept once, however often it occurs.
type Word = unique.Handle[string]

// maxWords is how many words of a kind are kept of an alert: the first ones by the alphabet, so that the order of the records
// does not matter.
const maxWords = 256

// Words are sorted, each once.
type Words []Word

func wordsOf(texts []string) Words {
	words := make(Words, 0, len(texts))
	for _, t := range texts {
		if t != "" {
			words = append(words, unique.Make(t))
		}
	}
	return words.normal()
}

func (w Words) normal() Words {
	slices.SortFunc(w, func(a, b Word) int { return strings.Compare(a.Value(), b.Value()) })
	w = slices.Compact(w)
	return slices.Clip(w[:min(len(w), maxWords)])
}

// with are the words of both.
func (w Words) with(more Words) Words {
	for _, word := range more {
		if !slices.Contains(w, word) {
			return append(slices.Clone(w), more...).normal()
		}
	}
	return w
}

// Texts are the words.
func (w Words) Texts() []string {
	all := make([]string, len(w))
	for i, word := range w {
		all[i] = word.Value()
	}
	return all
}
